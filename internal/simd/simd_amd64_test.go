package simd

import "testing"

// withAndWithout runs a test with all kernels that this machine has.
func withAndWithout(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	has := level
	t.Cleanup(func() { level = has })
	for i, name := range []string{Go, AVX2, AVX512} {
		t.Run(name, func(t *testing.T) {
			if i > has {
				t.Skip("this machine does not have them")
			}
			level = i
			f(t)
		})
	}
}
