//go:build !linux

package simdtest

import "testing"

// Guarded returns n floats. This platform has no guard page.
func Guarded(_ testing.TB, n int) []float32 { return make([]float32, n) }
