package mlflow

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// encodedSpan is a span with its JSON.
type encodedSpan struct {
	span *TraceSpan
	json json.RawMessage
}

// export sends spans, and then the information of the traces whose root is among them. refused
// is the first error of spans that the server does not take. err is not nil if the server does not answer;
// then all spans can be sent again.
func (t *Tracer) export(ctx context.Context, part []*TraceSpan) (refused, err error) {
	spans := make([]encodedSpan, 0, len(part))
	for _, s := range part {
		raw, err := s.encode()
		if err != nil {
			refused = cmp.Or(refused, err)
			continue
		}
		spans = append(spans, encodedSpan{s, raw})
	}
	var sent []*TraceSpan
	for len(spans) > 0 {
		n, size := 0, 0
		for n < len(spans) && (n == 0 || size+len(spans[n].json) <= exportBytes) {
			size += len(spans[n].json)
			n++
		}
		taken, lost, err := t.post(ctx, spans[:n])
		if err != nil {
			return refused, err
		}
		sent, refused, spans = append(sent, taken...), cmp.Or(refused, lost), spans[n:]
	}
	lost, err := t.finish(ctx, sent)
	if err != nil {
		return refused, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Sent += int64(len(sent))
	t.stats.Refused += int64(len(part) - len(sent))
	return cmp.Or(refused, lost), nil
}

// post sends spans in one request. If the server refuses it, the spans are sent trace by trace,
// because one of them may be the reason: a trace that continues that of a caller may belong to an
// experiment of others.
func (t *Tracer) post(ctx context.Context, spans []encodedSpan) (sent []*TraceSpan, refused, err error) {
	err = t.postOnce(ctx, spans)
	if err == nil {
		return spansOf(spans), nil, nil
	}
	if again(err, true) {
		return nil, nil, err
	}
	traces := byTrace(spans)
	if len(traces) == 1 {
		return nil, err, nil
	}
	inARow := 0
	for _, trace := range traces {
		if inARow == maxRefusals {
			break
		}
		switch err := t.postOnce(ctx, trace); {
		case err == nil:
			sent, inARow = append(sent, spansOf(trace)...), 0
		case again(err, true):
			return nil, nil, err
		default:
			refused = err
			inARow++
		}
	}
	return sent, refused, nil
}

func spansOf(encoded []encodedSpan) []*TraceSpan {
	spans := make([]*TraceSpan, len(encoded))
	for i, e := range encoded {
		spans[i] = e.span
	}
	return spans
}

// byTrace divides spans by their traces, in the order of the first span of each.
func byTrace(spans []encodedSpan) [][]encodedSpan {
	var traces [][]encodedSpan
	index := map[[16]byte]int{}
	for _, e := range spans {
		i, known := index[e.span.trace.id]
		if !known {
			i = len(traces)
			index[e.span.trace.id], traces = i, append(traces, nil)
		}
		traces[i] = append(traces[i], e)
	}
	return traces
}

// postOnce sends spans in one request of OpenTelemetry.
func (t *Tracer) postOnce(ctx context.Context, spans []encodedSpan) error {
	list := make([]json.RawMessage, len(spans))
	for i, e := range spans {
		list[i] = e.json
	}
	body, err := json.Marshal(map[string]any{
		"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": list}}}},
	})
	if err != nil {
		return err
	}
	return t.client.retry(ctx, true, func() error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		target := t.client.base + "/v1/traces"
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
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
	})
}

// finish sends the information of the traces whose roots are among spans, some at once.
func (t *Tracer) finish(ctx context.Context, spans []*TraceSpan) (refused, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	free := make(chan struct{}, finishedAtOnce)
	for _, s := range spans {
		if s.parent != [8]byte{} {
			continue
		}
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			_, failure := call(ctx, t.client, tracing.Endpoints.StartTrace, s.finished(t.experiment))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case failure == nil:
			case again(failure, true):
				err = failure
			default:
				refused = cmp.Or(refused, failure)
			}
		})
	}
	wg.Wait()
	return refused, err
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
