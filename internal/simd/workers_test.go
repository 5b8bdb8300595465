package simd

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestWorkers counts how often the operations of several goroutines compute each element, in parts and in nested parts.
func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range 40 {
				for w := Workers(1); w <= 4; w++ {
					countElements(t, w, n, func(mark func(i int)) {
						w.Share(n, 1+n%3, n%5, func(from, to int) {
							for i := from; i < to; i++ {
								w.Split(2, 1, func(worker, _, _ int) {
									if worker == 0 {
										mark(i)
									}
								})
							}
						})
					})
				}
			}
		})
	}
	all.Wait()
	if n := active.Load(); n != 0 {
		t.Errorf("%d operations and helpers are active after all have finished", n)
	}
}

func countElements(t *testing.T, w Workers, n int, run func(mark func(i int))) {
	t.Helper()
	counts := make([]atomic.Int32, n)
	run(func(i int) { counts[i].Add(1) })
	for i := range counts {
		if got := counts[i].Load(); got != 1 {
			t.Errorf("%d workers computed element %d of %d %d times", w, i, n, got)
		}
	}
}

// TestSplitParts pins the parts, on which the order of sums depends.
func TestSplitParts(t *testing.T) {
	var parts [3][2]int
	if n := Workers(3).Split(11, 3, func(worker, from, to int) { parts[worker] = [2]int{from, to} }); n != 3 {
		t.Errorf("11 elements are divided into %d parts, want 3", n)
	}
	if want := [3][2]int{{0, 3}, {3, 7}, {7, 11}}; parts != want {
		t.Errorf("parts %v, want %v", parts, want)
	}
}

// TestSharedPieces lets one goroutine sleep in its first piece: the other one computes the rest.
func TestSharedPieces(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	release := make(chan struct{})
	var done atomic.Int32
	go func() {
		for done.Load() < 7 {
			time.Sleep(time.Millisecond)
		}
		close(release)
	}()
	var first atomic.Bool
	Workers(2).Share(80, 1, 1, func(_, _ int) {
		if first.CompareAndSwap(false, true) {
			<-release
			return
		}
		done.Add(1)
	})
	if got := done.Load(); got != 7 {
		t.Errorf("%d pieces besides the first, want 7", got)
	}
}
