package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxRunName is the number of characters in the name of a run.
const maxRunName = 250

// selectedAtOnce is the number of runs whose assessments one search finds.
const selectedAtOnce = 10_000

// bulkRun is a run of a selection.
type bulkRun struct {
	id, name string
	stage    mlflow.LifecycleStage
}

// inSelection runs a function in a write transaction on the runs of a selection, which
// are in the order of their start. If the function fails, nothing changes.
func (s *Store) inSelection(
	ctx context.Context, experimentID int64, in *mlflow.RunSelection, fn func(t tx, runs []bulkRun) error,
) (ids []string, err error) {
	q, err := search.Runs(s.Dialect.Search, in.Filter, nil)
	if err != nil {
		return nil, err
	}
	err = s.Update(ctx, func(t tx) error {
		runs, err := t.selectedRuns(experimentID, in, q, s.Limits.Runs)
		if err != nil {
			return err
		}
		ids = idsOfBulk(runs)
		if len(runs) == 0 {
			return nil
		}
		return fn(t, runs)
	})
	return ids, err
}

func idsOfBulk(runs []bulkRun) []string {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.id
	}
	return ids
}

// selectedRuns returns the runs of a selection. All runs that it names must be in the
// experiment.
func (t tx) selectedRuns(
	experimentID int64, in *mlflow.RunSelection, q *search.Query, limit int,
) ([]bulkRun, error) {
	condition := search.Fragment{SQL: `r.experiment_id = ?`, Args: []any{experimentID}}
	if in.All {
		condition = base.Both(base.RunScope([]int64{experimentID}, in.RunViewType), q.Where)
	} else {
		condition = base.Both(condition, base.OneOfMany(t.Dialect, "r.run_uuid", in.RunIDs, false))
	}
	runs, err := db.CollectUncached(
		t.Tx, `SELECT r.run_uuid, coalesce(r.name, ''), coalesce(r.lifecycle_stage, '') FROM runs r WHERE `+condition.SQL+
			` ORDER BY r.start_time, r.run_uuid LIMIT ?`,
		base.Concat(condition.Args, []any{limit + 1}),
		func(rows *sql.Rows, r *bulkRun) error { return rows.Scan(&r.id, &r.name, &r.stage) },
	)
	if err != nil {
		return nil, err
	}
	if len(runs) > limit {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue, "More than %d runs are selected. Select fewer runs, such as by a filter.", limit,
		)
	}
	if in.All {
		except := base.SetOf(in.Except)
		return slices.DeleteFunc(runs, func(r bulkRun) bool { return except[r.id] }), nil
	}
	found := base.SetOf(idsOfBulk(runs))
	for _, id := range in.RunIDs {
		if !found[id] {
			return nil, mlflow.Errorf(
				mlflow.ResourceDoesNotExist, "Run with id=%s not found in experiment %d.", id, experimentID,
			)
		}
	}
	return runs, nil
}

