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

// The background batching of metrics: a batch goes out when it is full, or when
// its first metric has waited for queueDelay. At most backlogLength full batches
// wait in memory (about a megabyte).
const (
	batchLength   = 1000
	backlogLength = 9
	queueDelay    = 200 * time.Millisecond
)

// A server is away while requests fail. What waits then goes to the disk as soon
// as spillAfter has gone by or the memory is full. A request without an answer for
// stallAfter counts as a failure if the memory is full.
const (
	spillAfter       = time.Second
	stallAfter       = 5 * time.Second
	longestAwayPause = 30 * time.Second
	queueTick        = 500 * time.Millisecond
)

// metricQueue sends the metrics of one run in batches, in the order in which
// they came, and with them what could not be sent at once. A batch is sent again
// until the server has taken or refused it, which is safe: a server stores equal
// values once. While the server answers but is slow, adding waits; while it is
// away, batches go to the spill, and what finds no room there is dropped.
type metricQueue struct {
	to       sender
	spill    *spill
	strict   bool
	patience time.Duration // How long a flush waits for a server that is away.
	// stallAfter is how long a request may go without an answer once memory is full.
	stallAfter time.Duration

	in      chan Metric
	puts    chan *values
	flushes chan *flushing
	results chan *outcome
	broken  atomic.Pointer[error] // Why nothing more is taken, once that is so.
	refused atomic.Int64          // Values that add did not take for that reason.
	away    atomic.Bool

	adding  sync.RWMutex    // Held to read by add, so that close knows when none is under way.
	closing chan struct{}   // Closed when nothing more may be added.
	ctx     context.Context // Ends the goroutine and its requests.
	cancel  context.CancelFunc
	done    chan struct{}

	backlog // The goroutine's own, until done is closed.
}

// backlog is what waits, and how delivery goes.
type backlog struct {
	batch    []Metric  // Younger than all that follows, and not full.
	waiting  []*values // Younger than what is in the spill.
	sending  *values   // Under way: the oldest of all.
	spilled  bool      // sending is in the spill, else it is waiting[0].
	begun    time.Time // When sending was begun.
	failing  time.Time // Since when the server has been away; zero if it is not.
	failure  error     // The last one.
	failTold bool
	paused   bool // Until the retry timer fires.
	pause    time.Duration
	flushing []*flushing
	taken    int64 // Values that were cut into batches and not dropped.
	settled  int64 // Values among them that the server has taken or refused.
	gone     bool  // The run takes nothing more.
	told     troubles

	spillFailed time.Time // When the spill last had no room; zero if it has.
	spillTold   bool
}

// flushing is a flush that waits until so many values are settled.
type flushing struct {
	begun  time.Time
	target int64
	reply  chan error
}

// newMetricQueue starts the queue of a run, which close ends.
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

// ended reports whether the queue takes nothing more.
func (q *metricQueue) ended() bool {
	select {
	case <-q.closing:
		return true
	default:
		return false
	}
}

// add queues a metric. It waits for room until ctx or the run ends.
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

// put queues values that are not metrics, behind the metrics that were added before.
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

// flush waits until all values that were added before have been settled, and
// returns the errors met since the last flush. It gives up when the server has
// been away for the queue's patience.
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
			in = nil // Who adds has to wait.
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
			q.pause, q.paused = 0, false // Ask at once.
		case <-tick.C:
			q.watch()
		case <-q.ctx.Done():
			return
		}
		q.settle()
	}
}

// drain takes all that was added.
func (q *metricQueue) drain() {
	for len(q.in) > 0 {
		if q.batch = append(q.batch, <-q.in); len(q.batch) >= batchLength {
			q.cut()
		}
	}
	q.cut()
}

// cut makes the batch wait to be sent, together with the youngest that waits if
// both are small.
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

// dispatch sends the oldest values that wait, unless some are under way.
func (q *metricQueue) dispatch() {
	if q.sending != nil || q.paused || q.gone {
		return
	}
	switch {
	case !q.spill.empty():
		line, err := q.spill.oldest()
		if err != nil { // The disk fails.
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

// received notes what became of the values under way. It returns how long to wait
// before they are sent again, 0 if they need not be.
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

// fail notes that the server is away.
func (q *metricQueue) fail(err error) {
	if q.failure = err; q.failing.IsZero() {
		q.failing = time.Now()
		q.away.Store(true)
	}
}

// recovered notes that the server is there.
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

// watch finds out that a request has no answer while the memory is full.
func (q *metricQueue) watch() {
	if q.sending != nil && len(q.waiting) >= backlogLength && time.Since(q.begun) >= q.stallAfter {
		q.fail(errors.New("a request has no answer"))
	}
}
