// Package otel exports traces by OpenTelemetry's SDK for Go, which others have written, and reads them by the client of
// Millrace. It is a module of its own, so that its dependencies stay out of the others.
package otel

import (
	"context"
	"errors"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// export runs work with a tracer whose spans are sent to an experiment of a server.
func export(
	t *testing.T, server *local.Server, experiment string, work func(ctx context.Context, tracer trace.Tracer),
	options ...otlptracehttp.Option,
) error {
	t.Helper()
	options = append([]otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(server.URL() + "/v1/traces"),
		otlptracehttp.WithHeaders(map[string]string{"x-mlflow-experiment-id": experiment}),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
	}, options...)
	exporter, err := otlptracehttp.New(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "agent"))),
	)
	work(t.Context(), provider.Tracer("test"))
	return errors.Join(provider.ForceFlush(t.Context()), provider.Shutdown(t.Context()))
}

// agent records a trace of an agent that calls a model and a tool that fails.
func agent(ctx context.Context, tracer trace.Tracer) {
	ctx, root := tracer.Start(ctx, "agent", trace.WithAttributes(attribute.String("session.id", "s1")))
	defer root.End()
	_, model := tracer.Start(ctx, "chat", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.request.model", "m"),
		attribute.Int("gen_ai.usage.input_tokens", 7), attribute.Int("gen_ai.usage.output_tokens", 5),
		attribute.StringSlice("stops", []string{"ü", "日本"}),
	))
	model.End()
	_, tool := tracer.Start(ctx, "search")
	tool.RecordError(errors.New("no such page"))
	tool.SetStatus(codes.Error, "no such page")
	tool.End()
}

func startServer(t *testing.T) (*local.Server, *mlflow.Client) {
	t.Helper()
	server, err := local.Start(t.Context(), local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, server.Client()
}

// TestExport sends a trace plain and compressed.
func TestExport(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	for _, compression := range []otlptracehttp.Compression{otlptracehttp.NoCompression, otlptracehttp.GzipCompression} {
		var id trace.TraceID
		err := export(t, server, "0", func(ctx context.Context, tracer trace.Tracer) {
			ctx, span := tracer.Start(ctx, "outer")
			id = span.SpanContext().TraceID()
			agent(ctx, tracer)
			span.End()
		}, otlptracehttp.WithCompression(compression))
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.Trace(t.Context(), "tr-"+id.String())
		if err != nil {
			t.Fatal(err)
		}
		check(t, got)
	}
}

func check(t *testing.T, got *tracing.Trace) {
	t.Helper()
	names := map[string]bool{}
	for _, s := range got.Spans {
		names[s.Name] = true
	}
	for _, name := range []string{"outer", "agent", "chat", "search"} {
		if !names[name] {
			t.Errorf("the trace lacks the span %s: %v", name, names)
		}
	}
	info := got.TraceInfo
	if info.State != tracing.StateOK || info.ExperimentID() != "0" || len(got.Spans) != 4 {
		t.Errorf("the trace has %d spans and the information %+v", len(got.Spans), info)
	}
	const usage = `{"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}`
	if text := info.TraceMetadata["mlflow.trace.tokenUsage"]; text != usage {
		t.Errorf("the usage is %s", text)
	}
}

// TestRefused checks that the SDK learns why a server stores nothing.
func TestRefused(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	if err := export(t, server, "99999", agent); err == nil {
		t.Error("an experiment that does not exist has taken spans")
	}
	found, err := client.SearchTraces(t.Context(), &tracing.SearchTracesRequest{
		Locations: []tracing.Location{tracing.InExperiment("0")},
	})
	if err != nil || len(found.Traces) > 0 {
		t.Errorf("traces %v, %v", found, err)
	}
}
