package traces

import (
	"context"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/store/traces"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// The numbers of traces on a page.
const (
	defaultFound = 100
	maxFound     = 500
)

func (h *Handlers) searchRoutes(r *route.Router) {
	route.On(r, tracing.Endpoints.SearchTraces, rules.SearchTraces, h.searchTraces)
	route.On(r, tracing.Endpoints.SearchTracesV2, rules.SearchTracesV2, h.searchTracesV2)
	route.On(r, tracing.Endpoints.TraceMetrics, rules.TraceMetrics, h.traceMetrics)
	route.On(r, tracing.Endpoints.Correlation, rules.Correlation, h.correlation)
}

func (h *Handlers) searchTraces(
	ctx context.Context, in *tracing.SearchTracesRequest,
) (*tracing.SearchTracesResponse, error) {
	ids := in.ExperimentIDs()
	for _, id := range ids {
		if strings.Contains(id, ".") {
			return nil, apierror.Invalid(
				"Locations must be a list of experiment IDs. Found invalid experiment IDs: %s.", apierror.Shorten(id),
			)
		}
	}
	list, next, err := h.search(ctx, ids, in.Filter, in.MaxResults, in.OrderBy, in.PageToken)
	return &tracing.SearchTracesResponse{Traces: list, NextPageToken: next}, err
}

func (h *Handlers) searchTracesV2(
	ctx context.Context, in *tracing.SearchTracesV2Request,
) (*tracing.SearchTracesV2Response, error) {
	list, next, err := h.search(ctx, in.ExperimentIDs, in.Filter, in.MaxResults, in.OrderBy, in.PageToken)
	found := make([]tracing.TraceInfoV2, len(list))
	for i := range list {
		found[i] = *V2(&list[i])
	}
	return &tracing.SearchTracesV2Response{Traces: found, NextPageToken: next}, err
}

// search returns a page of traces. max is the most traces on it, or nil.
func (h *Handlers) search(
	ctx context.Context, experimentIDs []string, filter string, max *int32, orderBy []string, token string,
) ([]tracing.TraceInfo, string, error) {
	limit := defaultFound
	if max != nil {
		limit = int(*max)
	}
	switch {
	case limit > maxFound:
		return nil, "", validate.BadValue("max_results", strconv.Itoa(limit), " Hint: Value was of type 'int'. "+
			"See the API docs for more information about request parameters.")
	case limit < 1:
		return nil, "", validate.BadLimit(limit, "a positive integer")
	}
	ids, err := validate.ExperimentIDs(experimentIDs)
	if err != nil {
		return nil, "", err
	}
	return h.Store.SearchTraces(ctx, &traces.Search{
		ExperimentIDs: ids, Filter: filter, OrderBy: orderBy, PageToken: token, Limit: limit,
	})
}
