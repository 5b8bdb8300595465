package traces

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/store/base"
)

// changing changes traces, and asks MLflow to summarize the days again on which they were, and on which
// they are now.
func (t Tx) changing(ids []string, change func() error) error {
	if len(ids) == 0 {
		return change()
	}
	return base.FirstError(
		func() error { return t.queueRollups(ids) },
		change,
		func() error { return t.queueRollups(ids) },
	)
}

// queueRollups asks MLflow to summarize the days of traces again.
func (t Tx) queueRollups(ids []string) error {
	return t.Resummarize(func() (list []base.Rollup, err error) {
		for part := range slices.Chunk(ids, base.LoadChunk) {
			days, err := t.traceRollups(part, base.RollupTraces, base.RollupAssessments)
			if err != nil {
				return nil, err
			}
			if len(days) == 0 { // The spans of new traces are new.
				continue
			}
			err = t.Each(`SELECT DISTINCT experiment_id, start_time_unix_nano `+t.Dialect.Search.IntDiv+` 86400000000000
				FROM spans WHERE trace_id IN (?...)`, []any{part}, base.ScanRollups(&days, base.RollupSpans))
			if err != nil {
				return nil, err
			}
			list = append(list, days...)
		}
		return list, nil
	})
}

// queueAssessments asks MLflow to summarize the assessments of the day of a trace again.
func (t Tx) queueAssessments(traceID string) error {
	return t.Resummarize(func() ([]base.Rollup, error) {
		return t.traceRollups([]string{traceID}, base.RollupAssessments)
	})
}

// traceRollups returns the summaries of families for those of some traces that MLflow may have
// summarized.
func (t Tx) traceRollups(ids []string, families ...string) (list []base.Rollup, err error) {
	err = t.Each(`SELECT DISTINCT experiment_id, timestamp_ms `+t.Dialect.Search.IntDiv+` 86400000 FROM trace_info
		WHERE request_id IN (?...) AND timestamp_ms <= ?`,
		[]any{ids, base.SummarizedUntil()}, base.ScanRollups(&list, families...))
	return list, err
}
