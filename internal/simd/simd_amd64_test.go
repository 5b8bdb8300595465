package simd

import "testing"

// withAndWithout runs a test with the kernels in assembly and with those in Go.
func withAndWithout(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	has := simd
	t.Cleanup(func() { simd = has })
	for name, use := range map[string]bool{"avx2": true, "go": false} {
		t.Run(name, func(t *testing.T) {
			if use && !has {
				t.Skip("no AVX2 and FMA here")
			}
			simd = use
			f(t)
		})
	}
}
