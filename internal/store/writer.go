package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// maxGroup is how many requests one commit carries at most.
const maxGroup = 128

var errClosed = errors.New("the store is closed")

// writer owns the only connection that writes. Requests that arrive while a
// commit is under way share the next one: each runs in its own savepoint, and
// none is answered before the commit has reached the disk.
type writer struct {
	c    *conn
	log  *slog.Logger
	jobs chan *job
	mu   sync.RWMutex // guards closed against sends on jobs
	shut bool
	done chan struct{}
}

type job struct {
	ctx  context.Context
	fn   func(tx) error
	err  error
	done chan struct{}
}

func startWriter(c *conn, log *slog.Logger) *writer {
	w := &writer{c: c, log: log, jobs: make(chan *job, 4*maxGroup), done: make(chan struct{})}
	go w.loop()
	return w
}

func (w *writer) stop() {
	w.mu.Lock()
	if !w.shut {
		w.shut = true
		close(w.jobs)
	}
	w.mu.Unlock()
	<-w.done
}

// do runs fn in a transaction that is on the disk when do returns nil. fn runs
// on the writer's goroutine and must not block on anything else.
func (w *writer) do(ctx context.Context, fn func(tx) error) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	w.mu.RLock()
	if w.shut {
		w.mu.RUnlock()
		return errClosed
	}
	select {
	case w.jobs <- j:
		w.mu.RUnlock()
	case <-ctx.Done():
		w.mu.RUnlock()
		return ctx.Err()
	}
	<-j.done
	return j.err
}

func (w *writer) loop() {
	defer close(w.done)
	group := make([]*job, 0, maxGroup)
	for j := range w.jobs {
		group = append(group[:0], j)
	fill:
		for len(group) < maxGroup {
			select {
			case j, ok := <-w.jobs:
				if !ok {
					break fill
				}
				group = append(group, j)
			default:
				break fill
			}
		}
		w.commit(group)
		for _, j := range group {
			close(j.done)
		}
	}
}

// commit runs a group in one transaction. Statements never see a request's own
// context: SQLite answers an interrupted write by rolling back the whole
// transaction, with everybody else's work in it.
func (w *writer) commit(group []*job) {
	ctx := context.Background()
	if err := w.c.run(ctx, "BEGIN IMMEDIATE"); err != nil {
		failAll(group, err)
		return
	}
	var err error
	for _, j := range group {
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		if len(group) == 1 {
			j.err = w.call(ctx, j)
			err = j.err
			continue
		}
		if err = w.inSavepoint(ctx, j); err != nil {
			break
		}
	}
	if err == nil {
		err = w.c.run(ctx, "COMMIT")
	}
	if err != nil {
		// Fails when SQLite has rolled back by itself; that is as good.
		_ = w.c.run(ctx, "ROLLBACK")
		failAll(group, err)
	}
}

// inSavepoint runs one job of a group. The job's own failure undoes the job
// alone; an error returned here means that the transaction is lost.
func (w *writer) inSavepoint(ctx context.Context, j *job) error {
	if err := w.c.run(ctx, "SAVEPOINT job"); err != nil {
		return err
	}
	if j.err = w.call(ctx, j); j.err != nil {
		if err := w.c.run(ctx, "ROLLBACK TO job"); err != nil {
			return j.err
		}
	}
	return w.c.run(ctx, "RELEASE job")
}

func (w *writer) call(ctx context.Context, j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("panic in a transaction", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return j.fn(tx{ctx, w.c})
}

func failAll(group []*job, err error) {
	for _, j := range group {
		if j.err == nil {
			j.err = err
		}
	}
}
