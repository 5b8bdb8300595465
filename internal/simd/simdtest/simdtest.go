// Package simdtest has what the tests of package simd and of the packages below it share.
package simdtest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd/level"
)

// AllLevels runs a test with all kernels that this machine has.
func AllLevels(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	has := level.Level
	t.Cleanup(func() { level.Level = has })
	for i, name := range level.Names {
		t.Run(name, func(t *testing.T) {
			if i > has {
				t.Skip("this machine does not have them")
			}
			level.Level = i
			f(t)
		})
	}
}

// Random returns n random numbers in the memory of Guarded.
func Random(t testing.TB, r *rand.Rand, n int) []float32 {
	t.Helper()
	list := Guarded(t, n)
	for i := range list {
		list[i] = float32(r.NormFloat64())
	}
	return list
}

// CheckClose compares results with sums of n products in float64.
func CheckClose(t testing.TB, what any, got []float32, want []float64, n int) {
	t.Helper()
	for i, x := range want {
		if math.Abs(float64(got[i])-x) > 1e-6*float64(n+10) {
			t.Fatalf("%+v: element %d is %v, want %v", what, i, got[i], x)
		}
	}
}
