package fft

import (
	"errors"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestPlan compares transforms of all lengths up to 70, and of some others, with their definition.
func TestPlan(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	lengths := []int{97, 128, 210, 243}
	for n := range 70 {
		lengths = append(lengths, n+1)
	}
	for _, n := range lengths {
		x, want := make([]complex128, n), make([]complex128, n)
		for i := range x {
			x[i] = complex(random.NormFloat64(), random.NormFloat64())
		}
		for k := range want {
			for i, v := range x {
				want[k] += v * unit(-float64(i*k%n)/float64(n))
			}
		}
		p, err := NewPlan(n)
		if err != nil {
			t.Fatal(err)
		}
		got := append([]complex128{}, x...)
		p.Transform(got)
		for k, v := range got {
			if cmplx.Abs(v-want[k]) > 1e-11*float64(n) {
				t.Fatalf("%d elements: element %d is %v, want %v", n, k, v, want[k])
			}
		}
		p.Inverse(got)
		for i, v := range got {
			if cmplx.Abs(v-x[i]*complex(float64(n), 0)) > 1e-11*float64(n) {
				t.Fatalf("%d elements: the inverse of element %d is %v", n, i, v)
			}
		}
	}
}

// TestLimits uses sizes that ask for too much, or do not fit.
func TestLimits(t *testing.T) {
	t.Parallel()
	signal := &kernel.Tensor{Shape: []int{8}, Data: make([]float32, 8)}
	box := make([]float64, 4)
	for name, f := range map[string]func() (*kernel.Tensor, error){
		"many elements":  func() (*kernel.Tensor, error) { return Along(signal, 1<<40, 0, false, NormNone) },
		"no elements":    func() (*kernel.Tensor, error) { return Along(signal, 0, 0, false, NormNone) },
		"no axis":        func() (*kernel.Tensor, error) { return Along(signal, 8, 1, false, NormNone) },
		"many of a half": func() (*kernel.Tensor, error) { return Whole(signal, 1<<40, 0) },
		"no hop":         func() (*kernel.Tensor, error) { return Short{N: 4, Window: box}.Transform(signal) },
		"another window": func() (*kernel.Tensor, error) { return Short{N: 8, Hop: 1, Window: box}.Transform(signal) },
		"a short signal": func() (*kernel.Tensor, error) {
			return Short{N: 16, Hop: 1, Window: make([]float64, 16)}.Transform(signal)
		},
		"another inverse": func() (*kernel.Tensor, error) { return Short{N: 4, Hop: 1, Window: box}.Inverse(signal, 0, -1) },
		"a window of zeros": func() (*kernel.Tensor, error) {
			x := &kernel.Tensor{Shape: []int{4, 2}, Data: make([]complex64, 8)}
			return Short{N: 4, Hop: 1, Window: box}.Inverse(x, 0, -1)
		},
		"a late start": func() (*kernel.Tensor, error) {
			x := &kernel.Tensor{Shape: []int{4, 2}, Data: make([]complex64, 8)}
			return Short{N: 4, Hop: 1, Window: []float64{1, 1, 1, 1}}.Inverse(x, 9, -1)
		},
		"a long signal": func() (*kernel.Tensor, error) {
			x := &kernel.Tensor{Shape: []int{4, 2}, Data: make([]complex64, 8)}
			return Short{N: 4, Hop: 1, Window: []float64{1, 1, 1, 1}}.Inverse(x, 0, 1<<50)
		},
	} {
		if out, err := f(); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
	if list, err := Window(Hann, -1, true); err == nil {
		t.Errorf("a negative window: %v", list)
	}
}
