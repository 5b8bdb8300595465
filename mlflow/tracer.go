package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/mlflow/tracing"
)

const (
	exportEvery = time.Second
	// exportSize is the most spans of a request.
	exportSize = 512
	// maxPending is the most spans that wait for the server. Further spans are dropped.
	maxPending = 20_000
)

// Tracer sends spans to an experiment in the background. Programs that use OpenTelemetry send
// their spans with its exporter for OTLP over HTTP instead, to /v1/traces of the server with
// the header x-mlflow-experiment-id.
type Tracer struct {
	client     *Client
	experiment string

	mu      sync.Mutex
	pending []*TraceSpan
	dropped int
	failure error // the last error since Flush

	sending sync.Mutex // held while spans are sent, so that they arrive in order
	wake    chan struct{}
	closed  chan struct{}
	once    sync.Once
	done    sync.WaitGroup
}

// NewTracer returns a tracer whose traces belong to the experiment with the given id. Close
// must be called to send the last spans.
func (c *Client) NewTracer(experimentID string) *Tracer {
	t := &Tracer{client: c, experiment: experimentID, wake: make(chan struct{}, 1), closed: make(chan struct{})}
	t.done.Go(t.loop)
	return t
}

// add queues a span that has ended.
func (t *Tracer) add(s *TraceSpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) == maxPending {
		t.dropped++
		return
	}
	t.pending = append(t.pending, s)
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
		if err := t.send(context.Background()); err != nil {
			t.mu.Lock()
			t.failure = err
			t.mu.Unlock()
		}
	}
}

// Flush sends all spans that have ended. Its error tells of spans that were refused or dropped
// since the last call, too. Spans that could not be sent because the server does not answer
// stay queued.
func (t *Tracer) Flush(ctx context.Context) error {
	err := t.send(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropped > 0 {
		err = errors.Join(err,
			fmt.Errorf("%d spans were dropped, because %d were waiting for the server", t.dropped, maxPending))
	}
	err = errors.Join(t.failure, err)
	t.failure, t.dropped = nil, 0
	return err
}

// Close sends all spans that have ended and ends the background work. Spans that end later
// are not sent.
func (t *Tracer) Close(ctx context.Context) error {
	t.once.Do(func() { close(t.closed) })
	t.done.Wait()
	return t.Flush(ctx)
}

// send sends the pending spans in parts. A part that the server refuses is lost; one that it
// does not answer is queued again.
func (t *Tracer) send(ctx context.Context) error {
	t.sending.Lock()
	defer t.sending.Unlock()
	var refused error
	for {
		t.mu.Lock()
		part := t.pending[:min(exportSize, len(t.pending))]
		t.mu.Unlock()
		if len(part) == 0 {
			return refused
		}
		err := t.export(ctx, part)
		if err != nil && again(err, true) {
			return errors.Join(refused, err)
		}
		refused = errors.Join(refused, err)
		t.mu.Lock()
		t.pending = append([]*TraceSpan(nil), t.pending[len(part):]...)
		t.mu.Unlock()
	}
}

// export sends spans, and then the information of the traces whose root is among them.
func (t *Tracer) export(ctx context.Context, part []*TraceSpan) error {
	spans := make([]map[string]any, 0, len(part))
	var refused error
	for _, s := range part {
		m, err := s.message()
		if err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		spans = append(spans, m)
	}
	body, err := json.Marshal(map[string]any{
		"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": spans}}}},
	})
	if err != nil {
		return errors.Join(refused, err)
	}
	err = t.client.retry(ctx, true, func() error { return t.post(ctx, body) })
	if err != nil {
		return errors.Join(refused, err)
	}
	for _, s := range part {
		if s.parent == [8]byte{} {
			_, err := call(ctx, t.client, tracing.Endpoints.StartTrace, s.finished(t.experiment))
			refused = errors.Join(refused, err)
		}
	}
	return refused
}

// post sends a request of OpenTelemetry once.
func (t *Tracer) post(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.client.base+"/v1/traces", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Mlflow-Experiment-Id", t.experiment)
	resp, err := t.client.do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// finished returns the information of the trace of a root span.
func (s *TraceSpan) finished(experiment string) *tracing.StartTraceRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trace.mu.Lock()
	defer s.trace.mu.Unlock()
	duration := tracing.Duration(s.end.Sub(s.start).Milliseconds())
	info := &tracing.TraceInfo{
		TraceID: s.TraceID(), TraceLocation: tracing.InExperiment(experiment), RequestTime: tracing.TimeOf(s.start),
		ExecutionDuration: &duration, State: tracing.StateOK,
		Tags: map[string]string{tracing.TagTraceName: s.name}, TraceMetadata: map[string]string{tracing.MetadataSchema: "3"},
	}
	if s.failed {
		info.State = tracing.StateError
	}
	for key, value := range s.trace.tags {
		info.Tags[key] = value
	}
	for key, value := range s.trace.metadata {
		info.TraceMetadata[key] = value
	}
	return &tracing.StartTraceRequest{Trace: &tracing.StartTrace{TraceInfo: info}}
}
