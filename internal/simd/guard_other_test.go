//go:build !linux

package simd

import "testing"

// guarded returns n floats. This platform has no guard page.
func guarded(_ *testing.T, n int) []float32 { return make([]float32, n) }
