package base

import (
	"context"
	"sync"

	"github.com/millrace-ml/millrace/internal/db"
)

// Shared executes equal reads of concurrent requests once. A request joins a read only before
// the read begins, so it sees everything that was stored before the request arrived.
//
// The zero value is ready.
type Shared[T any] struct {
	mu    sync.Mutex
	reads map[string]*reads[T]
}

// reads are those of one key: the one that runs and the one that begins after it.
type reads[T any] struct{ running, next *read[T] }

// read is one execution. Its fields are set before done is closed.
type read[T any] struct {
	done   chan struct{}
	value  T
	err    error
	gaveUp bool // The request that executed it was canceled.
	joined bool // Other requests wait for it.
}

// Do returns the result of fn, which may be that of another request with the same key. shared
// reports whether other requests have the result, too, so that it must not be changed. With an
// error, the result is the zero value. If fn fails because the context of its request ends, the
// other requests are executed again.
func (s *Shared[T]) Do(ctx context.Context, key string, fn func() (T, error)) (value T, shared bool, err error) {
	for {
		r, leads := s.enter(key)
		if leads {
			s.lead(ctx, key, r, fn)
			return r.value, r.joined, r.err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return value, false, db.WaitError(ctx)
		}
		if !r.gaveUp {
			return r.value, true, r.err
		}
	}
}

// enter returns the next read of a key, and whether the caller executes it.
func (s *Shared[T]) enter(key string) (r *read[T], leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads == nil {
		s.reads = map[string]*reads[T]{}
	}
	of := s.reads[key]
	if of == nil {
		of = &reads[T]{}
		s.reads[key] = of
	}
	if of.next != nil {
		of.next.joined = true
		return of.next, false
	}
	of.next = &read[T]{done: make(chan struct{})}
	return of.next, true
}

// lead executes a read after the one that runs.
func (s *Shared[T]) lead(ctx context.Context, key string, r *read[T], fn func() (T, error)) {
	r.gaveUp = true // unless fn returns: it may panic
	defer s.leave(key, r)
	for {
		running := s.begin(key, r)
		if running == nil {
			break
		}
		select {
		case <-running.done:
		case <-ctx.Done():
			r.err = db.WaitError(ctx)
			return
		}
	}
	if ctx.Err() != nil {
		r.err = db.WaitError(ctx)
		return
	}
	value, err := fn()
	if r.err = err; err == nil { // What a failed read has found so far is incomplete.
		r.value = value
	}
	r.gaveUp = r.err != nil && ctx.Err() != nil
}

// begin makes r the read that runs, after which no request joins it. It returns the read that
// must end before.
func (s *Shared[T]) begin(key string, r *read[T]) (running *read[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.reads[key]
	if of.running != nil {
		return of.running
	}
	of.running, of.next = r, nil
	return nil
}

// leave ends a read.
func (s *Shared[T]) leave(key string, r *read[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.reads[key]
	if of.running == r {
		of.running = nil
	}
	if of.next == r {
		of.next = nil
	}
	if of.running == nil && of.next == nil {
		delete(s.reads, key)
	}
	close(r.done)
}
