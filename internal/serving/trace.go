package serving

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// TraceOptions say where the traces of requests go.
type TraceOptions struct {
	// Client is the client of the tracking server, and ExperimentID the experiment of the traces.
	Client       *mlflow.Client
	ExperimentID string
	// ModelName is the name of the registered model, or "".
	ModelName string
	// ContentBytes is the most bytes that a trace has of the inputs of a request, and of the outputs.
	ContentBytes int
}

const (
	// traceHeader has the id of the trace in an answer.
	traceHeader = "Millrace-Trace-Id"
	// spanName is the name that MLflow's models give to the span of a prediction.
	spanName, spanType = "predict", "TASK"
	// lastTraces is the time in which the last traces are sent when the server ends.
	lastTraces = 5 * time.Second

	metadataModelName    = "millrace.model.name"
	metadataModelVersion = "millrace.model.version"
	attributeInputBytes  = "millrace.inputs.bytes"
	attributeOutputBytes = "millrace.outputs.bytes"
)

// tracer traces requests in the background. On nil, its methods do nothing.
type tracer struct {
	options TraceOptions
	spans   *mlflow.Tracer
	log     *slog.Logger
	failing bool // The last spans did not arrive.
}

func newTracer(options *TraceOptions, log *slog.Logger) *tracer {
	if options == nil {
		return nil
	}
	t := &tracer{options: *options, log: log}
	t.spans = options.Client.NewTracer(options.ExperimentID, mlflow.WithExportReport(t.report))
	return t
}

// report logs when traces no longer arrive, and when they do again.
func (t *tracer) report(err error) {
	stats := t.spans.Stats()
	switch {
	case err != nil && !t.failing:
		t.log.Warn("traces do not reach the tracking server; predictions go on", "waiting", stats.Waiting, "error", err)
	case err == nil && t.failing:
		t.log.Info("traces reach the tracking server again", "dropped", stats.Dropped, "refused", stats.Refused)
	}
	t.failing = err != nil
}

// register adds the metrics of traces.
func (t *tracer) register(r *prometheus.Registry) {
	if t == nil {
		return
	}
	for result, number := range map[string]func(mlflow.TracerStats) int64{
		"sent":    func(s mlflow.TracerStats) int64 { return s.Sent },
		"dropped": func(s mlflow.TracerStats) int64 { return s.Dropped },
		"refused": func(s mlflow.TracerStats) int64 { return s.Refused },
	} {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "millrace_serving_traces_total", ConstLabels: prometheus.Labels{"result": result},
			Help: "Traces of requests that were sent, dropped because too many were waiting, or refused by the tracking server.",
		}, func() float64 { return float64(number(t.spans.Stats())) }))
	}
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "millrace_serving_traces_waiting", Help: "Traces of requests that wait to be sent.",
	}, func() float64 { return float64(t.spans.Stats().Waiting) }))
}

// start begins the trace of a request, or continues that of its caller. It returns the request with
// the span.
func (t *tracer) start(w http.ResponseWriter, r *http.Request, d *deployment) (*http.Request, *mlflow.TraceSpan) {
	if t == nil {
		return r, mlflow.SpanOf(r.Context())
	}
	ctx := mlflow.WithTraceParent(mlflow.WithTracer(r.Context(), t.spans), r.Header.Get("Traceparent"))
	ctx, span := mlflow.StartSpan(ctx, spanName)
	r = r.WithContext(ctx)
	id := span.TraceID()
	if id == "" { // The caller does not record its trace.
		return r, span
	}
	w.Header().Set(traceHeader, id)
	span.SetType(spanType)
	for key, value := range map[string]string{
		tracing.MetadataModelID: d.model.Metadata().ModelID,
		metadataModelName:       t.options.ModelName,
		metadataModelVersion:    d.version,
	} {
		if value != "" {
			span.SetMetadata(key, value)
			span.Set(key, value) // A trace that a caller has begun has no such metadata.
		}
	}
	return r, span
}

// inputs records the body of a request. A text that is JSON becomes its value.
func (t *tracer) inputs(ctx context.Context, contentType string, body []byte) {
	if t == nil || t.options.ContentBytes == 0 {
		return
	}
	span := mlflow.SpanOf(ctx)
	if kind, err := mediaType(contentType); err == nil && (kind == typeParquet || kind == typeNPY) {
		span.SetInputs(map[string]any{"content_type": kind, "bytes": len(body)})
		return
	}
	text, cut := excerpt(body, t.options.ContentBytes)
	span.SetInputs(text)
	if cut {
		span.Set(attributeInputBytes, len(body))
	}
}

// end records the answer and ends the span.
func (t *tracer) end(span *mlflow.TraceSpan, answer []byte, failure error) {
	if t == nil {
		return
	}
	switch {
	case failure != nil:
		span.Fail(failure)
	case t.options.ContentBytes > 0:
		text, cut := excerpt(answer, t.options.ContentBytes)
		span.SetOutputs(text)
		if cut {
			span.Set(attributeOutputBytes, len(answer))
		}
	}
	span.End()
}

// close sends the last traces.
func (t *tracer) close(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastTraces)
	defer cancel()
	if err := t.spans.Close(ctx); err != nil {
		stats := t.spans.Stats()
		t.log.WarnContext(ctx, "traces did not reach the tracking server",
			"waiting", stats.Waiting, "dropped", stats.Dropped, "refused", stats.Refused, "error", err)
	}
}

// excerpt returns at most limit bytes from the beginning of a body as valid text without NUL, which
// databases do not store, and whether the body is longer.
func excerpt(body []byte, limit int) (text string, cut bool) {
	if cut = len(body) > limit; cut {
		body = body[:limit]
	}
	text = strings.ToValidUTF8(string(body), "\ufffd")
	return strings.ReplaceAll(text, "\x00", "\ufffd"), cut
}
