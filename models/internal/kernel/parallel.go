package kernel

import (
	"runtime"
	"sync"
)

// minRow is how many elements of a simple operation are worth a goroutine.
const minRow = 1 << 14

// Parallel calls f for consecutive parts of 0 to n, on as many goroutines as
// the machine has processors but with no less than least each.
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
