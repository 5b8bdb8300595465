package mlflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Batching: a batch is sent when it is full, or queueDelay after its first metric. At
// most backlogLength full batches, about 1 MB, wait in memory.
const (
	batchLength   = 1000
	backlogLength = 9
	queueDelay    = 200 * time.Millisecond
)

// Outages: the server is not available while requests fail. After spillAfter, or when
// memory is full, waiting values move to the disk. If memory is full, a request without
// a response for stallAfter counts as a failure.
const (
	spillAfter       = time.Second
	stallAfter       = 5 * time.Second
	longestAwayPause = 30 * time.Second
	queueTick        = 500 * time.Millisecond
)

// metricQueue sends the metrics of a run in batches and in order, and other values that
// could not be sent immediately. A batch is sent again until the server has stored or
// refused it; the server stores equal values once. If the server is slow, add blocks. If
// it is not available, batches move to the spill, and are dropped if the spill is full.
type metricQueue struct {
	to       sender
	spill    *spill
	strict   bool
	patience time.Duration // how long a flush waits while the server is not available
	// stallAfter is the time that a request may take when memory is full.
	stallAfter time.Duration

	in      chan Metric
	puts    chan *values
	flushes chan *flushing
	results chan *outcome
	broken  atomic.Pointer[error] // the reason why the queue accepts no values, or nil
	refused atomic.Int64          // values that add discarded for that reason
	away    atomic.Bool

	adding  sync.RWMutex    // add holds it for reading, so that close can wait for current calls.
	closing chan struct{}   // closed when add must fail
	ctx     context.Context // ends the goroutine and its requests
	cancel  context.CancelFunc
	done    chan struct{}

	backlog // owned by the goroutine until done is closed
}

// backlog is the waiting values and the state of the delivery.
type backlog struct {
	batch    []Metric  // newest values, not a full batch
	waiting  []*values // newer than the values in the spill
	sending  *values   // the oldest values, which are being sent
	spilled  bool      // sending is in the spill; otherwise it is waiting[0]
	begun    time.Time // when sending was started
	failing  time.Time // when the server became unavailable, or zero
	failure  error     // the last failure
	failTold bool
	paused   bool // until the retry timer fires
	pause    time.Duration
	flushing []*flushing
	taken    int64 // values in batches, without dropped ones
	settled  int64 // of these, values that the server has stored or refused
	gone     bool  // The server accepts no values of this run.
	told     troubles

	spillFailed time.Time // when the spill was last full, or zero
	spillTold   bool
}

// flushing is a flush that waits until target values are settled.
type flushing struct {
	begun  time.Time
	target int64
	reply  chan error
}

// newMetricQueue starts the queue of a run. close ends it.
func (c *Client) newMetricQueue(ctx context.Context, runID string, strict bool) *metricQueue {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q := &metricQueue{
		to: sender{
			send: c.once().sendTo(runID),
		},
		spill:      c.spillOf(runID),
		patience:   c.retryFor,
		stallAfter: c.stallAfter,
		strict:     strict,
		in: make(
			chan Metric,
			batchLength,
		),
		puts:    make(chan *values),
		flushes: make(chan *flushing),
		results: make(chan *outcome, 1),
		closing: make(chan struct{}),
		ctx:     ctx,
		cancel:  cancel,
		done:    make(chan struct{}),
	}
	go q.run()
	return q
}

// ended reports whether the queue is closed.
func (q *metricQueue) ended() bool {
	select {
	case <-q.closing:
		return true
	default:
		return false
	}
}

// add queues a metric. It blocks while the queue is full, until ctx or the run ends.
func (q *metricQueue) add(ctx context.Context, m Metric) error {
	q.adding.RLock()
	defer q.adding.RUnlock()
	if q.ended() {
		return errRunEnded
	}
	if err := q.broken.Load(); err != nil {
		if q.strict {
			return *err
		}
		q.refused.Add(1)
		return nil
	}
	select {
	case q.in <- m:
		return nil
	default:
	}
	select {
	case q.in <- m:
		return nil
	case <-q.closing:
		return errRunEnded
	case <-ctx.Done():
		return fmt.Errorf(
			"%d metrics wait for the tracking server and this one found no room: %w",
			(backlogLength+2)*batchLength,
			context.Cause(ctx),
		)
	}
}

