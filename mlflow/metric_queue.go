package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The background batching of metrics: a batch goes out when it is full, or when
// its first metric has waited for queueDelay. At most queueLength metrics wait
// behind it (about a megabyte); then logging waits, too.
const (
	batchLength = 1000
	queueLength = 10 * batchLength
	queueDelay  = 200 * time.Millisecond
)

// rejectedLimit is how many metrics the server may refuse before the queue takes
// it that it will refuse all, say because the run was deleted.
const rejectedLimit = 10

// metricQueue sends the metrics of one run in batches, in the order in which
// they came. A batch is sent again until the server has taken it, which is safe:
// a server stores equal metrics once.
type metricQueue struct {
	send     func(context.Context, []Metric) error
	in       chan Metric
	flushes  chan chan error
	broken   atomic.Pointer[error] // Set when nothing more will be delivered.
	rejected int                   // In a row; the goroutine's own, like errs.
	errs     []error
	dropped  int

	adding  sync.RWMutex    // Held to read by add, so that close knows when none is under way.
	closing chan struct{}   // Closed when nothing more may be added.
	ctx     context.Context // Ends the goroutine and its requests.
	cancel  context.CancelFunc
	done    chan struct{}
}

// newMetricQueue starts the queue's goroutine, which close ends.
func newMetricQueue(ctx context.Context, send func(context.Context, []Metric) error) *metricQueue {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q := &metricQueue{
		send: send, in: make(chan Metric, queueLength), flushes: make(chan chan error),
		closing: make(chan struct{}), ctx: ctx, cancel: cancel, done: make(chan struct{}),
	}
	go q.run()
	return q
}

// add queues a metric. It waits for room until ctx or the run ends.
func (q *metricQueue) add(ctx context.Context, m Metric) error {
	q.adding.RLock()
	defer q.adding.RUnlock()
	select {
	case <-q.closing:
		return errRunEnded
	default:
	}
	if err := q.broken.Load(); err != nil {
		return *err
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
		return fmt.Errorf("%d metrics wait for the tracking server and this one found no room: %w", queueLength, context.Cause(ctx))
	}
}

// flush waits until all metrics that were added before have been taken by the
// server, and returns the errors met since the last flush.
func (q *metricQueue) flush(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case q.flushes <- reply:
	case <-q.done:
		return nil
	case <-ctx.Done():
		return q.undelivered(ctx)
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return q.undelivered(ctx)
	}
}

func (q *metricQueue) undelivered(ctx context.Context) error {
	return fmt.Errorf("some metrics (up to %d) have not been taken by the tracking server: %w", len(q.in)+batchLength, context.Cause(ctx))
}

// close flushes and ends the goroutine, even if ctx ends first. What add took
// before is flushed; what comes later is refused. It is called once.
func (q *metricQueue) close(ctx context.Context) error {
	close(q.closing)
	q.adding.Lock()
	q.adding.Unlock() //nolint:staticcheck // Nothing to do in between: every add under way is over.
	err := q.flush(ctx)
	q.cancel()
	<-q.done
	return err
}

func (q *metricQueue) run() {
	defer close(q.done)
	batch := make([]Metric, 0, batchLength)
	timer := time.NewTimer(queueDelay)
	timer.Stop()
	deliver := func() {
		q.deliver(batch)
		batch = batch[:0]
	}
	for {
		select {
		case m := <-q.in:
			if batch = append(batch, m); len(batch) == 1 {
				timer.Reset(queueDelay)
			}
			if len(batch) == batchLength {
				deliver()
			}
		case <-timer.C:
			deliver()
		case reply := <-q.flushes:
			for len(q.in) > 0 {
				if batch = append(batch, <-q.in); len(batch) == batchLength {
					deliver()
				}
			}
			deliver()
			reply <- q.takeErrors()
		case <-q.ctx.Done():
			return
		}
	}
}

// deliver sends a batch. One that the server refuses is halved until what it
// refuses stands alone, so that one bad metric does not take others with it.
func (q *metricQueue) deliver(batch []Metric) {
	if len(batch) == 0 {
		return
	}
	if q.broken.Load() != nil {
		q.dropped += len(batch)
		return
	}
	err := q.send(q.ctx, batch)
	switch e := AsError(err); {
	case err == nil:
		q.rejected = 0
	case e != nil && e.HTTPStatus() == http.StatusBadRequest && len(batch) > 1:
		q.deliver(batch[:len(batch)/2])
		q.deliver(batch[len(batch)/2:])
	case e != nil && e.HTTPStatus() == http.StatusBadRequest:
		q.errs = append(q.errs, fmt.Errorf("the metric %s at step %d was refused: %w", batch[0].Key, batch[0].Step, err))
		if q.rejected++; q.rejected == rejectedLimit {
			q.stop(err)
		}
	default:
		q.dropped += len(batch)
		q.stop(err)
	}
}

// stop makes add fail from now on.
func (q *metricQueue) stop(err error) {
	err = fmt.Errorf("the tracking server takes no more metrics of this run: %w", err)
	q.errs = append(q.errs, err)
	q.broken.Store(&err)
}

func (q *metricQueue) takeErrors() error {
	errs, dropped := q.errs, q.dropped
	q.errs, q.dropped = nil, 0
	if dropped > 0 {
		errs = append(errs, fmt.Errorf("%d metrics are lost", dropped))
	}
	return errors.Join(errs...)
}
