package store

import (
	"context"

	"github.com/millrace-ml/millrace/mlflow"
)

// What PostgreSQL can do in one statement, so in one round trip and one commit,
// because it takes arrays.

// logMetricsAtOnce writes metrics by a single statement. done is false where
// that does not do: on other databases, for metrics of logged models, and for
// runs that take none, of which the caller finds out more.
func (s *Store) logMetricsAtOnce(ctx context.Context, runID string, metrics []mlflow.Metric) (done bool, err error) {
	p, ok := s.engine.(*pool)
	if !ok || p.groups == nil {
		return false, nil
	}
	for i := range metrics {
		if metrics[i].ModelID != "" {
			return false, nil
		}
	}
	active, err := p.logMetrics(ctx, runID, metrics)
	return err != nil || active, err
}
