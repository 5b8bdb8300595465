package history_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// logTen logs ten values of two metrics from a step on.
func logTen(t *testing.T, s *store.Store, run string, from int64) {
	t.Helper()
	var batch []mlflow.Metric
	for i := from; i < from+10; i++ {
		batch = append(batch,
			mlflow.Metric{Key: "a", Value: float64(i), Step: i, Timestamp: i}, mlflow.Metric{Key: "b", Step: i, Timestamp: i})
	}
	if err := s.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
		t.Fatal(err)
	}
}

// checkCount compares the number of values of each metric.
func checkCount(t *testing.T, s *store.Store, run string, want int64) {
	t.Helper()
	list, err := s.MetricSummaries(t.Context(), run)
	if err != nil || len(list) != 2 || list[0].Count != want || list[1].Count != want {
		t.Errorf("%+v, want %d values of each; %v", list, want, err)
	}
}

// TestSummariesContinue checks that summaries do not read what is known, and that they do so for
// values that another store has written.
func TestSummariesContinue(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		s, other := storetest.Open(t, uri), storetest.Open(t, uri)
		run := storetest.NewRun(t, s)
		logTen(t, s, run, 0)
		checkCount(t, s, run, 10)
		for from := int64(10); from < 50; from += 10 {
			logTen(t, other, run, from)
			continues, err := history.ContinuesSummaries(t.Context(), s.Histories, run)
			if err != nil || !continues {
				t.Errorf("summaries do not continue from step %d; %v", from, err)
			}
			checkCount(t, s, run, from+10)
		}
	})
}

// TestSummariesAfterCopy gives the rows of SQLite new numbers while a server is running, as
// MLflow's migrations do, which copy tables.
func TestSummariesAfterCopy(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	s := storetest.Open(t, uri)
	for _, purgedFirst := range []bool{true, false} {
		purged, run := storetest.NewRun(t, s), storetest.NewRun(t, s)
		if purgedFirst {
			logTen(t, s, purged, 0)
		}
		logTen(t, s, run, 0)
		logTen(t, s, purged, 10)
		logTen(t, s, run, 10)
		checkCount(t, s, run, 20)
		copyWithout(t, uri, purged)
		logTen(t, s, run, 20) // Its rows have numbers below those that are known.
		continues, err := history.ContinuesSummaries(t.Context(), s.Histories, run)
		if err != nil || continues {
			t.Errorf("summaries continue by the old numbers; %v", err)
		}
		checkCount(t, s, run, 30)
	}
}

// copyWithout copies the table of metrics without those of a run, which gives rows new numbers.
func copyWithout(t *testing.T, uri, run string) {
	t.Helper()
	admin, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	_, err = admin.ExecContext(t.Context(), `BEGIN IMMEDIATE;
		CREATE TABLE copied AS SELECT * FROM metrics WHERE run_uuid <> ? ORDER BY rowid; DELETE FROM metrics;
		INSERT INTO metrics SELECT * FROM copied ORDER BY rowid; DROP TABLE copied; COMMIT`, run)
	if err != nil {
		t.Fatal(err)
	}
}

// TestSummaryPlans checks that what is read at each refresh is in an index of the run.
func TestSummaryPlans(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	run := storetest.NewRun(t, s)
	logTen(t, s, run, 0)
	for query, index := range map[string]string{
		history.NewRows:      "index_metrics_run_uuid (run_uuid=? AND rowid>?)",
		history.LastByNumber: "index_metrics_run_uuid_key_step (run_uuid=? AND key=?)",
	} {
		var plan strings.Builder
		err := s.Read(t.Context(), func(tx db.Tx) error {
			args := []any{run, 0}
			return tx.EachUncached("EXPLAIN QUERY PLAN "+query, args[:strings.Count(query, "?")], func(rows *sql.Rows) error {
				var id, parent, unused int
				var detail string
				err := rows.Scan(&id, &parent, &unused, &detail)
				plan.WriteString(detail + "\n")
				return err
			})
		})
		if err != nil || !strings.Contains(plan.String(), index) || strings.Contains(plan.String(), "SCAN") {
			t.Errorf("%s\n%s%v", query, plan.String(), err)
		}
	}
}
