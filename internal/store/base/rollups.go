package base

import (
	"cmp"
	"database/sql"
	"slices"
	"time"
)

// Families of MLflow's daily summaries of traces.
const (
	RollupTraces      = "trace_metric"
	RollupSpans       = "span_cost"
	RollupAssessments = "assessment"
)

const (
	// DayMS is the number of milliseconds in a day.
	DayMS = 24 * 60 * 60 * 1000
	// rollupLag is the age in milliseconds from which on MLflow summarizes a day.
	rollupLag = DayMS
)

// Rollup is a summary of a family for an experiment and a day, which is a number of days since 1970.
type Rollup struct {
	Experiment, Day int64
	Family          string
}

// SummarizedUntil returns the Unix milliseconds until which MLflow may have summarized traces.
func SummarizedUntil() int64 { return NowMS() - rollupLag }

// Resummarize asks MLflow to make summaries again, and not to use them before, if the database has
// any. find returns them.
func (t Transaction) Resummarize(find func() ([]Rollup, error)) error {
	if found, err := t.hasRollups(); err != nil || !found {
		return err
	}
	list, err := find()
	if err != nil {
		return err
	}
	return t.queueRollups(list)
}

// hasRollups reports whether the database has summaries, or will have some. MLflow makes them if
// MLFLOW_SQL_TRACE_ROLLUPS_ENABLED is set.
func (t Transaction) hasRollups() (found bool, err error) {
	err = t.QueryRow(`SELECT EXISTS (SELECT 1 FROM sql_trace_metric_daily_rollups)
		OR EXISTS (SELECT 1 FROM sql_span_cost_daily_rollups) OR EXISTS (SELECT 1 FROM sql_assessment_daily_rollups)
		OR EXISTS (SELECT 1 FROM sql_trace_rollup_rebuild_queue)`).Scan(&found)
	return found, err
}

func (t Transaction) queueRollups(list []Rollup) error {
	// MLflow locks the rows of the queue in this order.
	slices.SortFunc(list, func(a, b Rollup) int {
		return cmp.Or(cmp.Compare(a.Experiment, b.Experiment), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Family, b.Family))
	})
	for _, r := range slices.Compact(list) {
		day := time.UnixMilli(r.Day * DayMS).UTC().Format(time.DateOnly)
		_, err := t.Exec(`INSERT INTO sql_trace_rollup_rebuild_queue (experiment_id, rollup_day, rollup_family)
			VALUES (?, ?, ?) ON CONFLICT (experiment_id, rollup_day, rollup_family) DO NOTHING`, r.Experiment, day, r.Family)
		if err != nil {
			return err
		}
	}
	return nil
}

// queueAssessments asks MLflow to summarize the days of assessments again.
func (t Transaction) queueAssessments(ids []string) error {
	return t.Resummarize(func() (list []Rollup, err error) {
		err = t.Each(`SELECT DISTINCT experiment_id, trace_timestamp_ms `+t.Dialect.Search.IntDiv+` 86400000
			FROM assessments WHERE assessment_id IN (?...) AND experiment_id IS NOT NULL AND trace_timestamp_ms <= ?`,
			[]any{ids, SummarizedUntil()}, ScanRollups(&list, RollupAssessments))
		return list, err
	})
}

// ScanRollups scans rows of an experiment and a day, and adds their summaries of some families.
func ScanRollups(list *[]Rollup, families ...string) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var r Rollup
		err := rows.Scan(&r.Experiment, &r.Day)
		for _, r.Family = range families {
			*list = append(*list, r)
		}
		return err
	}
}
