package layers

import "github.com/millrace-ml/millrace/internal/simd"

// Matrix is a matrix with strides along the axis that a product keeps, Row, and the axis that it sums over, Inner.
type Matrix struct {
	Floats     []float32
	Row, Inner int
}

const (
	// maxDotRows is the number of rows up to which dot products are faster than packing the other matrix.
	maxDotRows = 4
	// maxDirect is the number of rows up to which columns are read in place.
	maxDirect = 64
)

// mustHold panics if the matrix is smaller than the given sizes, because the kernels in assembly do not check bounds.
func (m Matrix) mustHold(rows, inner int) {
	_ = m.Floats[(rows-1)*m.Row+(inner-1)*m.Inner]
}

// Multiply sets c, of shape [m, n], to the product of a and b, which sums over k elements. It panics if a matrix is
// smaller than that.
func Multiply(w simd.Workers, m, n, k int, a, b Matrix, c []float32) {
	c = c[:m*n]
	if len(c) == 0 || k == 0 {
		clear(c)
		return
	}
	a.mustHold(m, k)
	b.mustHold(n, k)
	if min(m, n) <= maxDotRows && k >= 32 && a.Inner == 1 && b.Inner == 1 {
		multiplyDots(w, m, n, k, a, b, c)
		return
	}
	p := &product{m: m, n: n, k: k, a: a.Floats, aRow: a.Row, aStep: a.Inner, c: c, cRow: n, plain: true}
	p.run(w, &matrixPanels{b, m <= maxDirect})
}

// Columns is a matrix whose columns are stored for the kernels. Several goroutines may use it at the same time.
type Columns struct{ packed *packedPanels }

// NewColumns stores a matrix of n columns, whose distance is b.Row, and k rows. It panics if b is smaller than that.
func NewColumns(n, k int, b Matrix) *Columns {
	if n > 0 && k > 0 {
		b.mustHold(n, k)
	}
	return &Columns{packColumns(b, n, k)}
}

// Multiply sets c, of shape [m, n], to the product of a and the columns and applies the ending, whose channels are the
// columns. It panics if a slice is smaller than that.
func (b *Columns) Multiply(w simd.Workers, m int, a Matrix, c []float32, e *Ending) {
	n, k := b.packed.n, b.packed.k
	c = c[:m*n]
	if len(c) == 0 {
		return
	}
	p := &product{m: m, n: n, k: k, a: a.Floats, aRow: a.Row, aStep: a.Inner, c: c, cRow: n}
	p.finish(e, false)
	if k == 0 {
		if !p.onto {
			clear(c)
		}
		p.onlyEnd()
		return
	}
	a.mustHold(m, k)
	p.run(w, b.packed)
}

// onlyEnd applies the ending to sums of no products.
func (p *product) onlyEnd() {
	for i := range p.m {
		row := p.c[i*p.cRow:][:p.n]
		p.end.apply(row, i, 0, i*p.cRow)
		simd.Activate(p.act, p.alpha, p.beta, row, row)
	}
}
