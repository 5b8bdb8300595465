package layers

import (
	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/level"
)

// matrixPanels provides panels of a matrix. Row is the distance of its columns and Inner that of its rows.
type matrixPanels struct {
	Matrix
	direct bool // Whether to use columns in place if they are contiguous.
}

func (m *matrixPanels) panel(from, k, j, cols int, scratch []float32) ([]float32, int) {
	list := m.Floats[from*m.Inner+j*m.Row:]
	if m.Row == 1 && m.direct && (level.Level != level.AVX2 || cols%8 == 0) {
		return list, m.Inner
	}
	width := simd.RoundUp(cols, 16)
	if m.Row == 1 {
		simd.CopyRows(k, cols, scratch, width, list, m.Inner)
		return scratch, width
	}
	if m.Inner == 1 {
		simd.Turn(cols, k, scratch, width, list, m.Row)
		return scratch, width
	}
	for x := range cols {
		at := x * m.Row
		for i := x; i < k*width; i += width {
			scratch[i] = list[at]
			at += m.Inner
		}
	}
	return scratch, width
}

// packedPanels provides panels that were made by packColumns.
type packedPanels struct {
	list []float32
	n, k int
}

func (p *packedPanels) panel(from, _, j, cols int, _ []float32) ([]float32, int) {
	width := simd.RoundUp(cols, 16)
	return p.list[j*p.k+from*width:], width
}

// packColumns returns all panels of a matrix with n columns and k rows.
func packColumns(b Matrix, n, k int) *packedPanels {
	p := &packedPanels{list: make([]float32, simd.RoundUp(n, 16)*k), n: n, k: k}
	source := matrixPanels{Matrix: b}
	if k == 0 {
		return p
	}
	for t := range tilesOf(n) {
		j := cut(n, t)
		cols := cut(n, t+1) - j
		source.panel(0, k, j, cols, p.list[j*k:])
	}
	return p
}
