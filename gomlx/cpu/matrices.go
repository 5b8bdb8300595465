package cpu

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
)

// matrices is the kernel of DotGeneral. It multiplies pairs of matrices.
type matrices struct {
	m, n, k int
	a, b    factor
}

// factor describes one of the tensors as a list of matrices.
type factor struct {
	at           []int     // The offset of each matrix.
	row, inner   int       // The strides along the kept axis and the summed axis.
	order        simd.View // The view that copies the tensor into an order with such strides.
	size         int       // The number of elements to copy, or 0 if the tensor has such strides.
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
	strides := simd.Natural(dims)
	b, k, s := pick(dims, strides, batch), pick(dims, strides, kept), pick(dims, strides, summed)
	f := factor{kept: simd.Product(k.Dims), summed: simd.Product(s.Dims)}
	row, rowOK := single(k)
	inner, innerOK := single(s)
	if !rowOK || !innerOK {
		f.order = simd.View{
			Dims:    slices.Concat(b.Dims, k.Dims, s.Dims),
			Strides: slices.Concat(b.Strides, k.Strides, s.Strides),
		}.Compact()
		f.size = simd.Product(dims)
		row, inner = f.summed, 1
		b.Strides = simd.Natural(b.Dims)
		for i := range b.Strides {
			b.Strides[i] *= f.kept * f.summed
		}
	}
	f.row, f.inner, f.at = row, inner, simd.Offsets(b.Dims, b.Strides)
	return f
}

func pick(dims, strides, axes []int) simd.View {
	v := simd.View{}
	for _, a := range axes {
		v.Dims, v.Strides = append(v.Dims, dims[a]), append(v.Strides, strides[a])
	}
	return v
}

// single returns the stride of a view that can be described by one stride.
func single(v simd.View) (int, bool) {
	c := v.Compact()
	switch len(c.Dims) {
	case 0:
		return 1, true
	case 1:
		return c.Strides[0], true
	}
	return 0, false
}

func (m *matrices) run(w simd.Workers, in, out [][]float32) {
	a, b := in[0], in[1]
	if m.a.size > 0 {
		s, list := simd.Borrow(m.a.size)
		defer s.GiveBack()
		m.a.order.Read(list, a, 0)
		a = list
	}
	if m.b.size > 0 {
		s, list := simd.Borrow(m.b.size)
		defer s.GiveBack()
		m.b.order.Read(list, b, 0)
		b = list
	}
	for i := range m.a.at {
		c := out[0][i*m.m*m.n : (i+1)*m.m*m.n]
		x := layers.Matrix{Floats: a[m.a.at[i]:], Row: m.a.row, Inner: m.a.inner}
		y := layers.Matrix{Floats: b[m.b.at[i]:], Row: m.b.row, Inner: m.b.inner}
		layers.Multiply(w, m.m, m.n, m.k, x, y, c)
	}
}
