package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// MoveRuns moves the runs of a selection to another active experiment, with the logged
// models that they created and the datasets that they used. Their artifacts stay where
// they are. It returns the ids of the runs and of the models.
func (s *Store) MoveRuns(
	ctx context.Context, experimentID, target int64, in *mlflow.RunSelection,
) (runs, models []string, err error) {
	runs, err = s.inSelection(ctx, experimentID, in, func(t tx, runs []bulkRun) error {
		models = nil
		if _, err := t.experiments().ActiveExperiment(target); err != nil {
			return err
		}
		if err := allActive(runs); err != nil {
			return err
		}
		for part := range slices.Chunk(idsOfBulk(runs), base.LoadChunk) {
			moved, err := t.moveRuns(part, experimentID, target)
			if err != nil {
				return err
			}
			models = append(models, moved...)
		}
		return nil
	})
	return runs, models, err
}

// moveRuns moves runs and returns their logged models.
func (t tx) moveRuns(ids []string, from, to int64) (models []string, err error) {
	n, err := t.Exec(`UPDATE runs SET experiment_id = ? WHERE run_uuid IN (?...) AND experiment_id = ?`, to, ids, from)
	if err != nil {
		return nil, err
	}
	if n != int64(len(ids)) { // Another server has moved one of them meanwhile.
		return nil, mlflow.Errorf(mlflow.BadRequest, "A run of the selection has left experiment %d; try again.", from)
	}
	models, err = db.Collect(
		t.Tx, `SELECT model_id FROM logged_models WHERE source_run_id IN (?...) AND experiment_id = ?`, []any{ids, from},
		base.ScanOne[string],
	)
	if err != nil {
		return nil, err
	}
	for _, table := range []string{
		"logged_models", "logged_model_params", "logged_model_tags", "logged_model_metrics",
	} {
		if len(models) == 0 {
			break
		}
		if _, err := t.Exec(`UPDATE `+table+` SET experiment_id = ? WHERE model_id IN (?...)`, to, models); err != nil {
			return nil, err
		}
	}
	return models, t.moveDatasets(ids, to)
}

// moveDatasets gives the target experiment the datasets that runs used, so that they do
// not depend on the experiment from where they come.
func (t tx) moveDatasets(runs []string, to int64) error {
	type used struct {
		id, name, digest, owned string
	}
	list, err := db.Collect(
		t.Tx, `SELECT d.dataset_uuid, d.name, d.digest, coalesce(MAX(o.dataset_uuid), '') FROM inputs i
			JOIN datasets d ON d.dataset_uuid = i.source_id
			LEFT JOIN datasets o ON o.experiment_id = ? AND o.name = d.name AND o.digest = d.digest
			WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id IN (?...)
			GROUP BY d.dataset_uuid, d.name, d.digest`,
		[]any{to, runs}, func(rows *sql.Rows, u *used) error { return rows.Scan(&u.id, &u.name, &u.digest, &u.owned) },
	)
	if err != nil {
		return err
	}
	for _, u := range list {
		if u.owned == "" {
			u.owned = base.NewID()
			_, err := t.Exec(
				`INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,
					dataset_schema, dataset_profile)
				SELECT ?, ?, name, digest, dataset_source_type, dataset_source, dataset_schema, dataset_profile
				FROM datasets WHERE dataset_uuid = ?`, u.owned, to, u.id,
			)
			if db.IsUniqueViolation(err) { // Another server has added it meanwhile.
				err = mlflow.Errorf(mlflow.BadRequest, "The dataset %q was added to experiment %d just now; try again.", u.name, to)
			}
			if err != nil {
				return err
			}
		}
		_, err := t.Exec(
			`UPDATE inputs SET source_id = ? WHERE source_id = ? AND source_type = 'DATASET' AND destination_type = 'RUN'
				AND destination_id IN (?...)`, u.owned, u.id, runs,
		)
		if err != nil {
			return err
		}
	}
	return nil
}
