package api

import (
	"context"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

// millraceRoutes are the additions to MLflow's API that our own pages use.
func (s *Server) millraceRoutes(r *routes) {
	onAjax(r, mlflow.ExperimentActivityAPI, auth.ReadExperiment, s.experimentActivity)
	onAjax(r, mlflow.MetricSummaryAPI, auth.ReadRun, s.metricSummary)
	onAjax(r, mlflow.RunChildrenAPI, auth.ReadRun, s.runChildren)
}

func (s *Server) experimentActivity(
	ctx context.Context,
	in *mlflow.ExperimentActivityRequest,
) (*mlflow.ExperimentActivityResponse, error) {
	if n := len(in.ExperimentIDs); n > maxActivityCount {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"One request can ask for at most %d experiments. Got %d.",
			maxActivityCount,
			n,
		)
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
