package store_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestAssessmentsOfDeletedRuns checks that deleting runs deletes their assessments, and
// that the table of assessments is read only if it has rows.
func TestAssessmentsOfDeletedRuns(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		deleteRunsWithAssessments(t, "sqlite:///"+filepath.Join(t.TempDir(), "mlflow.db"))
	})
	dbtest.OnServers(t, deleteRunsWithAssessments)
}

func deleteRunsWithAssessments(t *testing.T, uri string) {
	var log bytes.Buffer
	s, err := store.Open(t.Context(), store.Options{
		URI: uri, ArtifactRoot: "mlflow-artifacts:/", SlowStatement: time.Nanosecond, // Logs all statements.
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, s)
	scanned := func() bool {
		defer log.Reset()
		if !strings.Contains(log.String(), "UPDATE runs SET lifecycle_stage") {
			t.Errorf("the statements are not logged: %s", log.String())
		}
		return strings.Contains(log.String(), "FROM assessments WHERE assessment_metadata")
	}
	experiment, err := s.CreateExperiment(t.Context(), "with traces", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	var runs []string
	for range 4 {
		run, err := s.CreateRun(t.Context(), experiment, &mlflow.CreateRunRequest{})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run.Info.RunID)
	}
	if err := s.DeleteRun(t.Context(), runs[0]); err != nil {
		t.Fatal(err)
	}
	if scanned() {
		t.Error("the empty table of assessments was read")
	}

	sqlDB, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	exec := func(query string) {
		t.Helper()
		if strings.HasPrefix(uri, "postgresql") {
			query = strings.NewReplacer("1, 0, 0.1)", "true, false, 0.1)").Replace(query)
		}
		if _, err := sqlDB.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	exec(
		fmt.Sprintf(
			`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('t', %d, 1, 'OK')`,
			experiment,
		),
	)
	for i, run := range append(runs, "somebody-else") {
		exec(
			fmt.Sprintf(
				`INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value, created_timestamp, last_updated_timestamp, source_type, assessment_metadata, valid, is_numeric_value, aggregate_value)
			VALUES ('a%d', 't', 'n', 'feedback', 'true', 1, 1, 'HUMAN', '{"mlflow.assessment.sourceRunId": "%s"}', 1, 0, 0.1)`,
				i,
				run,
			),
		)
	}
	left := func() (ids []string) {
		t.Helper()
		rows, err := sqlDB.QueryContext(t.Context(), `SELECT assessment_id FROM assessments ORDER BY assessment_id`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if err := s.DeleteRun(t.Context(), runs[1]); err != nil {
		t.Fatal(err)
	}
	if got := left(); !scanned() || !slices.Equal(got, []string{"a0", "a2", "a3", "a4"}) {
		t.Errorf("after one run was deleted: %v", got)
	}
	if err := s.DeleteExperiment(t.Context(), experiment); err != nil {
		t.Fatal(err)
	}
	if got := left(); !slices.Equal(got, []string{"a4"}) {
		t.Errorf("after its experiment was deleted: %v", got)
	}
}
