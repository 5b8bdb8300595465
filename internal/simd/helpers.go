package simd

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// job is a list of pieces of work, which the goroutine that has it and helpers compute. It is complete when all pieces
// are, so that it does not wait for a helper that is late. What several goroutines change is in different cache lines:
// to take a line from another processor takes up to a quarter of a microsecond.
type job struct {
	f       func(piece int)
	pieces  int
	workers int
	taken   []counter // How many pieces of each worker's part have been taken.

	_    [cacheLine]byte
	left atomic.Int32   // The pieces that are not complete.
	last sync.WaitGroup // Waits for the last piece.
}

const cacheLine = 64

type counter struct {
	atomic.Int32
	_ [cacheLine - 4]byte
}

// work computes pieces until all are taken: those of the worker's own part first, so that the same parts of tensors
// stay in the same cache.
func (j *job) work(own int) {
	done := int32(0)
	for i := range j.workers {
		part := (own + i) % j.workers
		at, end := part*j.pieces/j.workers, (part+1)*j.pieces/j.workers
		for {
			next := at + int(j.taken[part].Add(1)) - 1
			if next >= end {
				break
			}
			j.f(next)
			done++
		}
	}
	if done > 0 && j.left.Add(-done) == 0 {
		j.last.Done()
	}
}

// The time for which a helper looks for the next job before it sleeps, and for which an operation waits for the last
// piece before it does. Both are several times as long as a short step of a network. It takes up to 50 us to wake a
// goroutine on another processor.
const (
	helperPatience = 60 * time.Microsecond
	callerPatience = 20 * time.Microsecond
)

// spin calls found until it returns true or the time is over. Other goroutines can run meanwhile.
func spin(patience time.Duration, found func() bool) bool {
	const tries = 200
	var end time.Time
	for {
		for range tries {
			if found() {
				return true
			}
		}
		if now := time.Now(); end.IsZero() {
			end = now.Add(patience)
		} else if now.After(end) {
			return false
		}
		runtime.Gosched()
	}
}

// helper is a goroutine that computes pieces of jobs.
type helper struct {
	job    atomic.Pointer[job] // The last job that it was given.
	asleep atomic.Bool
	_      [cacheLine]byte

	wake chan struct{}
	own  int         // The part of a job with which it begins.
	busy atomic.Bool // An operation has reserved it.
}

// helpers has the helpers of the program, at most one less than GOMAXPROCS. They sleep when there is nothing to do.
var helpers struct {
	sync.RWMutex
	list []*helper
}

// active is the number of operations in progress and of the helpers that they have reserved.
var active atomic.Int32

// run computes jobs, forever.
func (h *helper) run() {
	var done *job
	for {
		if spin(helperPatience, func() bool { return h.job.Load() != done }) {
			done = h.job.Load()
			done.work(h.own)
			continue
		}
		h.job.CompareAndSwap(done, nil)
		done = nil
		h.asleep.Store(true)
		if h.job.Load() == nil {
			<-h.wake
		}
		h.asleep.Store(false)
	}
}

// give makes the helper, which is reserved, begin a job as soon as it is free.
func (h *helper) give(j *job) {
	h.job.Store(j)
	if h.asleep.Load() {
		select {
		case h.wake <- struct{}{}:
		default: // It is about to wake up.
		}
	}
}

// each calls f for all pieces, on the goroutine of the caller and on helpers, at most workers in total. Operations of
// other goroutines that keep the processors busy leave no helpers.
func (w Workers) each(pieces, workers int, f func(piece int)) {
	if pieces == 1 || workers == 1 {
		for i := range pieces {
			f(i)
		}
		return
	}
	j := &job{f: f, pieces: pieces, workers: workers, taken: make([]counter, workers)}
	j.left.Store(int32(pieces)) //nolint:gosec // There are a few for each worker.
	j.last.Add(1)
	free := int(w) - int(active.Add(1))
	given := reserve(min(free, workers-1))
	for _, h := range given {
		h.give(j)
	}
	j.work(0)
	if !spin(callerPatience, func() bool { return j.left.Load() == 0 }) {
		j.last.Wait()
	}
	for _, h := range given {
		h.busy.Store(false)
	}
	active.Add(int32(-1 - len(given))) //nolint:gosec // There are less than GOMAXPROCS.
}

// reserve returns up to n helpers that no other operation has reserved. It starts missing ones.
func reserve(n int) (list []*helper) {
	n = min(n, runtime.GOMAXPROCS(0)-1)
	if n <= 0 {
		return nil
	}
	helpers.RLock()
	all := helpers.list
	helpers.RUnlock()
	if n > len(all) {
		all = hire(n)
	}
	for _, h := range all {
		if len(list) < n && h.busy.CompareAndSwap(false, true) {
			list = append(list, h)
		}
	}
	active.Add(int32(len(list))) //nolint:gosec // There are less than GOMAXPROCS.
	return list
}

// hire starts helpers until there are n.
func hire(n int) []*helper {
	helpers.Lock()
	defer helpers.Unlock()
	for len(helpers.list) < n {
		h := &helper{wake: make(chan struct{}, 1), own: len(helpers.list) + 1}
		helpers.list = append(helpers.list, h)
		go h.run()
	}
	return helpers.list
}
