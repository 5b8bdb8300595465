package layers

import "github.com/millrace-ml/millrace/internal/simd"

// blockLength is the number of elements of the rows that are multiplied at a time, so that they stay in the cache.
const blockLength = 1024

// multiplyDots computes a product with dots. The rows of both matrices must be contiguous.
func multiplyDots(w simd.Workers, m, n, k int, a, b Matrix, c []float32) {
	clear(c)
	if m < dotRows {
		s, rows := simd.Borrow(dotRows * k)
		defer s.GiveBack()
		for i := range dotRows {
			copy(rows[i*k:(i+1)*k], a.Floats[min(i, m-1)*a.Row:])
		}
		a = Matrix{rows, k, 1}
	}
	blocks := simd.RoundUp(n, dotCols) / dotCols
	grain := 1 + minProducts/8/(m*k*dotCols+1)
	w.Split(blocks, grain, func(_, p, last int) {
		for from := 0; from < k; from += blockLength {
			for j := p * dotCols; j < min(n, last*dotCols); j += dotCols {
				dotColumn(j, m, n, min(blockLength, k-from), Matrix{a.Floats[from:], a.Row, 1}, Matrix{b.Floats[from:], b.Row, 1},
					c)
			}
		}
	})
}

// dotColumn adds to up to three columns of c from column j on.
func dotColumn(j, m, n, k int, a, b Matrix, c []float32) {
	var off [dotCols]int
	for x := range off {
		off[x] = min(j+x, n-1) * b.Row
	}
	for i := 0; i < m; i += dotRows {
		if m-i >= dotRows && n-j >= dotCols {
			dots(k, a.Floats[i*a.Row:], a.Row, b.Floats, &off, c[i*n+j:], n)
			continue
		}
		// The block ends at the last row. Rows that an earlier block computed are ignored.
		first := max(0, min(i, m-dotRows))
		var block [dotRows * dotCols]float32
		dots(k, a.Floats[first*a.Row:], a.Row, b.Floats, &off, block[:], dotCols)
		for r := i; r < min(i+dotRows, m); r++ {
			for x := range min(dotCols, n-j) {
				c[r*n+j+x] += block[(r-first)*dotCols+x]
			}
		}
	}
}
