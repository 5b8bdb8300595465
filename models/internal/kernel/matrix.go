package kernel

import (
	"runtime"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// PreparedMatrix is the right side of products of matrices, stored in the form that the kernels read. It is made once
// for a constant, and several goroutines may use it at the same time.
type PreparedMatrix struct {
	inner, columns int
	weight         *Tensor       // Shape [columns, inner], if there are no kernels in assembly.
	packed         *simd.Columns // Otherwise.
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
		b := simd.Matrix{Floats: list, Row: 1, Inner: m.columns}
		if turned {
			b.Row, b.Inner = m.inner, 1
		}
		m.packed = simd.NewColumns(m.columns, m.inner, b)
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
		left := simd.Matrix{Floats: a, Row: m.inner, Inner: 1}
		m.packed.Multiply(simd.Workers(runtime.GOMAXPROCS(0)), rows, left, c, e.Ending())
		return out, nil
	}
	clear(c)
	multiplyWide(MatrixDims{M: rows, N: m.columns, K: m.inner}, a, m.weight.Data.([]float32), 1, m.inner, c)
	return out, e.Apply(out, rank-1)
}
