//go:build linux

package simdtest

import (
	"syscall"
	"testing"
	"unsafe"
)

// Guarded returns n floats that are followed by an inaccessible page, so that a kernel that accesses memory beyond
// its operands crashes the test.
func Guarded(t testing.TB, n int) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	size := (4*n+page-1)/page*page + page
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(memory); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mprotect(memory[size-page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	first := (*float32)(unsafe.Pointer(&memory[size-page-4*n])) //nolint:gosec // The memory lives as long as the test.
	return unsafe.Slice(first, n)                               //nolint:gosec // As above.
}
