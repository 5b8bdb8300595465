package cpu

import "slices"

// matrices is the kernel of DotGeneral: it multiplies pairs of matrices.
type matrices struct {
	m, n, k int
	a, b    factor
}

// factor is one of the tensors, seen as a list of matrices.
type factor struct {
	at           []int // Where each matrix starts.
	row, inner   int   // The strides along the axis that is kept and the one summed over.
	order        view  // How to bring the tensor into an order that has such strides,
	size         int   // and the number of its elements, or 0 if it is in such an order.
	kept, summed int
}

func newMatrices(aDims, aSummed, aBatch, bDims, bSummed, bBatch []int) *matrices {
	a, b := newFactor(aDims, aSummed, aBatch), newFactor(bDims, bSummed, bBatch)
	return &matrices{m: a.kept, n: b.kept, k: a.summed, a: a, b: b}
}

func newFactor(dims, summed, batch []int) factor {
	var kept []int
	for i := range dims {
		if !slices.Contains(summed, i) && !slices.Contains(batch, i) {
			kept = append(kept, i)
		}
	}
	strides := natural(dims)
	b, k, s := pick(dims, strides, batch), pick(dims, strides, kept), pick(dims, strides, summed)
	f := factor{kept: product(k.dims), summed: product(s.dims)}
	row, rowOK := single(k)
	inner, innerOK := single(s)
	if !rowOK || !innerOK {
		f.order = view{dims: slices.Concat(b.dims, k.dims, s.dims), strides: slices.Concat(b.strides, k.strides, s.strides)}.compact()
		f.size = product(dims)
		row, inner = f.summed, 1
		b.strides = natural(b.dims)
		for i := range b.strides {
			b.strides[i] *= f.kept * f.summed
		}
	}
	f.row, f.inner, f.at = row, inner, offsets(b.dims, b.strides)
	return f
}

func pick(dims, strides, axes []int) view {
	v := view{}
	for _, a := range axes {
		v.dims, v.strides = append(v.dims, dims[a]), append(v.strides, strides[a])
	}
	return v
}

// single returns the stride of a view that has one, whatever its number of axes.
func single(v view) (int, bool) {
	c := v.compact()
	switch len(c.dims) {
	case 0:
		return 1, true
	case 1:
		return c.strides[0], true
	}
	return 0, false
}

// offsets lists where the elements of a tensor are.
func offsets(dims, strides []int) []int {
	list := []int{0}
	for i, d := range dims {
		stride := strides[i]
		next := make([]int, 0, len(list)*d)
		for _, o := range list {
			for j := range d {
				next = append(next, o+j*stride)
			}
		}
		list = next
	}
	return list
}

func (m *matrices) run(w workers, in, out [][]float32) {
	a, b := in[0], in[1]
	if m.a.size > 0 {
		s, list := borrow(m.a.size)
		defer s.giveBack()
		m.a.order.read(list, a, 0)
		a = list
	}
	if m.b.size > 0 {
		s, list := borrow(m.b.size)
		defer s.giveBack()
		m.b.order.read(list, b, 0)
		b = list
	}
	if m.k == 0 {
		clear(out[0])
		return
	}
	for i := range m.a.at {
		c := out[0][i*m.m*m.n : (i+1)*m.m*m.n]
		if len(c) == 0 {
			return
		}
		x, y := matrix{a[m.a.at[i]:], m.a.row, m.a.inner}, matrix{b[m.b.at[i]:], m.b.row, m.b.inner}
		multiply(w, m.m, m.n, m.k, x, y, c)
	}
}

// matrix is a matrix in memory, with strides along the axis that a product keeps
// and the one that it sums over.
type matrix struct {
	floats     []float32
	row, inner int
}

// few is up to how many rows a matrix is not worth packing the other one for.
const few = 24

// multiply sets c, of m rows of n, to the sums over k of a times b.
func multiply(w workers, m, n, k int, a, b matrix, c []float32) {
	if min(m, n) <= few && k >= 32 && a.inner == 1 && b.inner == 1 {
		multiplyDots(w, m, n, k, a, b, c)
		return
	}
	multiplyTiles(w, m, n, k, a, b, c)
}
