package linalg

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func random(rows, cols int, seed uint64) *Matrix {
	r := rand.New(rand.NewPCG(seed, 1))
	m := New(rows, cols)
	for i := range m.Data {
		m.Data[i] = r.NormFloat64()
	}
	return m
}

// differ reports whether two matrices differ by more than rounding.
func differ(a, b *Matrix) bool {
	for i, v := range a.Data {
		if !(math.Abs(v-b.Data[i]) < 1e-10) {
			return true
		}
	}
	return len(a.Data) != len(b.Data)
}

func diagonal(s []float64) *Matrix {
	m := New(len(s), len(s))
	for i, v := range s {
		m.Set(i, i, v)
	}
	return m
}

// TestDecompositions multiplies the factors of matrices of several shapes, some of which have dependent columns.
func TestDecompositions(t *testing.T) {
	t.Parallel()
	for i, size := range [][2]int{{1, 1}, {4, 4}, {7, 3}, {3, 7}, {20, 20}, {5, 0}, {0, 5}} {
		m := random(size[0], size[1], uint64(i))
		if i == 4 { // Its rank is 1.
			m = random(20, 1, 9).Mul(random(1, 20, 10))
		}
		for _, complete := range []bool{false, true} {
			q, r := QR(m, complete)
			if differ(q.Mul(r), m) || differ(q.T().Mul(q), Identity(q.Cols)) {
				t.Errorf("QR of %v, complete %v", size, complete)
			}
		}
		u, s, v, err := SVD(m)
		if err != nil || differ(u.Mul(diagonal(s)).Mul(v.T()), m) || differ(u.T().Mul(u), Identity(len(s))) ||
			differ(v.T().Mul(v), Identity(len(s))) {
			t.Errorf("SVD of %v: %v", size, err)
		}
		if c := u.Complete(); size[0] >= size[1] && differ(c.T().Mul(c), Identity(size[0])) {
			t.Errorf("completed U of %v", size)
		}
		square := m.T().Mul(m)
		values, vectors, err := Eigen(square)
		if err != nil || differ(vectors.Mul(diagonal(values)).Mul(vectors.T()), square) {
			t.Errorf("eigenvalues of %v: %v", size, err)
		}
	}
}

func TestSingular(t *testing.T) {
	t.Parallel()
	zeros := New(3, 3)
	if sign, log := Decompose(zeros.Clone()).Det(); sign != 0 || !math.IsInf(log, -1) {
		t.Errorf("%v %v", sign, log)
	}
	if err := Decompose(zeros.Clone()).Solve(Identity(3)); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Error(err)
	}
	if err := (LU{Matrix: Identity(2), Pivots: []int{5, 1}}).Solve(Identity(2)); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Error(err)
	}
	if _, failed := Cholesky(zeros); failed != 1 {
		t.Error(failed)
	}
	bad := New(2, 2)
	bad.Data[1], bad.Data[2] = math.NaN(), math.Inf(1)
	if _, _, _, err := SVD(bad); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Error(err)
	}
	if _, _, err := Eigen(bad); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, x := range []*kernel.Tensor{
		{Shape: []int{3}, Data: make([]float32, 3)},
		{Shape: []int{2, 3}, Data: make([]float32, 6)},
		{Shape: []int{4096, 4096}, Data: make([]bool, 1<<24)},
	} {
		_, err := Each(x, true, func(*Matrix) error { return nil })
		if !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%v: %v", x.Shape, err)
		}
	}
}
