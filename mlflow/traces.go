package mlflow

import (
	"context"

	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Trace returns a trace with its spans. A trace of which spans are missing is an error.
func (c *Client) Trace(ctx context.Context, id string) (*tracing.Trace, error) {
	out, err := call(ctx, c, tracing.Endpoints.GetTrace, &tracing.GetTraceRequest{TraceID: id})
	return out.Trace, err
}

// SearchTraces returns a page of traces without their spans.
func (c *Client) SearchTraces(
	ctx context.Context, in *tracing.SearchTracesRequest,
) (*tracing.SearchTracesResponse, error) {
	return call(ctx, c, tracing.Endpoints.SearchTraces, in)
}

// LogFeedback adds an assessment to a trace and returns it with its id.
func (c *Client) LogFeedback(ctx context.Context, traceID string, a *tracing.Assessment) (*tracing.Assessment, error) {
	out, err := call(ctx, c, tracing.Endpoints.CreateAssessment,
		&tracing.CreateAssessmentRequest{TraceID: traceID, Assessment: a})
	return out.Assessment, err
}
