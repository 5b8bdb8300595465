package simd

// Matrix is a matrix in memory, with strides along the axis that a product keeps
// and the one that it sums over.
type Matrix struct {
	Floats     []float32
	Row, Inner int
}

// few is up to how many rows a matrix is not worth packing the other one for.
const few = 24

// has panics unless the matrix has so many rows and inner elements: the kernels in
// assembly check nothing.
func (m Matrix) has(rows, inner int) {
	_ = m.Floats[(rows-1)*m.Row+(inner-1)*m.Inner]
}

// Multiply sets c, of m rows of n, to the sums over k of a times b. It panics if one
// of them is smaller than that.
func Multiply(w Workers, m, n, k int, a, b Matrix, c []float32) {
	c = c[:m*n]
	if len(c) == 0 || k == 0 {
		clear(c)
		return
	}
	a.has(m, k)
	b.has(n, k)
	switch {
	case min(m, n) <= few && k >= 32 && a.Inner == 1 && b.Inner == 1:
		multiplyDots(w, m, n, k, a, b, c)
	default:
		multiplyTiles(w, m, n, k, a, b, c)
	}
}