// put queues other values after the metrics that were added before.
func (q *metricQueue) put(ctx context.Context, v *values) error {
	q.adding.RLock()
	defer q.adding.RUnlock()
	if q.ended() {
		return errRunEnded
	}
	select {
	case q.puts <- v:
		return nil
	case <-q.closing:
		return errRunEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// flush waits until all values that were added before are settled, and returns the
// errors since the last flush. It returns early if the server has not been available for
// the duration of patience.
func (q *metricQueue) flush(ctx context.Context) error {
	f := &flushing{begun: time.Now(), reply: make(chan error, 1)}
	select {
	case q.flushes <- f:
	case <-q.done:
		return nil
	case <-ctx.Done():
		return undelivered(context.Cause(ctx))
	}
	select {
	case err := <-f.reply:
		return err
	case <-ctx.Done():
		return undelivered(context.Cause(ctx))
	}
}

func undelivered(err error) error {
	return fmt.Errorf("the tracking server has not taken all metrics: %w", err)
}

func (q *metricQueue) run() {
	defer close(q.done)
	delay, again, tick := time.NewTimer(queueDelay), time.NewTimer(0), time.NewTicker(queueTick)
	defer tick.Stop()
	for {
		q.dispatch()
		in := q.in
		if q.failing.IsZero() && len(q.waiting) >= backlogLength {
			in = nil // Block add.
		}
		select {
		case m := <-in:
			if q.batch = append(q.batch, m); len(q.batch) == 1 {
				delay.Reset(queueDelay)
			}
			if len(q.batch) == batchLength {
				q.cut()
			}
		case v := <-q.puts:
			q.cut()
			q.enqueue(v)
		case <-delay.C:
			q.cut()
		case <-again.C:
			q.paused = false
		case o := <-q.results:
			if wait := q.received(o); wait > 0 {
				q.paused = true
				again.Reset(wait)
			}
		case f := <-q.flushes:
			q.drain()
			f.target = q.taken
			q.flushing = append(q.flushing, f)
			q.pause, q.paused = 0, false // Try immediately.
		case <-tick.C:
			q.watch()
		case <-q.ctx.Done():
			return
		}
		q.settle()
	}
}

// drain batches all added metrics.
func (q *metricQueue) drain() {
	for len(q.in) > 0 {
		if q.batch = append(q.batch, <-q.in); len(q.batch) >= batchLength {
			q.cut()
		}
	}
	q.cut()
}

// cut ends the current batch. It appends the batch to the newest waiting one if both are
// small.
func (q *metricQueue) cut() {
	if len(q.batch) == 0 {
		return
	}
	if n := len(q.waiting) - 1; n >= 0 && q.waiting[n] != q.sending {
		youngest := q.waiting[n]
		if len(youngest.Metrics) == youngest.len() && youngest.len()+len(q.batch) <= batchLength {
			youngest.Metrics = append(youngest.Metrics, q.batch...)
			q.taken += int64(len(q.batch))
			q.batch = q.batch[:0]
			return
		}
	}
	q.enqueue(&values{Metrics: q.batch})
	q.batch = make([]Metric, 0, batchLength)
}

func (q *metricQueue) enqueue(v *values) {
	q.waiting = append(q.waiting, v)
	q.taken += int64(v.len())
}

// dispatch sends the oldest values unless a request is running.
func (q *metricQueue) dispatch() {
	if q.sending != nil || q.paused || q.gone {
		return
	}
	switch {
	case !q.spill.empty():
		line, err := q.spill.oldest()
		if err != nil { // The disk failed.
			q.told.note(err)
			q.told.dropped += q.spill.count
			q.settled += int64(q.spill.count)
			if err := q.spill.discard(); err != nil {
				q.told.note(err)
			}
			return
		}
		q.sending, q.spilled = &line.values, true
	case len(q.waiting) > 0:
		q.sending, q.spilled = q.waiting[0], false
	default:
		return
	}
	q.begun = time.Now()
	go func(v *values) { q.results <- q.to.deliver(q.ctx, v) }(q.sending)
}

// received processes the result of a request. It returns the time until the next
// attempt, or 0 if none is necessary.
func (q *metricQueue) received(o *outcome) time.Duration {
	v := q.sending
	q.sending = nil
	if o.away != nil {
		q.fail(o.away)
		if q.pause = min(max(2*q.pause, firstPause), longestAwayPause); len(q.flushing) > 0 {
			q.pause = min(q.pause, longestPause)
		}
		return retryAfter(o.away, q.pause)
	}
	q.settled += int64(v.len())
	q.told.add(o)
	if !q.spilled {
		q.waiting = q.waiting[1:]
	} else if err := q.spill.remove(v.len()); err != nil {
		q.told.note(err)
	}
	q.recovered()
	if o.gone != nil {
		q.stop(o.gone)
	}
	return 0
}

// fail records that the server is not available.
func (q *metricQueue) fail(err error) {
	if q.failure = err; q.failing.IsZero() {
		q.failing = time.Now()
		q.away.Store(true)
	}
}

// recovered records that the server is available.
func (q *metricQueue) recovered() {
	if q.failTold {
		slog.InfoContext(
			q.ctx,
			"the tracking server takes metrics again",
			"run_id",
			q.spill.owner.RunID,
			"away",
			time.Since(q.failing).Round(time.Second),
			"waiting",
			q.spill.count,
		)
	}
	q.failing, q.failure, q.failTold, q.pause = time.Time{}, nil, false, 0
	q.away.Store(false)
}

// watch detects a request without a response when memory is full.
func (q *metricQueue) watch() {
	if q.sending != nil && len(q.waiting) >= backlogLength && time.Since(q.begun) >= q.stallAfter {
		q.fail(errors.New("a request has no answer"))
	}
}
