package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	maxHistoryRuns = 100
	maxWhole       = 2_000_000 // values of a response without pages
	defaultPart    = 20_000    // values of such a response in memory
	maxBulkMetrics = 25_000
	maxSample      = 2500 // values per run; also the default
)

func (s *Server) metricRoutes(r *route.Router) {
	route.On(r, mlflow.Endpoints.GetMetricHistory, permit.Run(access.ToRead), s.metricHistory)
	route.OnAjax(r, mlflow.Endpoints.MetricHistoryBulk, rules.ReadHistories, s.metricHistoryBulk)
	route.On(r, mlflow.Endpoints.MetricHistoryInterval, rules.ReadIntervals, s.metricHistoryInterval)
}

func (s *Server) metricHistory(
	ctx context.Context,
	in *mlflow.GetMetricHistoryRequest,
) (*mlflow.MetricHistoryResponse, error) {
	if in.MaxResults == nil && in.PageToken == "" {
		return s.wholeHistory(ctx, in)
	}
	limit := 0
	if in.MaxResults != nil {
		if limit = int(*in.MaxResults); limit <= 0 {
			return nil, validate.BadLimit(limit, "a positive integer.")
		}
	}
	list, next, err := s.Store.MetricHistory(ctx, in.RunID, in.MetricKey, limit, in.PageToken)
	return &mlflow.MetricHistoryResponse{Metrics: list, NextPageToken: next}, err
}

// wholeHistory answers a request without pagination. It reads a long history in parts
// while it writes the response. A history of more than maxWhole values is paginated.
func (s *Server) wholeHistory(
	ctx context.Context,
	in *mlflow.GetMetricHistoryRequest,
) (*mlflow.MetricHistoryResponse, error) {
	part := cmp.Or(s.historyPart, defaultPart)
	list, next, err := s.Store.MetricHistory(ctx, in.RunID, in.MetricKey, part, "")
	out := &mlflow.MetricHistoryResponse{Metrics: list}
	if err != nil || next == "" {
		return out, err
	}
	tooLong, err := s.Store.LongerHistory(ctx, in.RunID, in.MetricKey, maxWhole)
	if err != nil || tooLong {
		out.NextPageToken = next
		return out, err
	}
	out.More = func(yield func([]mlflow.Metric) bool) {
		for more := true; more && next != ""; {
			if list, next, err = s.Store.MetricHistory(ctx, in.RunID, in.MetricKey, part, next); err != nil {
				s.Log.WarnContext(ctx, "metric history aborted", "run_id", in.RunID, "error", err)
				panic(http.ErrAbortHandler) // The status has been sent; abort the response.
			}
			more = yield(list)
		}
	}
	return out, nil
}

func (s *Server) metricHistoryBulk(
	ctx context.Context,
	in *mlflow.MetricHistoryBulkRequest,
) (*mlflow.MetricHistoryBulkResponse, error) {
	switch n := len(in.RunIDs); {
	case n == 0:
		return nil, apierror.Invalid("GetMetricHistoryBulk request must specify at least one run_id.")
	case n > maxHistoryRuns:
		return nil, apierror.Invalid(
			"GetMetricHistoryBulk request cannot specify more than %d run_ids. Received %d run_ids.",
			maxHistoryRuns,
			n,
		)
	case in.MetricKey == "":
		return nil, apierror.Invalid("GetMetricHistoryBulk request must specify a metric_key.")
	}
	limit := maxBulkMetrics
	if in.MaxResults != nil {
		limit = int(min(maxBulkMetrics, max(0, *in.MaxResults)))
	}
	list, err := s.Store.MetricHistoryBulk(ctx, in.RunIDs, in.MetricKey, limit)
	if list == nil {
		list = []mlflow.Metric{} // MLflow's pages require the field.
	}
	return &mlflow.MetricHistoryBulkResponse{Metrics: list}, err
}

func (s *Server) metricHistoryInterval(
	ctx context.Context,
	in *mlflow.MetricHistoryIntervalRequest,
) (*mlflow.MetricHistoryIntervalResponse, error) {
	if n := len(in.RunIDs); n > maxHistoryRuns {
		return nil, apierror.Invalid(
			"GetMetricHistoryBulkInterval request must specify at most %d run_ids. Received %d run_ids. See the API docs "+
				"for more information about request parameters.",
			maxHistoryRuns,
			n,
		)
	}
	n := int64(maxSample)
	if in.MaxResults != nil {
		n = *in.MaxResults
	}
	if n < 1 || n > maxSample {
		return nil, apierror.Invalid(
			"max_results must be between 1 and %d. See the API docs for more information about request parameters.",
			maxSample,
		)
	}
	var steps *history.StepRange
	switch {
	case (in.StartStep == nil) != (in.EndStep == nil):
		return nil, apierror.Invalid("If either start step or end step are specified, both must be specified.")
	case in.StartStep != nil && *in.StartStep > *in.EndStep:
		return nil, apierror.Invalid(
			"end_step must be greater than start_step. Found start_step=%d and end_step=%d.",
			*in.StartStep,
			*in.EndStep,
		)
	case in.StartStep != nil:
		steps = &history.StepRange{From: *in.StartStep, To: *in.EndStep}
	}
	out := &mlflow.MetricHistoryIntervalResponse{}
	for _, runID := range in.RunIDs {
		list, err := s.Store.MetricSample(ctx, runID, in.MetricKey, int(n), steps)
		if err != nil {
			return nil, err
		}
		out.Metrics = append(out.Metrics, list...)
	}
	return out, nil
}
