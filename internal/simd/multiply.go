package simd

// Matrix is a matrix with strides along the axis that a product keeps, Row, and the axis that it sums over, Inner.
type Matrix struct {
	Floats     []float32
	Row, Inner int
}

// maxDotRows is the number of rows up to which dot products are faster than packing the other matrix.
const maxDotRows = 24

// mustHold panics if the matrix is smaller than the given sizes, because the kernels in assembly do not check bounds.
func (m Matrix) mustHold(rows, inner int) {
	_ = m.Floats[(rows-1)*m.Row+(inner-1)*m.Inner]
}

// Multiply sets c, of shape [m, n], to the product of a and b, which sums over k elements. It panics if a matrix is
// smaller than that.
func Multiply(w Workers, m, n, k int, a, b Matrix, c []float32) {
	c = c[:m*n]
	if len(c) == 0 || k == 0 {
		clear(c)
		return
	}
	a.mustHold(m, k)
	b.mustHold(n, k)
	switch {
	case min(m, n) <= maxDotRows && k >= 32 && a.Inner == 1 && b.Inner == 1:
		multiplyDots(w, m, n, k, a, b, c)
	default:
		multiplyTiles(w, m, n, k, a, b, c)
	}
}
