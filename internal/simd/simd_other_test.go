//go:build !amd64

package simd

import "testing"

// withAndWithout runs a test with the only kernels of this platform.
func withAndWithout(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	f(t)
}
