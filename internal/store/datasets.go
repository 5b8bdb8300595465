package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// usedDataset is a dataset with its key in the database.
type usedDataset struct {
	uuid string
	mlflow.DatasetUsage
}

// DatasetUsages returns one page of the datasets of an experiment, ordered by name and
// digest, and the token of the next page, which is "" on the last page.
func (s *Store) DatasetUsages(
	ctx context.Context, experimentID int64, limit int, in *mlflow.DatasetUsagesRequest,
) (list []mlflow.DatasetUsage, next string, err error) {
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	condition := search.Fragment{SQL: `d.experiment_id = ?`, Args: []any{experimentID}}
	if in.Text != "" {
		condition = base.Both(condition, contains(in.Text, "d.name", "d.digest"))
	}
	err = s.ViewReplica(ctx, func(t tx) error {
		found, err := db.CollectUncached(t.Tx, `SELECT d.dataset_uuid, d.name, d.digest, d.dataset_source_type FROM datasets d
			WHERE `+condition.SQL+` ORDER BY d.name, d.digest LIMIT ? OFFSET ?`,
			base.Concat(condition.Args, []any{limit + 1, offset}),
			func(rows *sql.Rows, d *usedDataset) error {
				return rows.Scan(&d.uuid, &d.Name, &d.Digest, &d.SourceType)
			})
		if err != nil {
			return err
		}
		found, next = base.CutPage(found, limit, offset)
		if err := t.loadUsages(experimentID, found); err != nil {
			return err
		}
		list = make([]mlflow.DatasetUsage, len(found))
		for i := range found {
			list[i] = found[i].DatasetUsage
		}
		return nil
	})
	return list, next, err
}

// loadUsages fills in what uses the datasets of a page.
func (t tx) loadUsages(experimentID int64, list []usedDataset) error {
	if len(list) == 0 {
		return nil
	}
	byID, uuids := map[string]*usedDataset{}, make([]string, len(list))
	type version struct{ name, digest string }
	byName := map[version]*usedDataset{}
	for i := range list {
		d := &list[i]
		byID[d.uuid], byName[version{d.Name, d.Digest}], uuids[i] = d, d, d.uuid
	}
	return base.FirstError(
		func() error {
			return t.Each(`SELECT i.source_id, COUNT(DISTINCT r.run_uuid), coalesce(MAX(r.start_time), 0) FROM inputs i
				JOIN runs r ON r.run_uuid = i.destination_id AND r.lifecycle_stage = 'active'
				WHERE i.source_type = 'DATASET' AND i.source_id IN (?...) AND i.destination_type = 'RUN' GROUP BY i.source_id`,
				[]any{uuids}, func(rows *sql.Rows) error {
					var id string
					var runs, last int64
					err := rows.Scan(&id, &runs, &last)
					byID[id].Runs, byID[id].LastUsed = runs, last
					return err
				})
		},
		func() error {
			return t.Each(`SELECT DISTINCT i.source_id, it.value FROM inputs i
				JOIN input_tags it ON it.input_uuid = i.input_uuid AND it.name = 'mlflow.data.context'
				WHERE i.source_type = 'DATASET' AND i.source_id IN (?...) AND i.destination_type = 'RUN' ORDER BY it.value`,
				[]any{uuids}, func(rows *sql.Rows) error {
					var id, value string
					err := rows.Scan(&id, &value)
					if d := byID[id]; !slices.Contains(d.Contexts, value) {
						d.Contexts = append(d.Contexts, value)
					}
					return err
				})
		},
		func() error {
			return t.Each(`SELECT dataset_name, dataset_digest, COUNT(DISTINCT model_id) FROM logged_model_metrics
				WHERE experiment_id = ? AND dataset_name IS NOT NULL AND dataset_digest IS NOT NULL
				GROUP BY dataset_name, dataset_digest`,
				[]any{experimentID}, func(rows *sql.Rows) error {
					var v version
					var models int64
					err := rows.Scan(&v.name, &v.digest, &models)
					if d := byName[v]; d != nil {
						d.Models = models
					}
					return err
				})
		},
	)
}

// Dataset returns a dataset of an experiment with its schema and profile.
func (s *Store) Dataset(ctx context.Context, experimentID int64, name, digest string) (d *mlflow.Dataset, err error) {
	err = s.ViewReplica(ctx, func(t tx) error {
		d = &mlflow.Dataset{}
		err := t.QueryRow(`SELECT name, digest, dataset_source_type, dataset_source, coalesce(dataset_schema, ''),
			coalesce(dataset_profile, '') FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?`,
			experimentID, name, digest).Scan(&d.Name, &d.Digest, &d.SourceType, &d.Source, &d.Schema, &d.Profile)
		if errors.Is(err, sql.ErrNoRows) {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "The experiment has no dataset '%s' with the digest '%s'.",
				name, digest)
		}
		return err
	})
	return d, err
}
