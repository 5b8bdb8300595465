package cpu

import "sync"

// scratches has memory for the time of one operation.
var scratches = sync.Pool{New: func() any { return new(scratch) }}

type scratch struct{ floats []float32 }

// borrow returns n floats with any values. Give back the scratch when they are no
// longer used.
func borrow(n int) (*scratch, []float32) {
	s := scratches.Get().(*scratch)
	if cap(s.floats) < n {
		s.floats = make([]float32, n)
	}
	return s, s.floats[:n]
}

func (s *scratch) giveBack() { scratches.Put(s) }

// roundUp returns the least multiple of unit that is at least n.
func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }
