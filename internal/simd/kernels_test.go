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
