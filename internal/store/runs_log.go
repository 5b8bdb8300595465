package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// LogBatch writes metrics, params and tags to an active run. If it returns an error,
// it has written none of them.
func (s *Store) LogBatch(
	ctx context.Context,
	runID string,
	metrics []mlflow.Metric,
	params []mlflow.Param,
	tags []mlflow.Tag,
) error {
	if len(metrics) > 0 && len(params) == 0 && len(tags) == 0 {
		if done, err := s.logMetricsGrouped(ctx, runID, metrics); done {
			return err
		}
	}
	return s.Update(ctx, func(t tx) error {
		experimentID, err := t.activeRun(runID)
		if err != nil {
			return err
		}
		if err := t.logParams(runID, params); err != nil {
			return err
		}
		if err := t.logMetrics(runID, experimentID, metrics); err != nil {
			return err
		}
		for _, tag := range tags {
			if err := t.setTag(runID, tag); err != nil {
				return err
			}
		}
		return nil
	})
}

// LogParam writes one param to an active run. It returns an error if the param exists
// with another value.
func (s *Store) LogParam(ctx context.Context, runID string, p mlflow.Param) error {
	return s.Update(ctx, func(t tx) error {
		if _, err := t.activeRun(runID); err != nil {
			return err
		}
		old, exists, err := t.param(runID, p.Key)
		if err != nil || exists && old == p.Value {
			return err
		}
		if exists {
			return mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for run "+
					"ID='%s'. Attempted logging new value '%s'.",
				p.Key, old, runID, p.Value,
			)
		}
		_, err = t.Exec("INSERT INTO params (`key`, value, run_uuid) VALUES (?, ?, ?)", p.Key, p.Value, runID)
		return err
	})
}

func (t tx) param(runID, key string) (value string, exists bool, err error) {
	err = t.QueryRow("SELECT value FROM params WHERE run_uuid = ? AND `key` = ?", runID, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, err
}

func (t tx) logParams(runID string, params []mlflow.Param) error {
	if len(params) == 0 {
		return nil
	}
	n, err := t.InsertRows(
		"INSERT INTO params (`key`, value, run_uuid)",
		" ON CONFLICT (`key`, run_uuid) DO NOTHING",
		3, len(params),
		func(args []any, i int) []any {
			return append(args, params[i].Key, params[i].Value, runID)
		},
	)
	if err != nil || n == int64(len(params)) && !t.Dialect.CountsConflicts {
		return err
	}
	// Some of the params exist, which is an error only if their values differ.
	var changed []string
	for _, p := range params {
		old, _, err := t.param(runID, p.Key)
		if err != nil {
			return err
		}
		if old != p.Value {
			changed = append(
				changed,
				fmt.Sprintf(
					"{'key': %s, 'old_value': %s, 'new_value': %s}",
					python.Repr(p.Key), python.Repr(old), python.Repr(p.Value),
				),
			)
		}
	}
	if changed != nil {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Changing param values is not allowed. Params were already logged='[%s]' for run ID='%s'.",
			strings.Join(changed, ", "),
			runID,
		)
	}
	return nil
}

func (t tx) logMetrics(runID string, experimentID int64, metrics []mlflow.Metric) error {
	if len(metrics) == 0 {
		return nil
	}
	order, run := byKey(metrics), any(runID)
	_, err := t.InsertRows(
		"INSERT INTO metrics (`key`, value, timestamp, run_uuid, step, is_nan)",
		" ON CONFLICT DO NOTHING", 6,
		len(metrics),
		func(args []any, i int) []any {
			m := &metrics[order[i]]
			value, isNaN := base.ToColumn(m.Value)
			return append(args, m.Key, value, m.Timestamp, run, m.Step, isNaN)
		},
	)
	if err != nil {
		return err
	}
	if err := t.updateLatest(runID, metrics); err != nil {
		return err
	}
	return t.logModelMetrics(runID, experimentID, metrics)
}

// byKey returns the positions of metrics in the order of their keys. Two of the three indexes
// of the table have this order, so successive rows change the same page.
func byKey(metrics []mlflow.Metric) []int {
	order := make([]int, len(metrics))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(metrics[a].Key, metrics[b].Key) })
	return order
}

// newestOf returns the newest value of each key, sorted by key, so that all
// transactions lock the rows in the same order.
func newestOf(metrics []mlflow.Metric) []mlflow.Metric {
	if len(metrics) == 1 {
		return metrics
	}
	at := make(map[string]int, len(metrics))
	newest := make([]mlflow.Metric, 0, len(metrics))
	for i := range metrics {
		m := &metrics[i]
		if j, seen := at[m.Key]; !seen {
			at[m.Key] = len(newest)
			newest = append(newest, *m)
		} else if base.Newer(m, &newest[j]) > 0 {
			newest[j] = *m
		}
	}
	slices.SortFunc(newest, func(a, b mlflow.Metric) int { return strings.Compare(a.Key, b.Key) })
	return newest
}

func (t tx) updateLatest(runID string, metrics []mlflow.Metric) error {
	latest := newestOf(metrics)
	_, err := t.InsertRows("INSERT INTO latest_metrics (`key`, value, timestamp, step, is_nan, run_uuid)",
		t.Dialect.LatestMetric,
		6, len(latest), func(args []any, i int) []any {
			m := &latest[i]
			value, isNaN := base.ToColumn(m.Value)
			return append(args, m.Key, value, m.Timestamp, m.Step, isNaN, runID)
		})
	return err
}

// logModelMetrics copies the metrics that name a logged model to that model.
func (t tx) logModelMetrics(runID string, experimentID int64, metrics []mlflow.Metric) error {
	for i := range metrics {
		m := &metrics[i]
		if m.ModelID == "" {
			continue
		}
		value, _ := base.ToColumn(m.Value)
		var datasetUUID sql.NullString
		if m.DatasetName != "" && m.DatasetDigest != "" {
			err := t.QueryRow(`SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?`,
				experimentID, m.DatasetName, m.DatasetDigest).Scan(&datasetUUID)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		_, err := t.Exec(
			`INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value,
				experiment_id, run_id, dataset_uuid, dataset_name, dataset_digest)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			m.ModelID, m.Key, m.Timestamp, m.Step, value, experimentID, runID, datasetUUID, nullable(m.DatasetName),
			nullable(m.DatasetDigest),
		)
		if db.IsForeignKeyViolation(err) {
			return mlflow.Errorf(
				mlflow.BadRequest,
				"The metric '%s' names the logged model '%s', which does not exist.",
				m.Key, m.ModelID,
			)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func nullable(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
