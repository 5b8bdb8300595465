package storetest

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// rollupQueue returns the summaries that MLflow is to make again, and empties the queue.
func rollupQueue(t *testing.T, s *store.Store) string {
	t.Helper()
	var list []string
	err := s.Write(t.Context(), func(tx db.Tx) (err error) {
		list, err = db.Collect(tx, `SELECT experiment_id, CAST(rollup_day AS CHAR(10)), rollup_family
			FROM sql_trace_rollup_rebuild_queue`, nil, func(rows *sql.Rows, text *string) error {
			var experiment int64
			var day, family string
			err := rows.Scan(&experiment, &day, &family)
			*text = fmt.Sprint(experiment, " ", day, " ", family)
			return err
		})
		if err == nil {
			_, err = tx.Exec(`DELETE FROM sql_trace_rollup_rebuild_queue`)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// queueRollups checks that each change of traces that MLflow may have summarized is recorded.
func queueRollups(t *testing.T, s *store.Store) {
	ctx := t.Context()
	const day = 24 * 60 * 60 * 1000
	log := func(trace byte, startMS int64) {
		logSpans(t, s, newSpan(trace, 1, 0, startMS, startMS+10))
	}
	log(1, 3*day)
	if got := rollupQueue(t, s); got != "" {
		t.Errorf("without summaries: %s", got)
	}
	err := s.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(`INSERT INTO sql_trace_metric_daily_rollups (id, experiment_id, rollup_day, metric_name,
			grouping_set, sample_count) VALUES (1, 77, '1971-01-01', 'trace_count', 'global', 1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other := must(s.CreateExperiment(ctx, "other", "", nil))(t)
	all := func(experiment int64, date string) string {
		return fmt.Sprintf("%[1]d %[2]s assessment, %[1]d %[2]s span_cost, %[1]d %[2]s trace_metric", experiment, date)
	}
	var assessment string
	var v2 *tracing.TraceInfo
	info := &tracing.TraceInfo{TraceID: traceOf(1), RequestTime: tracing.Time(5 * day), State: tracing.StateOK}
	for _, c := range []struct {
		name   string
		change func() error
		want   string
	}{
		{"a new trace of today", func() error { log(2, time.Now().UnixMilli()); return nil }, ""},
		{"a new trace of the past", func() error { log(3, 4*day); return nil }, all(0, "1970-01-05")},
		{"an earlier span", func() error {
			logSpans(t, s, newSpan(3, 2, 1, 2*day, 2*day+1))
			return nil
		}, all(0, "1970-01-03") + ", " + all(0, "1970-01-05")},
		{"an assessment", func() error {
			a, err := s.CreateAssessment(ctx, &tracing.Assessment{
				TraceID: traceOf(1), AssessmentName: "x", Source: &tracing.Source{SourceType: tracing.SourceHuman},
				Feedback: &tracing.Feedback{Value: []byte("1")},
			})
			if err == nil {
				assessment = a.AssessmentID
			}
			return err
		}, "0 1970-01-04 assessment"},
		{"its change", func() error {
			_, err := s.UpdateAssessment(ctx, traceOf(1), assessment, &tracing.Assessment{
				Feedback: &tracing.Feedback{Value: []byte("2")},
			}, map[string]bool{"feedback": true})
			return err
		}, "0 1970-01-04 assessment"},
		{"its deletion", func() error { return s.DeleteAssessment(ctx, traceOf(1), assessment) }, "0 1970-01-04 assessment"},
		{"another experiment and time", func() error {
			_, err := s.StartTrace(ctx, other, info, func(string) error { return nil })
			return err
		}, strings.Join([]string{
			all(0, "1970-01-04"),
			fmt.Sprintf("%d 1970-01-04 span_cost, %d 1970-01-06 assessment, %d 1970-01-06 trace_metric", other, other, other),
		}, ", ")},
		{"a deleted trace", func() error {
			_, err := s.DeleteTraces(ctx, 0, []string{traceOf(3)})
			return err
		}, "0 1970-01-03 assessment, 0 1970-01-03 span_cost, 0 1970-01-03 trace_metric, 0 1970-01-05 span_cost"},
		{"a trace of a client before MLflow 3", func() (err error) {
			v2, err = s.StartTraceV2(ctx, 0, &tracing.TraceInfo{RequestTime: tracing.Time(6 * day), Tags: map[string]string{}})
			return err
		}, "0 1970-01-07 assessment, 0 1970-01-07 trace_metric"},
		{"its end", func() error {
			_, err := s.EndTraceV2(ctx, v2.TraceID, 6*day+1, tracing.StateOK, nil, nil)
			return err
		}, "0 1970-01-07 assessment, 0 1970-01-07 trace_metric"},
	} {
		if err := c.change(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := rollupQueue(t, s); got != c.want {
			t.Errorf("%s: queued %s\nwant %s", c.name, got, c.want)
		}
	}
}
