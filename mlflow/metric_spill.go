package mlflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// losingPatience is the minimum time that a flush waits for the server if the values
// cannot be stored on the disk.
const losingPatience = 5 * time.Minute

// settle moves waiting values to the spill if necessary, drops values beyond the limits,
// and completes flushes.
func (q *metricQueue) settle() {
	if q.gone {
		q.discard()
	}
	away, full := !q.failing.IsZero(), len(q.waiting) >= backlogLength
	if away && !q.failTold && time.Since(q.failing) >= spillAfter {
		q.failTold = true
		slog.WarnContext(
			q.ctx,
			"the tracking server takes no metrics at present; they wait for it",
			"run_id",
			q.spill.owner.RunID,
			"error",
			q.failure,
		)
	}
	if away && (full || time.Since(q.failing) >= spillAfter) || full && !q.spill.empty() {
		if time.Since(q.spillFailed) >= queueTick {
			_ = q.spillAll() // A failure is logged and tried again.
		}
	}
	for away && len(q.waiting) > backlogLength {
		q.dropYoungest()
	}
	left := q.flushing[:0]
	for _, f := range q.flushing {
		waited := min(time.Since(f.begun), time.Since(q.failing))
		switch {
		case q.settled >= f.target:
			f.reply <- q.told.take()
		case away && waited >= q.patience && waited >= q.patienceNow():
			err := fmt.Errorf("it has been away for %s", time.Since(q.failing).Round(time.Millisecond))
			f.reply <- errors.Join(undelivered(err), q.told.take())
		default:
			left = append(left, f)
		}
	}
	q.flushing = left
}

// patienceNow returns how long a flush waits while the server is not available.
func (q *metricQueue) patienceNow() time.Duration {
	if len(q.waiting) > 0 && q.spillAll() != nil {
		return max(q.patience, losingPatience)
	}
	return q.patience
}

// spillAll moves the values in memory to the spill, including those that are being sent,
// which are the oldest.
func (q *metricQueue) spillAll() error {
	for len(q.waiting) > 0 {
		oldest := q.waiting[0]
		if err := q.spill.add(&spillLine{values: *oldest}); err != nil {
			q.spillFailed = time.Now()
			q.tellOnce(err)
			return err
		}
		if oldest == q.sending {
			q.spilled = true
			q.spill.head = q.spill.last
		}
		q.waiting = q.waiting[1:]
	}
	q.spillFailed = time.Time{}
	return nil
}

// tellOnce logs why values cannot be stored on the disk.
func (q *metricQueue) tellOnce(err error) {
	if !q.spillTold {
		q.spillTold = true
		slog.WarnContext(
			q.ctx,
			"metrics cannot be kept on the disk; what finds no room in memory is lost",
			"run_id",
			q.spill.owner.RunID,
			"folder",
			q.spill.dir,
			"error",
			err,
		)
	}
}

// dropYoungest drops the newest values. A strict run accepts no values afterwards.
func (q *metricQueue) dropYoungest() {
	youngest := len(q.waiting) - 1
	n := q.waiting[youngest].len()
	q.waiting = q.waiting[:youngest]
	q.told.dropped += n
	q.taken -= int64(n)
	for _, f := range q.flushing {
		f.target = min(f.target, q.taken)
	}
	if q.strict && q.broken.Load() == nil {
		err := Errorf(
			TemporarilyUnavailable,
			"the tracking server is away, and there is no more room for metrics that wait for it",
		)
		q.broken.Store(&err)
	}
}

// stop ends the acceptance of values.
func (q *metricQueue) stop(err error) {
	err = fmt.Errorf("the tracking server takes no more metrics of this run: %w", err)
	slog.WarnContext(q.ctx, "the run takes no more metrics", "run_id", q.spill.owner.RunID, "error", err)
	q.told.stopped = err
	q.gone = true
	q.broken.Store(&err)
}

// discard drops all waiting values.
func (q *metricQueue) discard() {
	q.told.dropped += q.spill.count
	for _, v := range q.waiting {
		q.told.dropped += v.len()
	}
	q.waiting = nil
	if err := q.spill.discard(); err != nil {
		q.told.note(err)
	}
	q.settled = q.taken
}

// close flushes the queue and ends the goroutine, even if ctx ends first. Values that
// were added before are delivered or remain in the spill; later calls of add fail. close
// is called once. It returns the number of values in the spill and the errors.
func (q *metricQueue) close(ctx context.Context) (left int, err error) {
	close(q.closing)
	q.adding.Lock()
	q.adding.Unlock() //nolint:staticcheck // Wait for current calls of add.
	err = q.flush(ctx)
	q.cancel()
	<-q.done
	if q.sending != nil {
		if o := <-q.results; o.away == nil {
			q.received(o)
		}
	}
	q.drain()
	if q.gone {
		q.discard()
	}
	_ = q.spillAll() // Values that cannot be stored are counted below.
	for _, v := range q.waiting {
		q.told.dropped += v.len()
	}
	q.told.dropped += int(q.refused.Swap(0))
	return q.spill.count, errors.Join(err, q.told.take())
}
