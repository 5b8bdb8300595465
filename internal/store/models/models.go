package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/experiments"
	"github.com/millrace-ml/millrace/mlflow"
)

const loggedModelColumns = "lm.model_id, lm.experiment_id, lm.name, lm.artifact_location, " +
	"lm.creation_timestamp_ms, lm.last_updated_timestamp_ms, lm.status, coalesce(lm.model_type, ''), " +
	"coalesce(lm.source_run_id, ''), coalesce(lm.status_message, '')"

func scanLoggedModel(row base.Scanner) (*mlflow.LoggedModel, error) {
	var m mlflow.LoggedModel
	var experiment int64
	var status int
	i := &m.Info
	err := row.Scan(
		&i.ModelID, &experiment, &i.Name, &i.ArtifactURI, &i.CreationTimestampMS, &i.LastUpdatedTimestampMS,
		&status, &i.ModelType, &i.SourceRunID, &i.StatusMessage,
	)
	i.ExperimentID = strconv.FormatInt(experiment, 10)
	i.Status = mlflow.ModelStatusUnspecified
	if names := i.Status.EnumNames(); status > 0 && status < len(names) {
		i.Status = mlflow.LoggedModelStatus(names[status])
	}
	return &m, err
}

// statusNumber returns the status of a logged model as stored in the database.
func statusNumber(s mlflow.LoggedModelStatus) int {
	return max(0, slices.Index(s.EnumNames(), string(s)))
}

// CreateLoggedModel creates a logged model, which is pending until it is finalized.
func (s Models) CreateLoggedModel(
	ctx context.Context,
	experimentID int64,
	in *mlflow.CreateLoggedModelRequest,
) (m *mlflow.LoggedModel, err error) {
	err = s.Update(ctx, func(t Tx) error {
		e, err := experiments.Tx{Transaction: t.Transaction}.ActiveExperiment(experimentID)
		if err != nil {
			return err
		}
		id, now, name := "m-"+base.NewID(), base.NowMS(), in.Name
		if name == "" {
			name = base.RandomName()
		}
		_, err = t.Exec(
			`INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,
				last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)`,
			id, experimentID, name,
			base.JoinURI(e.ArtifactLocation, "models", id, "artifacts"),
			now, now, statusNumber(mlflow.ModelPending), in.ModelType, in.SourceRunID,
		)
		if err != nil {
			return err
		}
		if err := t.logModelParams(id, experimentID, in.Params); err != nil {
			return err
		}
		if err := t.SetModelTags(id, experimentID, in.Tags); err != nil {
			return err
		}
		m, err = t.LoggedModel(id, true)
		return err
	})
	return m, err
}

// LoggedModel returns a logged model. It returns a deleted one only if deleted is
// set.
func (s Models) LoggedModel(ctx context.Context, id string, deleted bool) (m *mlflow.LoggedModel, err error) {
	err = s.View(ctx, func(t Tx) error {
		m, err = t.LoggedModel(id, deleted)
		return err
	})
	return m, err
}

// LoggedModel returns a logged model, or one that is deleted if deleted is set.
func (t Tx) LoggedModel(id string, deleted bool) (*mlflow.LoggedModel, error) {
	m, err := scanLoggedModel(
		t.QueryRow(
			`SELECT `+loggedModelColumns+` FROM logged_models lm WHERE lm.model_id = ?
				AND (lm.lifecycle_stage <> 'deleted' OR ?)`,
			id, deleted,
		),
	)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NoLoggedModel(id)
	}
	if err != nil {
		return nil, err
	}
	models := []mlflow.LoggedModel{*m}
	err = t.loadLoggedModels(models)
	return &models[0], err
}

// NoLoggedModel returns the error for a logged model that does not exist.
func NoLoggedModel(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Logged model with ID '%s' not found.", id)
}

// ExistingModel returns the experiment of a logged model that is not deleted.
func (t Tx) ExistingModel(id string) (experimentID int64, err error) {
	err = t.QueryRow(
		`SELECT experiment_id FROM logged_models WHERE model_id = ? AND lifecycle_stage <> 'deleted'`,
		id,
	).Scan(
		&experimentID,
	)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, NoLoggedModel(id)
	}
	return experimentID, err
}

