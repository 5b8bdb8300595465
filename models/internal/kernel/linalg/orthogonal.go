package linalg

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// QR returns the decomposition Q R of a matrix, by Householder's reflections, with the signs of LAPACK. Q has all
// columns if complete is set, and otherwise as many as the smaller side of the matrix.
func QR(m *Matrix, complete bool) (q, r *Matrix) {
	n := min(m.Rows, m.Cols)
	r = m.Clone()
	vectors, factors := New(n, m.Rows), make([]float64, n)
	for k := range n {
		norm := 0.0
		for i := k + 1; i < m.Rows; i++ {
			norm = math.Hypot(norm, r.At(i, k))
		}
		if norm == 0 {
			continue
		}
		alpha, v := r.At(k, k), vectors.Row(k)
		beta := -math.Copysign(math.Hypot(alpha, norm), alpha)
		v[k] = 1
		for i := k + 1; i < m.Rows; i++ {
			v[i] = r.At(i, k) / (alpha - beta)
		}
		factors[k] = (beta - alpha) / beta
		r.reflect(v, factors[k], k, k)
	}
	for i := range r.Rows {
		clear(r.Row(i)[:min(i, r.Cols)])
	}
	width := n
	if complete {
		width = m.Rows
	}
	q = New(m.Rows, width)
	for i := range width {
		q.Set(i, i, 1)
	}
	for k := n - 1; k >= 0; k-- {
		q.reflect(vectors.Row(k), factors[k], k, 0)
	}
	return q, &Matrix{width, r.Cols, r.Data[:width*r.Cols]}
}

// reflect subtracts tau v v^T m from the rows from k on and the columns from col on.
func (m *Matrix) reflect(v []float64, tau float64, k, col int) {
	for j := col; j < m.Cols; j++ {
		sum := 0.0
		for i := k; i < m.Rows; i++ {
			sum += v[i] * m.At(i, j)
		}
		for i := k; i < m.Rows; i++ {
			m.Data[i*m.Cols+j] -= tau * sum * v[i]
		}
	}
}

// maxSweeps bounds the rounds of Jacobi's methods, which converge in about ten.
const maxSweeps = 60

var errNoConvergence = kernel.Invalid("a matrix whose decomposition does not converge; it may have NaN or infinities")

