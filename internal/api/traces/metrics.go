package traces

import (
	"context"

	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

func (h *Handlers) traceMetrics(
	ctx context.Context, in *tracing.TraceMetricsRequest,
) (*tracing.TraceMetricsResponse, error) {
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	if in.PageToken != "" { // There is one page, so no response has a token.
		return nil, validate.BadValue("page_token", in.PageToken, "There is no further page.")
	}
	points, err := h.Store.TraceMetrics(ctx, ids, in)
	return &tracing.TraceMetricsResponse{DataPoints: points}, err
}

func (h *Handlers) correlation(
	ctx context.Context, in *tracing.CorrelationRequest,
) (*tracing.CorrelationResponse, error) {
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	return h.Store.Correlation(ctx, ids, in)
}
