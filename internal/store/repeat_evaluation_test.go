package store_test

import (
	"context"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/evaluation"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// fillEvaluation stores two datasets. It returns the id of the first.
func fillEvaluation(t *testing.T, s *store.Store) string {
	t.Helper()
	id := ""
	for range 2 {
		d, err := s.CreateDataset(t.Context(), "d", []mlflow.Tag{{Key: "k", Value: "v"}}, []int64{0})
		if err != nil {
			t.Fatal(err)
		}
		storetest.UpsertRecords(t, s, d.DatasetID, `[{"inputs": {"a": 1}}, {"inputs": {"a": 2}}]`)
		if id == "" {
			id = d.DatasetID
		}
	}
	return id
}

// evaluationReads calls the methods that read datasets. dataset is the id of one.
func evaluationReads(dataset string) map[string]func(ctx context.Context, s *store.Store) (answer, error) {
	return map[string]func(ctx context.Context, s *store.Store) (answer, error){
		"EvaluationDataset": func(ctx context.Context, s *store.Store) (answer, error) {
			d, err := s.EvaluationDataset(ctx, dataset)
			return answer{d}, err
		},
		"SearchDatasets": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchDatasets(ctx, &evaluation.DatasetSearch{Limit: 1})
			return answer{list, next}, err
		},
		"ExperimentsOfDataset": func(ctx context.Context, s *store.Store) (answer, error) {
			ids, err := s.ExperimentsOfDataset(ctx, dataset)
			return answer{ids, "are the experiments"}, err
		},
		"Records": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.Records(ctx, dataset, 1, "")
			return answer{list, next}, err
		},
	}
}
