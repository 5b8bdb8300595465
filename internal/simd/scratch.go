package simd

import "sync"

// scratches has memory for the duration of an operation.
var scratches = sync.Pool{New: func() any { return new(Scratch) }}

// Scratch is temporary memory from [Borrow].
type Scratch struct{ floats []float32 }

// Borrow returns n floats with unspecified values. Call GiveBack when they are no longer used.
func Borrow(n int) (*Scratch, []float32) {
	s := scratches.Get().(*Scratch)
	if cap(s.floats) < n {
		s.floats = make([]float32, n)
	}
	return s, s.floats[:n]
}

// GiveBack returns the memory for reuse.
func (s *Scratch) GiveBack() { scratches.Put(s) }

// RoundUp returns the smallest multiple of unit that is at least n.
func RoundUp(n, unit int) int { return (n + unit - 1) / unit * unit }
