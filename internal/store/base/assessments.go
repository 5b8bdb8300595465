package base

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/millrace-ml/millrace/internal/db"
)

// AssessmentsOf returns the ids of the trace assessments that the given runs created,
// which MLflow deletes with the runs. The id of the run is in their metadata, which
// has no index. Since this reads the whole table, it must not run in the writer.
func AssessmentsOf(ctx context.Context, s *Store, ofRuns string, arg any) (ids []string, err error) {
	err = s.Primary.Read(ctx, func(t db.Tx) error {
		ids = nil
		var some bool
		if err := t.QueryRow(`SELECT EXISTS (SELECT 1 FROM assessments)`).Scan(&some); err != nil || !some {
			return err
		}
		runs, err := db.Collect(t, `SELECT run_uuid FROM runs WHERE `+ofRuns, []any{arg}, ScanOne[string])
		if err != nil || len(runs) == 0 {
			return err
		}
		wanted := make(map[string]bool, len(runs))
		for _, id := range runs {
			wanted[id] = true
		}
		return t.Each(
			`SELECT assessment_id, assessment_metadata FROM assessments
				WHERE assessment_metadata LIKE '%mlflow.assessment.sourceRunId%'`,
			nil,
			func(rows *sql.Rows) error {
				var id, metadata string
				if err := rows.Scan(&id, &metadata); err != nil {
					return err
				}
				var source struct {
					RunID string `json:"mlflow.assessment.sourceRunId"`
				}
				if json.Unmarshal([]byte(metadata), &source) == nil && wanted[source.RunID] {
					ids = append(ids, id)
				}
				return nil
			},
		)
	})
	return ids, err
}

// DeleteAssessments deletes assessments of traces.
func (t Transaction) DeleteAssessments(ids []string) error {
	for part := range slices.Chunk(ids, LoadChunk) {
		if err := t.queueAssessments(part); err != nil {
			return err
		}
		if _, err := t.Exec(`DELETE FROM assessments WHERE assessment_id IN (?...)`, part); err != nil {
			return err
		}
	}
	return nil
}
