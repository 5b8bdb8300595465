package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxGroup is the maximum of requests in one commit.
const maxGroup = 128

var errClosed = errors.New("the store is closed")

// writer owns the only connection that writes. Requests that arrive during a
// commit share the next one. Each of them runs in its own savepoint, and none is
// answered before the commit is on the disk.
type writer struct {
	c       *Conn // nil after the connection was discarded
	db      *sql.DB
	observe *observer
	jobs    chan *job
	// committing is held during a commit. checkpoints is told of each.
	committing  sync.Mutex
	checkpoints *checkpointer
	mu          sync.RWMutex // prevents sends on jobs after shut is set
	shut        bool
	done        chan struct{}
}

// job is the transaction of one request.
type job struct {
	ctx context.Context
	fn  func(Tx) error
	err error
	// claimed is set by the writer when it begins the job, or by the request when it
	// stops waiting, whichever comes first.
	claimed atomic.Bool
	done    chan struct{}
}

func startWriter(db *sql.DB, c *Conn, o *observer) *writer {
	c.observe = o
	w := &writer{c: c, db: db, observe: o, jobs: make(chan *job, 4*maxGroup), done: make(chan struct{})}
	w.checkpoints = startCheckpointer(db, &w.committing, o)
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
	w.checkpoints.stop()
}

// do runs fn in a transaction that is on the disk when do returns nil. fn runs on
// the goroutine of the writer and must not block. If ctx ends before the writer
// begins the job, fn does not run.
func (w *writer) do(ctx context.Context, fn func(Tx) error) error {
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
		return WaitError(ctx)
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
	}
	if j.claimed.CompareAndSwap(false, true) {
		return WaitError(ctx)
	}
	<-j.done // The job has begun, so the wait is short.
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
		w.observe.groupSize.Observe(float64(len(group)))
		start := time.Now()
		w.committing.Lock()
		w.commit(group)
		w.committing.Unlock()
		w.checkpoints.notify()
		w.observe.commitSeconds.Observe(time.Since(start).Seconds())
		for _, j := range group {
			close(j.done)
		}
		clear(group) // What the jobs wrote is not kept until the next one.
	}
}

// commit runs a group in one transaction. It does not pass the contexts of the
// requests to the statements: when a write is interrupted, SQLite rolls back the
// whole transaction, including the jobs of other requests.
func (w *writer) commit(group []*job) {
	ctx := context.Background()
	if err := w.begin(ctx); err != nil {
		failAll(group, err)
		return
	}
	var err error
	for _, j := range group {
		if !j.claimed.CompareAndSwap(false, true) {
			continue // The request has stopped waiting.
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		if len(group) == 1 {
			j.err = protect(w.observe.log, Tx{ctx, w.c}, j.fn)
			err = j.err
			continue
		}
		if err = w.inSavepoint(ctx, j); err != nil {
			break
		}
	}
	if err == nil {
		err = w.c.run(ctx, commit)
	}
	if err != nil {
		w.rollback(ctx)
		failAll(group, err)
	}
}

// begin begins a transaction. It opens a connection if the last one was discarded.
func (w *writer) begin(ctx context.Context) error {
	if w.c == nil {
		c, err := pin(ctx, w.db, sqliteDialect)
		if err != nil {
			return err
		}
		if err := limitLog(ctx, c); err != nil {
			c.discard()
			return err
		}
		c.observe, w.c = w.observe, c
	}
	err := w.c.run(ctx, "BEGIN IMMEDIATE")
	if err != nil && classify(err) != failureBusy {
		w.discard(err)
	}
	return err
}

// rollback ends a transaction that failed. SQLite has already ended some of them,
// for example if the disk is full. If the transaction does not end, the connection
// must be discarded, since every later BEGIN on it would fail.
func (w *writer) rollback(ctx context.Context) {
	err := w.c.run(ctx, rollback)
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		w.discard(err)
	}
}

func (w *writer) discard(err error) {
	w.observe.log.Error("the connection that writes is closed because its transaction did not end", "error", err)
	w.c.discard()
	w.c = nil
}

func (w *writer) close() error {
	if w.c == nil {
		return nil
	}
	return w.c.close()
}

// inSavepoint runs one job of a group. If the job fails, only its own changes are
// rolled back. If inSavepoint returns an error, the transaction cannot go on.
func (w *writer) inSavepoint(ctx context.Context, j *job) error {
	if err := w.c.run(ctx, "SAVEPOINT job"); err != nil {
		return err
	}
	if j.err = protect(w.observe.log, Tx{ctx, w.c}, j.fn); j.err != nil {
		if err := w.c.run(ctx, "ROLLBACK TO job"); err != nil {
			return j.err
		}
	}
	return w.c.run(ctx, "RELEASE job")
}

// failAll sets the error of the jobs of a group that have none.
func failAll(group []*job, err error) {
	for _, j := range group {
		if j.claimed.CompareAndSwap(false, true) || j.err == nil {
			j.err = err
		}
	}
}
