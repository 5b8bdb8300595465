package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
)

// normal returns the same random numbers as float32 and as float64.
func normal(r *rand.Rand, shape ...int) (single, double *Tensor) {
	a, b := make([]float32, Product(shape)), make([]float64, Product(shape))
	for i := range a {
		a[i] = float32(r.NormFloat64())
		b[i] = float64(a[i])
	}
	return &Tensor{Shape: shape, Data: a}, &Tensor{Shape: shape, Data: b}
}

// TestPreparedMatrix compares products by prepared matrices with those of float64.
func TestPreparedMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		m, n, k := r.IntN(40), r.IntN(120), r.IntN(1+r.IntN(600))
		x32, x64 := normal(r, 2, m, k)
		w32, w64 := normal(r, n, k)
		want, err := Linear(x64, w64, nil)
		if err != nil {
			t.Fatal(err)
		}
		turned := r.IntN(2) == 0
		if !turned {
			if w32, err = Swap(w32, 0, 1); err != nil {
				t.Fatal(err)
			}
		}
		matrix, err := PrepareMatrix(w32, turned)
		if err != nil {
			t.Fatal(err)
		}
		bias := make([]float32, n)
		for i := range bias {
			bias[i] = float32(i % 3)
		}
		add, _ := normal(r, 2, m, n)
		out, _ := normal(r, 2, m, n)
		if r.IntN(2) == 0 {
			out = nil
		}
		got, err := matrix.Run(x32, Epilogue{Bias: bias, Add: add, Act: simd.ActReLU}, out)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want.Data.([]float64) {
			v = max(0, v+float64(bias[i%n])+float64(add.Data.([]float32)[i]))
			if got := got.Data.([]float32)[i]; math.Abs(float64(got)-v) > 1e-6*float64(k+10) {
				t.Fatalf("%d x %d x %d: element %d is %v, want %v", m, n, k, i, got, v)
			}
		}
	}
}

// TestPreparedMatrixRefuses tries tensors that do not fit.
func TestPreparedMatrixRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	w, wide := normal(r, 5, 3)
	x, _ := normal(r, 2, 3)
	if _, err := PrepareMatrix(wide, true); err == nil {
		t.Error("a matrix of float64 is accepted")
	}
	matrix, err := PrepareMatrix(w, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := matrix.Run(w, Epilogue{Add: x}, nil); err == nil {
		t.Error("a sum of different shapes is accepted")
	}
	if _, err := matrix.Run(x, Epilogue{Bias: make([]float32, 3)}, nil); err == nil {
		t.Error("a bias of three numbers for five columns is accepted")
	}
	if _, err := matrix.Run(&Tensor{Shape: []int{2, 5}, Data: make([]float32, 10)}, Epilogue{}, nil); err == nil {
		t.Error("rows of five are multiplied by a matrix with three rows")
	}
}
