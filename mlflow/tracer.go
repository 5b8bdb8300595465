package mlflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	exportEvery = time.Second
	// exportSize and exportBytes are the most spans of a request and the most bytes of their JSON,
	// but a span that is larger is sent alone.
	exportSize, exportBytes = 512, 16 << 20
	// maxPending and maxPendingBytes are the most spans that wait for the server, and the most bytes
	// of texts in their attributes. Further spans are dropped.
	maxPending, maxPendingBytes = 20_000, 64 << 20
	// maxRefusals is the number of traces that are refused one after the other until the tracer
	// takes it that the reason concerns all that were to be sent with them.
	maxRefusals = 8
	// finishedAtOnce is the number of requests for finished traces at once.
	finishedAtOnce = 8
)

// Tracer sends spans to an experiment in the background. Programs that use OpenTelemetry send
// their spans with its exporter for OTLP over HTTP instead, to /v1/traces of the server with
// the header x-mlflow-experiment-id.
type Tracer struct {
	client     *Client
	experiment string
	report     func(err error)

	mu      sync.Mutex
	pending []*TraceSpan
	bytes   int   // of the pending spans
	dropped int   // since Flush
	failure error // the last error since Flush
	stats   TracerStats

	sending chan struct{} // has an element while spans are sent, so that they arrive in order
	wake    chan struct{}
	closed  chan struct{}
	once    sync.Once
	done    sync.WaitGroup
	ctx     context.Context //nolint:containedctx // It ends the requests of the background.
	cancel  context.CancelFunc
}

// TracerStats counts the spans of a tracer since it was made.
type TracerStats struct {
	Sent    int64 // The server has stored them.
	Dropped int64 // They ended while too many were waiting for the server.
	Refused int64 // The server refused them, or they have a value that is no JSON.
	Waiting int   // They wait for the server now.
}

// TracerOption is an option of [Client.NewTracer].
type TracerOption func(*Tracer)

// WithExportReport calls report after each attempt to send spans in the background, with nil if
// the server has taken all of them. It delays the next attempt.
func WithExportReport(report func(err error)) TracerOption {
	return func(t *Tracer) { t.report = report }
}

// NewTracer returns a tracer whose traces belong to the experiment with the given id. Close
// must be called to send the last spans.
func (c *Client) NewTracer(experimentID string, options ...TracerOption) *Tracer {
	t := &Tracer{
		client: c, experiment: experimentID, report: func(error) {},
		sending: make(chan struct{}, 1), wake: make(chan struct{}, 1), closed: make(chan struct{}),
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	for _, option := range options {
		option(t)
	}
	t.done.Go(t.loop)
	return t
}

// Stats returns the numbers of spans that were sent and that were lost.
func (t *Tracer) Stats() TracerStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	stats := t.stats
	stats.Waiting = len(t.pending)
	return stats
}

// add queues a span that has ended.
func (t *Tracer) add(s *TraceSpan) {
	s.size = s.textBytes()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) >= maxPending || t.bytes+s.size > maxPendingBytes {
		t.dropped++
		t.stats.Dropped++
		return
	}
	t.pending, t.bytes = append(t.pending, s), t.bytes+s.size
	if len(t.pending) >= exportSize {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// loop sends spans until the tracer is closed.
func (t *Tracer) loop() {
	tick := time.NewTicker(exportEvery)
	defer tick.Stop()
	for {
		select {
		case <-t.closed:
			return
		case <-tick.C:
		case <-t.wake:
		}
		tried, err := t.send(t.ctx)
		if err != nil {
			t.mu.Lock()
			t.failure = err
			t.mu.Unlock()
		}
		if tried {
			t.report(err)
		}
	}
}

// Flush sends all spans that have ended. Its error tells of spans that were refused or dropped
// since the last call, too. Spans that could not be sent because the server does not answer
// stay queued.
func (t *Tracer) Flush(ctx context.Context) error {
	_, err := t.send(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropped > 0 {
		err = errors.Join(err, fmt.Errorf("%d spans were dropped, because too many were waiting for the server", t.dropped))
	}
	err = errors.Join(t.failure, err)
	t.failure, t.dropped = nil, 0
	return err
}

// Close sends all spans that have ended and ends the background work. Spans that end later
// are not sent. If ctx ends before, the spans that wait are lost.
func (t *Tracer) Close(ctx context.Context) error {
	t.once.Do(func() { close(t.closed) })
	defer t.cancel()
	stop := context.AfterFunc(ctx, t.cancel)
	defer stop()
	t.done.Wait()
	return t.Flush(ctx)
}

// send sends the pending spans in parts, and reports whether there were any. A part that the
// server does not answer stays queued.
func (t *Tracer) send(ctx context.Context) (tried bool, err error) {
	select {
	case t.sending <- struct{}{}:
		defer func() { <-t.sending }()
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	var refused error
	for {
		t.mu.Lock()
		part := t.pending[:min(exportSize, len(t.pending))]
		t.mu.Unlock()
		if len(part) == 0 {
			return tried, refused
		}
		tried = true
		lost, err := t.export(ctx, part)
		if err != nil {
			return tried, errors.Join(refused, err)
		}
		refused = cmp.Or(refused, lost)
		t.mu.Lock()
		t.pending = append([]*TraceSpan(nil), t.pending[len(part):]...)
		for _, s := range part {
			t.bytes -= s.size
		}
		t.mu.Unlock()
	}
}
