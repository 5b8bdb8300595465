package kernel

import (
	"runtime"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
)

// Float lists the types of matrix products.
type Float interface{ float32 | float64 }

// MatMul multiplies the matrices in the last two axes. The other axes broadcast. A vector is a row on the left and a
// column on the right; the added axis is removed from the result.
func MatMul(a, b *Tensor) (*Tensor, error) {
	if len(a.Shape) == 0 || len(b.Shape) == 0 {
		return nil, Invalid("a matrix product of shapes %v and %v", a.Shape, b.Shape)
	}
	left, right := a, b
	if len(a.Shape) == 1 {
		left = &Tensor{Shape: []int{1, a.Shape[0]}, Data: a.Data}
	}
	if len(b.Shape) == 1 {
		right = &Tensor{Shape: []int{b.Shape[0], 1}, Data: b.Data}
	}
	out, err := matMul(left, right)
	if err != nil {
		return nil, err
	}
	rank := len(out.Shape)
	if len(b.Shape) == 1 {
		out.Shape = out.Shape[:rank-1]
	}
	if len(a.Shape) == 1 {
		out.Shape = slices.Delete(out.Shape, rank-2, rank-1)
	}
	return out, nil
}

func matMul(a, b *Tensor) (*Tensor, error) {
	ra, rb := len(a.Shape), len(b.Shape)
	m, k, n := a.Shape[ra-2], a.Shape[ra-1], b.Shape[rb-1]
	if b.Shape[rb-2] != k {
		return nil, Invalid("a matrix product of shapes %v and %v", a.Shape, b.Shape)
	}
	batch, err := BroadcastShape(a.Shape[:ra-2], b.Shape[:rb-2])
	if err != nil {
		return nil, err
	}
	out, err := New(a.DType(), append(slices.Clone(batch), m, n))
	if err != nil {
		return nil, err
	}
	p := MatrixDims{M: m, N: n, K: k}
	count := Product(batch)
	sa, sb := BatchOffsets(a.Shape[:ra-2], batch, m*k), BatchOffsets(b.Shape[:rb-2], batch, k*n)
	switch c := out.Data.(type) {
	case []float32:
		return out, multiplyAll(p, count, sa, sb, a, b, c)
	case []float64:
		return out, multiplyAll(p, count, sa, sb, a, b, c)
	}
	return nil, Unsupported("a matrix product of %s", a.DType())
}

// BatchOffsets returns the indices of the first elements of the matrices of a broadcast batch: matrices of size
// elements in a tensor whose other axes are shape, for all positions of batch. The caller ensures that shape broadcasts
// to batch.
func BatchOffsets(shape, batch []int, size int) []int {
	var out []int
	strides := BroadcastStrides(shape, batch)
	n, step, _ := lastRow(batch, strides, strides)
	walk(batch, strides, strides, func(at, _ int) {
		for i := range n {
			out = append(out, (at+i*step)*size)
		}
	})
	return out
}

func multiplyAll[T Float](p MatrixDims, count int, sa, sb []int, a, b *Tensor, c []T) error {
	x, okA := a.Data.([]T)
	y, okB := b.Data.([]T)
	if !okA || !okB {
		return Invalid("a matrix product of %s and %s", a.DType(), b.DType())
	}
	if count == 1 {
		multiplyWide(p, x, y, p.N, 1, c)
		return nil
	}
	size := p.M * p.N
	least := MinWork
	if _, ok := FastFloat32s(x); ok {
		least *= 16
	}
	Parallel(count, 1+least/(1+size*p.K), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			Multiply(p, x[sa[i]:], y[sb[i]:], p.N, 1, c[i*size:])
		}
	})
	return nil
}

// Linear multiplies the last axis of x, of size k, by a weight of shape [n, k] and adds the bias, which may be nil.
func Linear(x, weight, bias *Tensor) (*Tensor, error) {
	rank := len(x.Shape)
	if rank == 0 || len(weight.Shape) != 2 || weight.Shape[1] != x.Shape[rank-1] {
		return nil, Invalid("a linear layer of weight %v on shape %v", weight.Shape, x.Shape)
	}
	p := MatrixDims{M: Product(x.Shape[:rank-1]), N: weight.Shape[0], K: weight.Shape[1]}
	out, err := New(x.DType(), append(slices.Clone(x.Shape[:rank-1]), p.N))
	if err != nil {
		return nil, err
	}
	ok := false
	switch c := out.Data.(type) {
	case []float32:
		ok = linear(p, x, weight, c)
	case []float64:
		ok = linear(p, x, weight, c)
	}
	if !ok {
		return nil, Unsupported("a linear layer of %s and %s", x.DType(), weight.DType())
	}
	if bias == nil {
		return out, nil
	}
	return Arith(Add, out, bias)
}

