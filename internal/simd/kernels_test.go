package simd

import (
	"os"
	"testing"
)

// TestKernels ensures that tests that are meant to run without AVX2 do so.
func TestKernels(t *testing.T) {
	if want := os.Getenv("MILLRACE_KERNELS"); want != "" && Kernels() != want {
		t.Errorf("the kernels are those in %s, want %s", Kernels(), want)
	}
}

// Operands that are too short are a panic, and no memory beyond them is read.
func TestBinaryShortOperands(t *testing.T) {
	for _, op := range []string{"Add", "Sub", "Mul", "Div", "Max", "Min"} {
		for _, sizes := range [][2]int{{1, 1}, {1, 3}, {3, 1}, {2, 2}, {0, 4}, {4, 0}} {
			panicked := func() (panicked bool) {
				defer func() { panicked = recover() != nil }()
				Binary(op)(make([]float32, 4), make([]float32, sizes[0]), make([]float32, sizes[1]))
				return false
			}()
			if !panicked {
				t.Errorf("%s of %d and %d elements makes 4", op, sizes[0], sizes[1])
			}
		}
	}
}
