package kernel

import (
	"runtime"

	"github.com/millrace-ml/millrace/internal/simd"
)

// MatrixDims are the sizes of a product of matrices of shape [M, K] and [K, N].
type MatrixDims struct{ M, N, K int }

// The block sizes of the product. A panel has four columns, so that the sums of two rows and four columns stay in
// registers, and as many rows as fit in the first-level cache.
const (
	panelColumns = 4
	panelRows    = 256
	// MinWork is the number of multiplications that justifies another goroutine.
	MinWork = 1 << 16
)

// multiplyWide is like Multiply but divides the columns, or the rows if there are few columns, among goroutines.
func multiplyWide[T Float](p MatrixDims, a, b []T, rowStep, colStep int, c []T) {
	if multiplyFast(runtime.GOMAXPROCS(0), p, a, b, rowStep, colStep, c) {
		return
	}
	if p.M >= p.N {
		Parallel(p.M, 2+MinWork/(1+p.N*p.K), func(lo, hi int) {
			Multiply(MatrixDims{hi - lo, p.N, p.K}, a[lo*p.K:], b, rowStep, colStep, c[lo*p.N:])
		})
		return
	}
	panels := (p.N + panelColumns - 1) / panelColumns
	Parallel(panels, 1+MinWork/(1+panelColumns*p.M*p.K), func(lo, hi int) {
		columns(p, lo*panelColumns, min(hi*panelColumns, p.N), a, b, rowStep, colStep, c)
	})
}

// Multiply sets c, dense of shape [M, N], to the product of a, dense of shape [M, K], and b, of shape [K, N]. Row r
// and column s of b are at index r*rowStep + s*colStep. c must contain zeros.
func Multiply[T Float](p MatrixDims, a, b []T, rowStep, colStep int, c []T) {
	if !multiplyFast(1, p, a, b, rowStep, colStep, c) {
		columns(p, 0, p.N, a, b, rowStep, colStep, c)
	}
}

// columns computes the columns from lo to hi of Multiply.
func columns[T Float](p MatrixDims, lo, hi int, a, b []T, rowStep, colStep int, c []T) {
	var panel [panelRows * panelColumns]T
	for top := 0; top < p.K; top += panelRows {
		depth := min(panelRows, p.K-top)
		for j := lo; j < hi; j += panelColumns {
			width := min(panelColumns, hi-j)
			pack(panel[:depth*panelColumns], b[top*rowStep+j*colStep:], depth, width, rowStep, colStep)
			i := 0
			for ; i+1 < p.M; i += 2 {
				at := i*p.K + top
				s, u := twoRows(a[at:at+depth], a[at+p.K:at+p.K+depth], panel[:depth*panelColumns])
				for w := range width {
					c[i*p.N+j+w] += s[w]
					c[(i+1)*p.N+j+w] += u[w]
				}
			}
			if i < p.M {
				at := i*p.K + top
				s := oneRow(a[at:at+depth], panel[:depth*panelColumns])
				for w := range width {
					c[i*p.N+j+w] += s[w]
				}
			}
		}
	}
}

// pack copies width columns of b into a panel and fills the remaining columns with zeros.
func pack[T Float](panel, b []T, depth, width, rowStep, colStep int) {
	if width == panelColumns && colStep == 1 {
		for r := range depth {
			copy(panel[r*panelColumns:r*panelColumns+panelColumns], b[r*rowStep:])
		}
		return
	}
	clear(panel)
	for w := range width {
		at := w * colStep
		for r := range depth {
			panel[r*panelColumns+w] = b[at]
			at += rowStep
		}
	}
}

// twoRows returns the products of two rows and a panel.
func twoRows[T Float](x, y, panel []T) (sums, more [panelColumns]T) {
	var x0, x1, x2, x3, y0, y1, y2, y3 T
	y = y[:len(x)]
	for i, u := range x {
		v := y[i]
		if len(panel) < panelColumns {
			break
		}
		b0, b1, b2, b3 := panel[0], panel[1], panel[2], panel[3]
		panel = panel[panelColumns:]
		x0 += u * b0
		x1 += u * b1
		x2 += u * b2
		x3 += u * b3
		y0 += v * b0
		y1 += v * b1
		y2 += v * b2
		y3 += v * b3
	}
	return [panelColumns]T{x0, x1, x2, x3}, [panelColumns]T{y0, y1, y2, y3}
}

// oneRow returns the products of a row and a panel.
func oneRow[T Float](x, panel []T) [panelColumns]T {
	var x0, x1, x2, x3 T
	for _, u := range x {
		if len(panel) < panelColumns {
			break
		}
		x0 += u * panel[0]
		x1 += u * panel[1]
		x2 += u * panel[2]
		x3 += u * panel[3]
		panel = panel[panelColumns:]
	}
	return [panelColumns]T{x0, x1, x2, x3}
}

// minRow is the number of elements of a simple operation that justifies another goroutine.
const minRow = 1 << 14

// Parallel calls f for consecutive parts of the range from 0 to n. It uses up to GOMAXPROCS goroutines, as many as have
// at least least elements each.
func Parallel(n, least int, f func(lo, hi int)) {
	simd.Workers(runtime.GOMAXPROCS(0)).Share(n, least, 1, f)
}
