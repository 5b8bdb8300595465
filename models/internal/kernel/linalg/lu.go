package linalg

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// LU is the decomposition P L U of a matrix. L and U are in one matrix, without the ones of L's diagonal. Pivots has
// the row with which each row was exchanged.
type LU struct {
	*Matrix
	Pivots []int
	sign   float64
}

// Decompose returns the decomposition of a matrix, which it overwrites.
func Decompose(m *Matrix) LU {
	lu := LU{Matrix: m, sign: 1}
	for k := range min(m.Rows, m.Cols) {
		best := k
		for i := k + 1; i < m.Rows; i++ {
			if math.Abs(m.At(i, k)) > math.Abs(m.At(best, k)) {
				best = i
			}
		}
		lu.Pivots = append(lu.Pivots, best)
		if best != k {
			m.swap(best, k)
			lu.sign = -lu.sign
		}
		if m.At(k, k) == 0 {
			continue
		}
		for i := k + 1; i < m.Rows; i++ {
			factor := m.At(i, k) / m.At(k, k)
			m.Set(i, k, factor)
			row, pivot := m.Row(i), m.Row(k)
			for j := k + 1; j < m.Cols; j++ {
				row[j] -= factor * pivot[j]
			}
		}
	}
	return lu
}

func (m *Matrix) swap(i, j int) {
	a, b := m.Row(i), m.Row(j)
	for k := range a {
		a[k], b[k] = b[k], a[k]
	}
}

// Det returns the sign of the determinant of a square matrix, 0 for a singular one, and the logarithm of its absolute
// value.
func (lu LU) Det() (sign, log float64) {
	sign = lu.sign
	for i := range lu.Rows {
		d := lu.At(i, i)
		if d == 0 {
			return 0, math.Inf(-1)
		}
		if d < 0 {
			sign = -sign
		}
		log += math.Log(math.Abs(d))
	}
	return sign, log
}

// Solve overwrites b with the solution of A x = b for a square matrix A.
func (lu LU) Solve(b *Matrix) error {
	for i, p := range lu.Pivots {
		if p < i || p >= b.Rows {
			return kernel.Invalid("the pivot %d of row %d", p, i)
		}
		if p != i {
			b.swap(i, p)
		}
	}
	SolveTriangular(lu.Matrix, b, false, true)
	for i := range lu.Rows {
		if lu.At(i, i) == 0 {
			return kernel.Invalid("a singular matrix")
		}
	}
	SolveTriangular(lu.Matrix, b, true, false)
	return nil
}

// SolveTriangular overwrites b with the solution of A x = b for the upper or the lower triangle of A, whose diagonal is
// one if unit is set.
func SolveTriangular(a, b *Matrix, upper, unit bool) {
	n := a.Rows
	for step := range n {
		i := step
		if upper {
			i = n - 1 - step
		}
		row := b.Row(i)
		from, to := 0, i
		if upper {
			from, to = i+1, n
		}
		for k := from; k < to; k++ {
			factor := a.At(i, k)
			for j, v := range b.Row(k) {
				row[j] -= factor * v
			}
		}
		if !unit {
			for j := range row {
				row[j] /= a.At(i, i)
			}
		}
	}
}

// Cholesky returns the lower triangle L of a decomposition L L^T. It returns the number of the first minor that is not
// positive, counted from 1, or 0.
func Cholesky(m *Matrix) (l *Matrix, failed int) {
	n := m.Rows
	l = New(n, n)
	for i := range n {
		for j := range i + 1 {
			sum := m.At(i, j)
			for k := range j {
				sum -= l.At(i, k) * l.At(j, k)
			}
			switch {
			case i != j:
				l.Set(i, j, sum/l.At(j, j))
			case !(sum > 0):
				return l, i + 1
			default:
				l.Set(i, i, math.Sqrt(sum))
			}
		}
	}
	return l, 0
}