// TagRuns sets and removes tags of the active runs of a selection, and returns their ids.
// It fails without changing anything if a run is deleted.
func (s *Store) TagRuns(ctx context.Context, experimentID int64, in *mlflow.TagRunsRequest) ([]string, error) {
	return s.inSelection(ctx, experimentID, &in.Runs, func(t tx, runs []bulkRun) error {
		if err := allActive(runs); err != nil {
			return err
		}
		ids := idsOfBulk(runs)
		for _, tag := range in.Set {
			err := t.setTags(ids, tag.Key, func(int) string { return tag.Value })
			if err != nil {
				return err
			}
		}
		for part := range slices.Chunk(ids, base.LoadChunk) {
			if len(in.Remove) == 0 {
				break
			}
			_, err := t.Exec("DELETE FROM tags WHERE run_uuid IN (?...) AND "+t.Dialect.Exactly+"`key` IN (?...)",
				part, in.Remove)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func allActive(runs []bulkRun) error {
	for _, r := range runs {
		if r.stage != mlflow.StageActive {
			return mlflow.Errorf(
				mlflow.InvalidParameterValue, "The run %s must be in the 'active' state. Current state is %s.", r.id, r.stage,
			)
		}
	}
	return nil
}

// setTags sets a tag of runs to the value of each. The tag of the name renames them.
func (t tx) setTags(ids []string, key string, value func(i int) string) error {
	_, err := t.InsertRows(
		"INSERT INTO tags (`key`, value, run_uuid)",
		" ON CONFLICT (`key`, run_uuid) DO UPDATE SET value = excluded.value", 3, len(ids),
		func(args []any, i int) []any { return append(args, key, value(i), ids[i]) },
	)
	if err != nil || key != tagRunName {
		return err
	}
	for part := range slices.Chunk(ids, base.LoadChunk) {
		_, err := t.Exec(
			"UPDATE runs SET name = (SELECT g.value FROM tags g WHERE g.run_uuid = runs.run_uuid AND g.`key` = '"+
				tagRunName+"') WHERE run_uuid IN (?...)", part,
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// RenameRuns renames the active runs of a selection by a pattern, where {name} is the
// name of a run and {n} its number in the order of the runs' start.
func (s *Store) RenameRuns(ctx context.Context, experimentID int64, in *mlflow.RenameRunsRequest) ([]string, error) {
	return s.inSelection(ctx, experimentID, &in.Runs, func(t tx, runs []bulkRun) error {
		if err := allActive(runs); err != nil {
			return err
		}
		names := make([]string, len(runs))
		for i, r := range runs {
			names[i] = strings.NewReplacer("{name}", r.name, "{n}", strconv.Itoa(i+1)).Replace(in.Name)
			if n := utf8.RuneCountInString(names[i]); strings.TrimSpace(names[i]) == "" || n > maxRunName {
				return mlflow.Errorf(
					mlflow.InvalidParameterValue, "The new name of run %s has %d characters; names have 1 to %d.",
					r.id, n, maxRunName,
				)
			}
		}
		return t.setTags(idsOfBulk(runs), tagRunName, func(i int) string { return names[i] })
	})
}

// DeleteRuns marks the runs of a selection as deleted. Those that are deleted stay so.
func (s *Store) DeleteRuns(ctx context.Context, experimentID int64, in *mlflow.RunSelection) ([]string, error) {
	assessments, err := s.assessmentsOfSelection(ctx, experimentID, in)
	if err != nil {
		return nil, err
	}
	return s.inSelection(ctx, experimentID, in, func(t tx, runs []bulkRun) error {
		for part := range slices.Chunk(idsOfBulk(runs), base.LoadChunk) {
			_, err := t.Exec(
				`UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE run_uuid IN (?...)
					AND lifecycle_stage <> 'deleted'`, base.NowMS(), part,
			)
			if err != nil {
				return err
			}
		}
		return t.DeleteAssessments(assessments)
	})
}

// assessmentsOfSelection is base.AssessmentsOf for the runs of a selection. It runs before the
// transaction that deletes them, since it reads a whole table.
func (s *Store) assessmentsOfSelection(
	ctx context.Context, experimentID int64, in *mlflow.RunSelection,
) (list []string, err error) {
	q, err := search.Runs(s.Dialect.Search, in.Filter, nil)
	if err != nil {
		return nil, err
	}
	var runs []bulkRun
	err = s.View(ctx, func(t tx) error {
		runs, err = t.selectedRuns(experimentID, in, q, s.Limits.Runs)
		return err
	})
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(idsOfBulk(runs), selectedAtOnce) {
		found, err := base.AssessmentsOf(ctx, s.Store, `run_uuid IN (?...)`, part)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// RestoreRuns restores the deleted runs of a selection.
func (s *Store) RestoreRuns(ctx context.Context, experimentID int64, in *mlflow.RunSelection) ([]string, error) {
	return s.inSelection(ctx, experimentID, in, func(t tx, runs []bulkRun) error {
		for part := range slices.Chunk(idsOfBulk(runs), base.LoadChunk) {
			_, err := t.Exec(
				`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid IN (?...)`, part,
			)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