// Eigen returns the eigenvalues of a symmetric matrix, of which it reads the lower triangle, in rising order, and the
// eigenvectors as columns.
func Eigen(m *Matrix) (values []float64, vectors *Matrix, err error) {
	n := m.Rows
	a, v := m.Clone(), Identity(n)
	for i := range n {
		for j := range i {
			a.Set(j, i, a.At(i, j))
		}
	}
	if !a.finite() {
		return nil, nil, errNoConvergence
	}
	for sweep := 0; !a.rotateAll(v); sweep++ {
		if sweep == maxSweeps {
			return nil, nil, errNoConvergence
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return compare(a.At(i, i), a.At(j, j)) })
	vectors = New(n, n)
	for to, from := range order {
		values = append(values, a.At(from, from))
		for i := range n {
			vectors.Set(i, to, v.At(i, from))
		}
	}
	return values, vectors, nil
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rotateAll makes every element beside the diagonal of a symmetric matrix 0 once, by rotations that v collects. It
// reports whether all of them were tiny.
func (m *Matrix) rotateAll(v *Matrix) (done bool) {
	done = true
	for p := range m.Rows {
		for q := p + 1; q < m.Rows; q++ {
			off := m.At(p, q)
			if math.Abs(off) <= 1e-17*math.Sqrt(math.Abs(m.At(p, p)))*math.Sqrt(math.Abs(m.At(q, q))) || math.Abs(off) < 1e-300 {
				continue
			}
			done = false
			theta := (m.At(q, q) - m.At(p, p)) / (2 * off)
			t := 1 / (math.Abs(theta) + math.Hypot(theta, 1))
			if theta < 0 {
				t = -t
			}
			c := 1 / math.Hypot(t, 1)
			s := t * c
			m.rotateColumns(p, q, c, s)
			m.rotateRows(p, q, c, s)
			m.Set(p, q, 0)
			m.Set(q, p, 0)
			v.rotateColumns(p, q, c, s)
		}
	}
	return done
}

func (m *Matrix) rotateColumns(p, q int, c, s float64) {
	for i := range m.Rows {
		a, b := m.At(i, p), m.At(i, q)
		m.Set(i, p, c*a-s*b)
		m.Set(i, q, s*a+c*b)
	}
}

func (m *Matrix) rotateRows(p, q int, c, s float64) {
	x, y := m.Row(p), m.Row(q)
	for j := range x {
		x[j], y[j] = c*x[j]-s*y[j], s*x[j]+c*y[j]
	}
}

// SVD returns the decomposition U diag(S) V^T of a matrix, by one-sided rotations, with falling singular values. U and
// V have as many columns as the smaller side of the matrix.
func SVD(m *Matrix) (u *Matrix, s []float64, v *Matrix, err error) {
	if m.Rows < m.Cols {
		v, s, u, err = SVD(m.T())
		return u, s, v, err
	}
	if !m.finite() {
		return nil, nil, nil, errNoConvergence
	}
	a, right := m.Clone(), Identity(m.Cols)
	for sweep := 0; !a.orthogonalize(right); sweep++ {
		if sweep == maxSweeps {
			return nil, nil, nil, errNoConvergence
		}
	}
	n := m.Cols
	order, norms := make([]int, n), make([]float64, n)
	for j := range n {
		order[j] = j
		for i := range m.Rows {
			norms[j] = math.Hypot(norms[j], a.At(i, j))
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return compare(norms[j], norms[i]) })
	u, v = New(m.Rows, n), New(n, n)
	for to, from := range order {
		s = append(s, norms[from])
		for i := range n {
			v.Set(i, to, right.At(i, from))
		}
		for i := range m.Rows {
			if norms[from] > 0 {
				u.Set(i, to, a.At(i, from)/norms[from])
			}
		}
	}
	u.complete(s)
	return u, s, v, nil
}

// orthogonalize makes every pair of columns orthogonal once, by rotations that v collects. It reports whether all of
// them were orthogonal.
func (m *Matrix) orthogonalize(v *Matrix) (done bool) {
	done = true
	for p := range m.Cols {
		for q := p + 1; q < m.Cols; q++ {
			alpha, beta, gamma := 0.0, 0.0, 0.0
			for i := range m.Rows {
				x, y := m.At(i, p), m.At(i, q)
				alpha, beta, gamma = alpha+x*x, beta+y*y, gamma+x*y
			}
			if math.Abs(gamma) <= 1e-15*math.Sqrt(alpha*beta) || gamma == 0 {
				continue
			}
			done = false
			zeta := (beta - alpha) / (2 * gamma)
			t := 1 / (math.Abs(zeta) + math.Hypot(zeta, 1))
			if zeta < 0 {
				t = -t
			}
			c := 1 / math.Hypot(t, 1)
			m.rotateColumns(p, q, c, c*t)
			v.rotateColumns(p, q, c, c*t)
		}
	}
	return done
}

// Complete returns the matrix with further columns, which are orthogonal to all others, so that it is square.
func (m *Matrix) Complete() *Matrix {
	out, given := New(m.Rows, m.Rows), make([]float64, m.Rows)
	for i := range m.Rows {
		copy(out.Row(i), m.Row(i))
	}
	for j := range m.Cols {
		given[j] = 1
	}
	out.complete(given)
	return out
}

// complete replaces the columns of the singular value 0 by vectors that are orthogonal to all others.
func (m *Matrix) complete(s []float64) {
	for j, v := range s {
		for k := 0; v == 0 && k < m.Rows; k++ {
			column := make([]float64, m.Rows)
			column[k] = 1
			for range 2 { // The second time removes what rounding has left.
				for other := range m.Cols {
					dot := 0.0
					for i := range column {
						dot += column[i] * m.At(i, other)
					}
					for i := range column {
						column[i] -= dot * m.At(i, other)
					}
				}
			}
			norm := 0.0
			for _, e := range column {
				norm = math.Hypot(norm, e)
			}
			if norm < 0.1/float64(m.Rows) {
				continue
			}
			for i := range column {
				m.Set(i, j, column[i]/norm)
			}
			break
		}
	}
}
