package simd

import "sync"

// Workers is the number of goroutines that an operation may use.
type Workers int

// Split calls f for parts of [0, n) that cover it, of at least grain each, and
// returns how many there are. The parts depend on n and the number of Workers alone,
// for results that do not change from run to run.
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
