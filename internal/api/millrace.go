package api

import (
	"context"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// millraceRoutes mounts the routes of Millrace's pages that MLflow does not have.
func (s *Server) millraceRoutes(r *route.Router) {
	route.OnAjax(r, mlflow.Endpoints.ExperimentActivity, permit.Filtered, s.experimentActivity)
	route.OnAjax(r, mlflow.Endpoints.MetricSummary, permit.Run(access.ToRead), s.metricSummary)
	route.OnAjax(r, mlflow.Endpoints.MetricSeries, rules.ReadSeries, s.metricSeries)
	route.OnAjax(r, mlflow.Endpoints.RunChildren, permit.Run(access.ToRead), s.runChildren)
	route.OnAjax(r, mlflow.Endpoints.DatasetUsages, permit.Experiment(access.ToRead), s.datasetUsages)
	route.OnAjax(r, mlflow.Endpoints.GetDataset, permit.Experiment(access.ToRead), s.dataset)
	s.runTableRoutes(r)
	route.OnAjax(r, mlflow.Endpoints.ModelSignature, rules.ReadSignature, s.modelSignature)
}

func (s *Server) experimentActivity(
	ctx context.Context,
	in *mlflow.ExperimentActivityRequest,
) (*mlflow.ExperimentActivityResponse, error) {
	if n := len(in.ExperimentIDs); n > maxActivityCount {
		return nil, apierror.Invalid("One request can ask for at most %d experiments. Got %d.", maxActivityCount, n)
	}
	ids, err := experimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.ExperimentActivity(ctx, ids)
	return &mlflow.ExperimentActivityResponse{Experiments: list}, err
}

func (s *Server) metricSummary(
	ctx context.Context,
	in *mlflow.MetricSummaryRequest,
) (*mlflow.MetricSummaryResponse, error) {
	list, err := s.Store.MetricSummaries(ctx, in.RunID)
	return &mlflow.MetricSummaryResponse{Metrics: list}, err
}

func (s *Server) runChildren(ctx context.Context, in *mlflow.RunChildrenRequest) (*mlflow.RunChildrenResponse, error) {
	list, err := s.Store.RunChildren(ctx, in.RunID)
	return &mlflow.RunChildrenResponse{Runs: list}, err
}