// FinalizeLoggedModel sets the status of a logged model and returns the model.
func (s Models) FinalizeLoggedModel(
	ctx context.Context,
	id string,
	status mlflow.LoggedModelStatus,
) (m *mlflow.LoggedModel, err error) {
	err = s.Update(ctx, func(t Tx) error {
		if _, err := t.ExistingModel(id); err != nil {
			return err
		}
		if _, err := t.Exec(`UPDATE logged_models SET status = ?, last_updated_timestamp_ms = ?
			WHERE model_id = ?`, statusNumber(status), base.NowMS(), id); err != nil {
			return err
		}
		m, err = t.LoggedModel(id, false)
		return err
	})
	return m, err
}

// DeleteLoggedModel marks a logged model as deleted. It may be called again for the
// same model.
func (s Models) DeleteLoggedModel(ctx context.Context, id string) error {
	return s.Update(ctx, func(t Tx) error {
		n, err := t.Exec(
			`UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp_ms = ? WHERE model_id = ?`,
			base.NowMS(), id,
		)
		if err == nil && n == 0 {
			return NoLoggedModel(id)
		}
		return err
	})
}

// LogModelParams adds params to a logged model. It returns an error for a key that
// the model has already.
func (s Models) LogModelParams(ctx context.Context, id string, params []mlflow.Param) error {
	return s.Update(ctx, func(t Tx) error {
		experimentID, err := t.ExistingModel(id)
		if err != nil {
			return err
		}
		return t.logModelParams(id, experimentID, params)
	})
}

func (t Tx) logModelParams(id string, experimentID int64, params []mlflow.Param) error {
	_, err := t.InsertRows(
		`INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value)`,
		"",
		4, len(params),
		func(args []any, i int) []any {
			return append(args, id, experimentID, params[i].Key, params[i].Value)
		},
	)
	if db.IsUniqueViolation(err) {
		return mlflow.Errorf(
			mlflow.BadRequest,
			"A param of the logged model '%s' is given twice, or was logged before; the params of a model cannot change.",
			id,
		)
	}
	return err
}

// SetModelTags sets or replaces tags of a logged model and returns the model.
func (s Models) SetModelTags(ctx context.Context, id string, tags []mlflow.Tag) (m *mlflow.LoggedModel, err error) {
	err = s.Update(ctx, func(t Tx) error {
		experimentID, err := t.ExistingModel(id)
		if err != nil {
			return err
		}
		if err := t.SetModelTags(id, experimentID, tags); err != nil {
			return err
		}
		m, err = t.LoggedModel(id, false)
		return err
	})
	return m, err
}

