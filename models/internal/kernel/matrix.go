package kernel

import "slices"

// PreparedMatrix is the right side of products of matrices, stored in the form that the kernels read. It is made once
// for a constant, and several goroutines may use it at the same time.
type PreparedMatrix struct {
	inner, columns int
	weight         *Tensor // Shape [columns, inner].
}

// PrepareMatrix prepares a matrix of float32 of shape [inner, columns], or with turned, as the weight of a linear
// layer, [columns, inner]. The tensor must not change afterwards.
func PrepareMatrix(weight *Tensor, turned bool) (*PreparedMatrix, error) {
	if weight.DType() != "float32" || len(weight.Shape) != 2 {
		return nil, Unsupported("preparing %s of shape %v as a matrix", weight.DType(), weight.Shape)
	}
	if !turned {
		var err error
		if weight, err = Swap(weight, 0, 1); err != nil {
			return nil, err
		}
	}
	return &PreparedMatrix{inner: weight.Shape[1], columns: weight.Shape[0], weight: weight}, nil
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
		return nil, Invalid("a product of %s of shape %v and a matrix of shape [%d %d]", x.DType(), x.Shape, m.inner, m.columns)
	}
	out, err := Result(out, append(slices.Clone(x.Shape[:rank-1]), m.columns))
	if err != nil {
		return nil, err
	}
	c, err := e.check(out, rank-1)
	if err != nil {
		return nil, err
	}
	clear(c)
	p := MatrixDims{M: Product(x.Shape[:rank-1]), N: m.columns, K: m.inner}
	multiplyWide(p, a, m.weight.Data.([]float32), 1, m.inner, c)
	return out, e.Apply(out, rank-1)
}
