// Package linalg has decompositions of dense matrices and what is computed by them. Matrices are the last two axes of a
// tensor; all other axes are a batch. Everything is computed in float64.
package linalg

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Matrix is a dense matrix in row-major order.
type Matrix struct {
	Rows, Cols int
	Data       []float64
}

// New returns a matrix of zeros.
func New(rows, cols int) *Matrix { return &Matrix{rows, cols, make([]float64, rows*cols)} }

// Identity returns a matrix with ones on its diagonal.
func Identity(n int) *Matrix {
	m := New(n, n)
	for i := range n {
		m.Data[i*n+i] = 1
	}
	return m
}

// At returns an element.
func (m *Matrix) At(i, j int) float64 { return m.Data[i*m.Cols+j] }

// Set changes an element.
func (m *Matrix) Set(i, j int, v float64) { m.Data[i*m.Cols+j] = v }

// Row returns a row, which shares its memory.
func (m *Matrix) Row(i int) []float64 { return m.Data[i*m.Cols : (i+1)*m.Cols] }

// Clone returns a copy.
func (m *Matrix) Clone() *Matrix { return &Matrix{m.Rows, m.Cols, slices.Clone(m.Data)} }

// T returns the transposed matrix.
func (m *Matrix) T() *Matrix {
	out := New(m.Cols, m.Rows)
	for i := range m.Rows {
		for j := range m.Cols {
			out.Set(j, i, m.At(i, j))
		}
	}
	return out
}

// Mul returns the product of two matrices. The caller ensures that they fit.
func (m *Matrix) Mul(o *Matrix) *Matrix {
	out := New(m.Rows, o.Cols)
	for i := range m.Rows {
		row := out.Row(i)
		for k, v := range m.Row(i) {
			for j, w := range o.Row(k) {
				row[j] += v * w
			}
		}
	}
	return out
}

// maxWork bounds the operations of a decomposition of all matrices of a batch.
const maxWork = 1 << 30

// Each calls f for each matrix of a batch, whose number of rows and columns must be equal if square is set. It returns
// the shape of the batch.
func Each(x *kernel.Tensor, square bool, f func(m *Matrix) error) (batch []int, err error) {
	rank := len(x.Shape)
	if rank < 2 || square && x.Shape[rank-1] != x.Shape[rank-2] {
		return nil, kernel.Invalid("matrices of shape %v", x.Shape)
	}
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	rows, cols := x.Shape[rank-2], x.Shape[rank-1]
	batch = slices.Clone(x.Shape[:rank-2])
	n := kernel.Product(batch)
	if work := float64(n) * float64(rows) * float64(cols) * float64(min(rows, cols)); work > maxWork {
		return nil, kernel.Invalid("matrices of shape %v take too long to decompose", x.Shape)
	}
	data := slices.Clone(wide.Data.([]float64))
	for i := range n {
		if err := f(&Matrix{rows, cols, data[i*rows*cols : (i+1)*rows*cols]}); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// Stack collects matrices, vectors or numbers of a batch.
type Stack struct{ data []float64 }

// Add appends the elements of the next member of the batch.
func (s *Stack) Add(list ...float64) { s.data = append(s.data, list...) }

// Tensor returns the tensor of a dtype.
func (s *Stack) Tensor(batch []int, dtype string, shape ...int) (*kernel.Tensor, error) {
	if s.data == nil {
		s.data = []float64{}
	}
	return kernel.Cast(&kernel.Tensor{Shape: slices.Concat(batch, shape), Data: s.data}, dtype)
}

// finite reports whether all elements are finite.
func (m *Matrix) finite() bool {
	return !slices.ContainsFunc(m.Data, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}
