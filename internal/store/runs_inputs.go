package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// LogInputs records the datasets and logged models that an active run uses. It does
// not change a dataset whose name and digest exist in the experiment.
func (s *Store) LogInputs(
	ctx context.Context,
	runID string,
	datasets []mlflow.DatasetInput,
	models []mlflow.ModelInput,
) error {
	return s.Update(ctx, func(t tx) error {
		experimentID, err := t.activeRun(runID)
		if err != nil {
			return err
		}
		for i := range datasets {
			if err := t.logDataset(runID, experimentID, &datasets[i]); err != nil {
				return err
			}
		}
		for _, m := range models {
			_, err := t.Exec(`INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
				VALUES (?, 'RUN_INPUT', ?, 'MODEL_INPUT', ?, 0) ON CONFLICT DO NOTHING`, base.NewID(), runID, m.ModelID)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (t tx) logDataset(runID string, experimentID int64, in *mlflow.DatasetInput) error {
	d := in.Dataset
	var datasetUUID string
	err := t.QueryRow(
		`SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?`,
		experimentID, d.Name, d.Digest,
	).Scan(
		&datasetUUID,
	)
	if errors.Is(err, sql.ErrNoRows) {
		datasetUUID = base.NewID()
		_, err = t.Exec(
			`INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,
				dataset_schema, dataset_profile)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			datasetUUID, experimentID, d.Name, d.Digest, d.SourceType, d.Source, nullable(d.Schema),
			nullable(d.Profile),
		)
	}
	if err != nil {
		return err
	}
	inputUUID, err := uuid.NewV7() // The ids increase, so that they order datasets by the time of logging.
	if err != nil {
		return err
	}
	n, err := t.Exec(`INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
		VALUES (?, 'DATASET', ?, 'RUN', ?, 0) ON CONFLICT DO NOTHING`, inputUUID.String(), datasetUUID, runID)
	if err != nil || n == 0 { // The run already uses the dataset. Keep its tags.
		return err
	}
	for _, tag := range in.Tags {
		_, err := t.Exec(
			`INSERT INTO input_tags (input_uuid, name, value)
				VALUES (?, ?, ?) ON CONFLICT (input_uuid, name) DO UPDATE SET value = excluded.value`,
			inputUUID.String(), tag.Key, tag.Value,
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// LogOutputs records the logged models that an active run created.
func (s *Store) LogOutputs(ctx context.Context, runID string, models []mlflow.ModelOutput) error {
	return s.Update(ctx, func(t tx) error {
		if _, err := t.activeRun(runID); err != nil {
			return err
		}
		for _, m := range models {
			_, err := t.Exec(`INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
				VALUES (?, 'RUN_OUTPUT', ?, 'MODEL_OUTPUT', ?, ?)`, base.NewID(), runID, m.ModelID, m.Step)
			if db.IsUniqueViolation(err) {
				return mlflow.Errorf(mlflow.BadRequest, "The logged model '%s' is already an output of run '%s'.", m.ModelID, runID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (t tx) modelInputs(runID string) ([]mlflow.ModelInput, error) {
	return db.Collect(
		t.Tx,
		`SELECT destination_id FROM inputs WHERE source_type = 'RUN_INPUT' AND source_id = ?
			AND destination_type = 'MODEL_INPUT' ORDER BY destination_id`,
		[]any{runID},
		func(rows *sql.Rows, m *mlflow.ModelInput) error { return rows.Scan(&m.ModelID) },
	)
}

// DatasetSummaries returns up to 1,000 datasets that active runs of the experiments
// use.
func (s *Store) DatasetSummaries(ctx context.Context, experimentIDs []int64) (list []mlflow.DatasetSummary, err error) {
	err = s.ViewReplica(ctx, func(t tx) error {
		list, err = db.Collect(t.Tx, `SELECT DISTINCT d.experiment_id, d.name, d.digest, coalesce(it.value, '')
			FROM datasets d
			JOIN inputs i ON i.source_type = 'DATASET' AND i.source_id = d.dataset_uuid AND i.destination_type = 'RUN'
			JOIN runs r ON r.run_uuid = i.destination_id AND r.lifecycle_stage = 'active'
			LEFT JOIN input_tags it ON it.input_uuid = i.input_uuid AND it.name = 'mlflow.data.context'
			WHERE d.experiment_id IN (?...)
			ORDER BY d.experiment_id, d.name, d.digest LIMIT 1000`, []any{experimentIDs},
			func(rows *sql.Rows, d *mlflow.DatasetSummary) error {
				return rows.Scan(&d.ExperimentID, &d.Name, &d.Digest, &d.Context)
			})
		return err
	})
	return list, err
}
