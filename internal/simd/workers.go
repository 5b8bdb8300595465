package simd

import "sync"

// Workers is the number of goroutines that an operation may use.
type Workers int

// Split calls f for consecutive parts of the range [0, n), each with at least grain elements, and returns the number
// of parts. The parts depend only on n and on the number of Workers, which makes results reproducible.
func (w Workers) Split(n, grain int, f func(worker, from, to int)) int {
	parts := max(1, min(int(w), n/max(grain, 1)))
	if parts == 1 {
		f(0, 0, n)
		return 1
	}
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { f(i, i*n/parts, (i+1)*n/parts) })
	}
	wg.Wait()
	return parts
}