func linear[T Float](p MatrixDims, x, weight *Tensor, c []T) bool {
	a, okA := x.Data.([]T)
	b, okB := weight.Data.([]T)
	if okA && okB {
		multiplyWide(p, a, b, 1, p.K, c)
	}
	return okA && okB
}

// PreparedMatrix is the right side of products of matrices, stored in the form that the kernels read. It is made once
// for a constant, and several goroutines may use it at the same time.
type PreparedMatrix struct {
	inner, columns int
	weight         *Tensor         // Shape [columns, inner], if there are no kernels in assembly.
	packed         *layers.Columns // Otherwise.
}

// PrepareMatrix prepares a matrix of float32 of shape [inner, columns], or with turned, as the weight of a linear
// layer, [columns, inner]. The tensor must not change afterwards.
func PrepareMatrix(weight *Tensor, turned bool) (*PreparedMatrix, error) {
	if weight.DType() != "float32" || len(weight.Shape) != 2 {
		return nil, Unsupported("preparing %s of shape %v as a matrix", weight.DType(), weight.Shape)
	}
	m := &PreparedMatrix{inner: weight.Shape[0], columns: weight.Shape[1]}
	if turned {
		m.inner, m.columns = m.columns, m.inner
	}
	if list, ok := FastFloat32s(weight.Data.([]float32)); ok {
		b := layers.Matrix{Floats: list, Row: 1, Inner: m.columns}
		if turned {
			b.Row, b.Inner = m.inner, 1
		}
		m.packed = layers.NewColumns(m.columns, m.inner, b)
		return m, nil
	}
	m.weight = weight
	if !turned {
		var err error
		if m.weight, err = Swap(weight, 0, 1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Sizes returns the numbers of rows and columns of the matrix.
func (m *PreparedMatrix) Sizes() (inner, columns int) { return m.inner, m.columns }

// Run multiplies the last axis of x, a tensor of float32, by the matrix and applies the epilogue, whose channels are
// the columns. The result is out, which has the shape of the result and shares no elements with x, or a new tensor if
// out is nil.
func (m *PreparedMatrix) Run(x *Tensor, e Epilogue, out *Tensor) (*Tensor, error) {
	return m.run(simd.Workers(runtime.GOMAXPROCS(0)), x, e, out)
}

// RunAlone is like Run, but uses one goroutine if there are kernels in assembly.
func (m *PreparedMatrix) RunAlone(x *Tensor, e Epilogue, out *Tensor) (*Tensor, error) {
	return m.run(1, x, e, out)
}

func (m *PreparedMatrix) run(w simd.Workers, x *Tensor, e Epilogue, out *Tensor) (*Tensor, error) {
	rank := len(x.Shape)
	a, ok := x.Data.([]float32)
	if !ok || rank == 0 || x.Shape[rank-1] != m.inner {
		return nil, Invalid("a product of %s of shape %v and a matrix of shape [%d %d]", x.DType(), x.Shape, m.inner,
			m.columns)
	}
	out, err := Result(out, append(slices.Clone(x.Shape[:rank-1]), m.columns))
	if err != nil {
		return nil, err
	}
	c, err := e.check(out, rank-1)
	if err != nil {
		return nil, err
	}
	rows := Product(x.Shape[:rank-1])
	if m.packed != nil {
		left := layers.Matrix{Floats: a, Row: m.inner, Inner: 1}
		m.packed.Multiply(w, rows, left, c, e.Ending())
		return out, nil
	}
	clear(c)
	multiplyWide(MatrixDims{M: rows, N: m.columns, K: m.inner}, a, m.weight.Data.([]float32), 1, m.inner, c)
	return out, e.Apply(out, rank-1)
}
