package kernel

import (
	"runtime"
	"sync"
)

// minRow is the number of elements of a simple operation that justifies another goroutine.
const minRow = 1 << 14

// Parallel calls f for consecutive parts of the range from 0 to n. It uses up to GOMAXPROCS goroutines and gives each
// at least least elements.
func Parallel(n, least int, f func(lo, hi int)) {
	workers := min(runtime.GOMAXPROCS(0), n/max(least, 1))
	if workers <= 1 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { f(w*n/workers, (w+1)*n/workers) })
	}
	wg.Wait()
}
