package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestConvOfFloat32 compares convolutions of float32, which use kernels in assembly, with those of float64.
func TestConvOfFloat32(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		groups, axes := 1+r.IntN(3), 1+r.IntN(2)
		w := Window{}
		x, weight := []int{1 + r.IntN(3), groups * (1 + r.IntN(3))}, []int{groups * (1 + r.IntN(6)), 0}
		weight[1] = x[1] / groups
		for range axes {
			x, weight = append(x, 12+r.IntN(30)), append(weight, 1+r.IntN(4))
			w.Strides, w.Dilations = append(w.Strides, 1+r.IntN(3)), append(w.Dilations, 1+r.IntN(3))
		}
		for range 2 * axes {
			w.Pads = append(w.Pads, r.IntN(4))
		}
		checkConv(t, r, x, weight, w, groups)
	}
}

// TestConvOutOfProportion computes a few outputs from millions of elements of padding.
func TestConvOutOfProportion(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	w := Window{Strides: []int{1 << 20, 1 << 20}, Pads: []int{1 << 20, 1 << 20, 1 << 20, 1 << 20}}
	checkConv(t, r, []int{2, 3, 4, 4}, []int{5, 3, 1, 1}, w, 1)
}

func checkConv(t *testing.T, r *rand.Rand, x, weight []int, w Window, groups int) {
	t.Helper()
	x32, x64 := twice(r, x)
	k32, k64 := twice(r, weight)
	got, err := Conv(x32, k32, nil, w, groups)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Conv(x64, k64, nil, w, groups)
	if err != nil {
		t.Fatal(err)
	}
	list := got.Data.([]float32)
	for i, v := range want.Data.([]float64) {
		if math.Abs(float64(list[i])-v) > 1e-4 {
			t.Fatalf("%v by %v, %+v, %d groups: element %d is %v, want %v", x, weight, w, groups, i, list[i], v)
		}
	}
}

// twice returns the same random numbers as float32 and as float64.
func twice(r *rand.Rand, shape []int) (single, double *kernel.Tensor) {
	a, b := make([]float32, kernel.Product(shape)), make([]float64, kernel.Product(shape))
	for i := range a {
		a[i] = float32(r.NormFloat64())
		b[i] = float64(a[i])
	}
	return &kernel.Tensor{Shape: shape, Data: a}, &kernel.Tensor{Shape: shape, Data: b}
}
