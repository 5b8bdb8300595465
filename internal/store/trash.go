package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/models"
	"github.com/millrace-ml/millrace/mlflow"
)

// trash has the query of each kind of items in the trash: the columns of [scanTrash], the
// tables, and the columns of its id, its name and the time of its deletion. The parts of
// a deleted experiment are restored and removed with it.
var trash = map[string]struct {
	query, id, name, deleted string
	part                     access.Type
}{
	mlflow.TrashedRun: {
		`SELECT r.run_uuid, r.name, r.experiment_id, e.name, r.user_id, r.deleted_time, 0 FROM runs r
			JOIN experiments e ON e.experiment_id = r.experiment_id
			WHERE r.lifecycle_stage = 'deleted' AND e.lifecycle_stage = 'active'`,
		"r.run_uuid", "r.name", "r.deleted_time", access.Run,
	},
	mlflow.TrashedLoggedModel: {
		`SELECT m.model_id, m.name, m.experiment_id, e.name, NULL, m.last_updated_timestamp_ms, 0 FROM logged_models m
			JOIN experiments e ON e.experiment_id = m.experiment_id
			WHERE m.lifecycle_stage = 'deleted' AND e.lifecycle_stage = 'active'`,
		"m.model_id", "m.name", "m.last_updated_timestamp_ms", access.LoggedModel,
	},
	mlflow.TrashedExperiment: {
		`SELECT e.experiment_id, e.name, NULL, NULL, NULL, e.last_update_time,
			(SELECT count(*) FROM runs c WHERE c.experiment_id = e.experiment_id) FROM experiments e
			WHERE e.lifecycle_stage = 'deleted'`,
		"e.experiment_id", "e.name", "e.last_update_time", "",
	},
}

// SearchTrash returns one page of deleted items of a kind that the user may read, those
// that were deleted last first, and the token of the next page, which is "" on the last
// page.
func (s *Store) SearchTrash(
	ctx context.Context, in *mlflow.SearchTrashRequest,
) (list []mlflow.TrashItem, next string, err error) {
	kind := trash[in.Kind]
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	visible := base.VisibleExperiments(ctx, s.Store, "e.experiment_id", kind.part)
	var text search.Fragment
	if in.Text != "" {
		searched := []string{kind.name}
		if in.Kind != mlflow.TrashedExperiment { // Its id is a number.
			searched = append(searched, kind.id)
		}
		text = contains(in.Text, searched...)
	}
	query := kind.query + ` AND ` + base.And(`e.workspace = 'default'`, visible.SQL, text.SQL) +
		` ORDER BY coalesce(` + kind.deleted + `, 0) DESC, ` + kind.id + ` LIMIT ? OFFSET ?`
	args := base.Concat(visible.Args, text.Args, []any{in.MaxResults + 1, offset})
	err = s.View(ctx, func(t tx) error { // A restored item must be gone at once.
		list, err = db.CollectUncached(t.Tx, query, args, scanTrash(in.Kind))
		list, next = base.CutPage(list, int(in.MaxResults), offset)
		return err
	})
	return list, next, err
}

func scanTrash(kind string) func(*sql.Rows, *mlflow.TrashItem) error {
	return func(rows *sql.Rows, item *mlflow.TrashItem) error {
		var name, experimentID, experiment, user sql.NullString
		var deleted sql.NullInt64
		err := rows.Scan(&item.ID, &name, &experimentID, &experiment, &user, &deleted, &item.Runs)
		item.Kind, item.Name, item.UserID, item.DeletedTime = kind, name.String, user.String, deleted.Int64
		item.ExperimentID, item.ExperimentName = experimentID.String, experiment.String
		return err
	}
}

// contains returns the condition that one of some columns contains a text, in any case.
func contains(text string, columns ...string) search.Fragment {
	pattern := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text)) + "%"
	either := make([]search.Fragment, len(columns))
	for i, column := range columns {
		either[i] = search.Fragment{SQL: `lower(` + column + `) LIKE ? ESCAPE '!'`, Args: []any{pattern}}
	}
	return base.AnyOf(either)
}

// RestoreLoggedModel returns a logged model from the deleted stage. MLflow has no method
// for it.
func (s *Store) RestoreLoggedModel(ctx context.Context, id string) error {
	return s.Update(ctx, func(t tx) error {
		n, err := t.Exec(
			`UPDATE logged_models SET lifecycle_stage = 'active', last_updated_timestamp_ms = ? WHERE model_id = ?`,
			base.NowMS(), id,
		)
		if err == nil && n == 0 {
			return models.NoLoggedModel(id)
		}
		return err
	})
}
