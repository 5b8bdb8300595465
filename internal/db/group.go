package db

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// groupWriters is the number of groups that are written concurrently.
const groupWriters = 4

// Group writes the items of concurrent requests with one statement. On PostgreSQL,
// a statement and its commit cost much more than the rows. No request is answered
// before its group is committed.
type Group[T any] struct {
	p    *pool
	o    GroupOptions[T]
	jobs chan *groupJob[T]
	done sync.WaitGroup
}

// GroupOptions configure a [Group].
type GroupOptions[T any] struct {
	// Size returns the size of an item. MaxSize is the size from which on no items
	// are added to a group.
	Size    func(item T) int
	MaxSize int
	// Write writes items with a single statement, outside of a transaction. The
	// statement may be executed more than once, so it must not write an item twice.
	Write func(t Tx, items []T) error
	// TimedOut is the error of a request whose deadline ends before the answer of
	// the database. Its item may have been written.
	TimedOut error
}

// groupJob is the item of one request.
type groupJob[T any] struct {
	ctx  context.Context //nolint:containedctx // It is the context of a request that waits for the job.
	item T
	err  error
	done chan struct{}
}

// NewGroup returns a group on a database that takes arrays as arguments, which is
// PostgreSQL. It returns nil for other databases. The database closes the group.
func NewGroup[T any](d *DB, o GroupOptions[T]) *Group[T] {
	p, ok := d.engine.(*pool)
	if !ok || !p.dialect.arrays {
		return nil
	}
	g := &Group[T]{p: p, o: o, jobs: make(chan *groupJob[T])}
	for range groupWriters {
		g.done.Go(g.loop)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onClose = append(p.onClose, g.stop)
	return g
}

// stop waits for the groups that are being written. There must be no request left.
func (g *Group[T]) stop() {
	close(g.jobs)
	g.done.Wait()
}

// Do writes an item together with those of other requests. If ctx ends first, the
// item may still be written.
func (g *Group[T]) Do(ctx context.Context, item T) error {
	if err := g.p.enter(); err != nil {
		return err
	}
	defer g.p.inProgress.Done()
	return g.p.apiError(ctx, g.wait(ctx, item))
}

// wait hands an item to a writer and waits for the result.
func (g *Group[T]) wait(ctx context.Context, item T) error {
	j := &groupJob[T]{ctx: ctx, item: item, done: make(chan struct{})}
	waiting, cancel, err := g.p.outage.enter(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	g.p.waiting.Add(1)
	select {
	case g.jobs <- j:
		g.p.waiting.Add(-1)
	case <-waiting.Done():
		g.p.waiting.Add(-1)
		return g.p.outage.cause(waiting, WaitError(ctx))
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return g.o.TimedOut
	}
	return ctx.Err()
}

func (g *Group[T]) loop() {
	var group []*groupJob[T]
	for j := range g.jobs {
		group = append(group[:0], j)
		for n := g.o.Size(j.item); n < g.o.MaxSize; {
			select {
			case j, open := <-g.jobs:
				if open {
					group, n = append(group, j), n+g.o.Size(j.item)
					continue
				}
			default:
			}
			break
		}
		g.write(group)
		for _, j := range group {
			close(j.done)
		}
	}
}

// write writes a group. If an item may be the cause of an error, write writes each
// item alone, so that the error affects no other request.
func (g *Group[T]) write(group []*groupJob[T]) {
	ctx, cancel := groupContext(group)
	defer cancel()
	group = slices.DeleteFunc(slices.Clone(group), func(j *groupJob[T]) bool {
		if j.ctx.Err() != nil {
			j.err = WaitError(j.ctx)
		}
		return j.err != nil
	})
	if len(group) == 0 {
		return
	}
	g.p.observe.groupSize.Observe(float64(len(group)))
	start := time.Now()
	err := g.send(ctx, group)
	g.p.observe.commitSeconds.Observe(time.Since(start).Seconds())
	alone := len(group) > 1 && ctx.Err() == nil && classify(err).dependsOnValues()
	for i, j := range group {
		if j.err = err; alone {
			j.err = g.send(ctx, group[i:i+1])
		}
	}
}

func (g *Group[T]) send(ctx context.Context, group []*groupJob[T]) error {
	items := make([]T, len(group))
	for i, j := range group {
		items[i] = j.item
	}
	return g.p.once(ctx, func(t Tx) error { return g.o.Write(t, items) })
}

// groupContext returns the context of a group. It ends with the latest of the
// deadlines of the requests, and is not canceled when a client disconnects.
func groupContext[T any](group []*groupJob[T]) (context.Context, context.CancelFunc) {
	latest := writeDeadline(group[0].ctx)
	for _, j := range group[1:] {
		if deadline := writeDeadline(j.ctx); deadline.After(latest) {
			latest = deadline
		}
	}
	return context.WithDeadline(context.Background(), latest)
}