// SetModelTags sets tags of a logged model of an experiment.
func (t Tx) SetModelTags(id string, experimentID int64, tags []mlflow.Tag) error {
	for _, tag := range tags {
		_, err := t.Exec(
			`INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value)
				VALUES (?, ?, ?, ?) ON CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value`,
			id, experimentID, tag.Key, tag.Value,
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteModelTag removes a tag of a logged model.
func (s Models) DeleteModelTag(ctx context.Context, id, key string) error {
	return s.Update(ctx, func(t Tx) error {
		if _, err := t.ExistingModel(id); err != nil {
			return err
		}
		n, err := t.Exec(`DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?`, id, key)
		if err == nil && n == 0 {
			return mlflow.Errorf(
				mlflow.ResourceDoesNotExist,
				"No tag with key %s found for model with ID %s.",
				python.Repr(key), python.Repr(id),
			)
		}
		return err
	})
}

// SearchLoggedModels returns one page of the logged models of experiments and the
// token of the next page, which is "" on the last page.
func (s Models) SearchLoggedModels(
	ctx context.Context,
	experimentIDs []int64,
	limit int,
	in *mlflow.SearchLoggedModelsRequest,
) (list []mlflow.LoggedModel, next string, err error) {
	q, err := search.LoggedModels(s.Dialect.Search, in.Filter, in.OrderBy, in.Datasets)
	if err != nil {
		return nil, "", err
	}
	if experimentIDs, err = base.ReadableExperiments(ctx, s.Store, experimentIDs, access.LoggedModel); err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeLoggedModelPage(in)
	if err != nil || len(experimentIDs) == 0 {
		return nil, "", err
	}
	query := `SELECT ` + loggedModelColumns + ` FROM logged_models lm ` + q.Joins.SQL +
		` WHERE ` + base.And(`lm.experiment_id IN (?...)`, `lm.lifecycle_stage <> 'deleted'`, q.Where.SQL) +
		` ORDER BY ` + q.OrderBy.SQL + ` LIMIT ? OFFSET ?`
	args := base.Concat(q.Joins.Args, []any{experimentIDs}, q.Where.Args, q.OrderBy.Args, []any{limit + 1, offset})
	err = s.ViewReplica(ctx, func(t Tx) error {
		next = ""
		if list, err = db.CollectUncached(t.Tx, query, args, base.Scanned(scanLoggedModel)); err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			if next, err = search.EncodeLoggedModelPage(in, offset+limit); err != nil {
				return err
			}
		}
		loaded, err := base.LoadPage(list, base.PageBytes, t.loadLoggedModelChunk)
		if err == nil && loaded < len(list) {
			list = list[:loaded]
			next, err = search.EncodeLoggedModelPage(in, offset+loaded)
		}
		return err
	})
	return list, next, err
}

// loadLoggedModels fills in the params, tags and metrics of models.
func (t Tx) loadLoggedModels(models []mlflow.LoggedModel) error {
	for len(models) > 0 {
		n := min(base.LoadChunk, len(models))
		if err := t.loadLoggedModelChunk(models[:n], base.Unlimited()); err != nil {
			return err
		}
		models = models[n:]
	}
	return nil
}

func (t Tx) loadLoggedModelChunk(models []mlflow.LoggedModel, b *base.Budget) error {
	at := make(map[string]*mlflow.LoggedModel, len(models))
	list := make([]string, len(models))
	for i := range models {
		m := &models[i]
		m.Info.Tags, m.Data.Params, m.Data.Metrics = nil, nil, nil
		at[m.Info.ModelID], list[i] = m, m.Info.ModelID
	}
	ids := []any{list}
	return base.FirstError(
		func() error {
			return t.Each(
				`SELECT model_id, param_key, param_value FROM logged_model_params WHERE model_id IN (?...)`,
				ids,
				base.ScanPair(func(id, key, value string) error {
					at[id].Data.Params = append(at[id].Data.Params, mlflow.Param{Key: key, Value: value})
					return b.Charge(base.PairSize, key, value)
				}),
			)
		},
		func() error {
			return t.Each(
				`SELECT model_id, tag_key, tag_value FROM logged_model_tags WHERE model_id IN (?...)`,
				ids,
				base.ScanPair(func(id, key, value string) error {
					at[id].Info.Tags = append(at[id].Info.Tags, mlflow.Tag{Key: key, Value: value})
					return b.Charge(base.PairSize, key, value)
				}),
			)
		},
		func() error {
			return t.Each(
				`SELECT model_id, metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, coalesce(dataset_name,
					''), coalesce(dataset_digest, '')
				FROM logged_model_metrics WHERE model_id IN (?...)`,
				ids,
				func(rows *sql.Rows) error {
					var m mlflow.Metric
					var value sql.NullFloat64
					if err := rows.Scan(&m.ModelID, &m.Key, &value, &m.Timestamp, &m.Step, &m.RunID,
						&m.DatasetName, &m.DatasetDigest); err != nil {
						return err
					}
					m.Value = base.FromColumn(value.Float64, !value.Valid)
					at[m.ModelID].Data.Metrics = append(at[m.ModelID].Data.Metrics, m)
					return b.Charge(base.MetricSize, m.Key)
				},
			)
		},
	)
}
