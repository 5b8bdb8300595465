package experiments

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

const experimentColumns = "e.experiment_id, e.name, coalesce(e.artifact_location, ''), " +
	"coalesce(e.lifecycle_stage, ''), coalesce(e.creation_time, 0), coalesce(e.last_update_time, 0), e.workspace"

func scanExperiment(row base.Scanner) (*mlflow.Experiment, error) {
	var e mlflow.Experiment
	var id int64
	err := row.Scan(&id, &e.Name, &e.ArtifactLocation, &e.LifecycleStage, &e.CreationTime, &e.LastUpdateTime, &e.Workspace)
	e.ExperimentID = strconv.FormatInt(id, 10)
	return &e, err
}

// CreateExperiment creates an experiment and returns its id. If location is "", the
// files of the experiment are stored under the artifact root.
func (s Experiments) CreateExperiment(
	ctx context.Context, name, location string, tags []mlflow.Tag,
) (id int64, err error) {
	err = s.Update(ctx, func(t Tx) error {
		now := base.NowMS()
		id, err = t.InsertID(
			"experiment_id",
			`INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
			VALUES (?, ?, 'active', ?, ?, 'default')`,
			name, location, now, now,
		)
		if db.IsUniqueViolation(err) {
			return mlflow.Errorf(
				mlflow.ResourceAlreadyExists,
				"Experiment(name=%s) already exists. Deleted experiments keep their names: restore it, or choose another name.",
				name,
			)
		}
		if err != nil {
			return err
		}
		if location == "" {
			location := base.JoinURI(s.ArtifactRoot, strconv.FormatInt(id, 10))
			if _, err := t.Exec(`UPDATE experiments SET artifact_location = ?
				WHERE experiment_id = ?`, location, id); err != nil {
				return err
			}
		}
		for _, tag := range tags {
			if err := t.setExperimentTag(id, tag); err != nil {
				return err
			}
		}
		return nil
	})
	return id, err
}

// Experiment returns the experiment with the given id, deleted ones included.
func (s Experiments) Experiment(ctx context.Context, id int64) (e *mlflow.Experiment, err error) {
	err = s.View(ctx, func(t Tx) error {
		if e, err = t.Experiment(id); err != nil {
			return err
		}
		set := func(_ int, tags []mlflow.Tag) { e.Tags = tags }
		return t.loadExperimentTags([]mlflow.Experiment{*e}, base.Unlimited(), set)
	})
	return e, err
}

// ExperimentByName returns the experiment with the given name, deleted ones included.
func (s Experiments) ExperimentByName(ctx context.Context, name string) (e *mlflow.Experiment, err error) {
	err = s.View(ctx, func(t Tx) error {
		e, err = scanExperiment(
			t.QueryRow(`SELECT `+experimentColumns+` FROM experiments e WHERE e.workspace = 'default' AND e.name = ?`, name),
		)
		if errors.Is(err, sql.ErrNoRows) {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Could not find experiment with name '%s'", name)
		}
		if err != nil {
			return err
		}
		set := func(_ int, tags []mlflow.Tag) { e.Tags = tags }
		return t.loadExperimentTags([]mlflow.Experiment{*e}, base.Unlimited(), set)
	})
	return e, err
}

// Experiment returns an experiment without its tags, also a deleted one.
func (t Tx) Experiment(id int64) (*mlflow.Experiment, error) {
	e, err := scanExperiment(t.QueryRow(`SELECT `+experimentColumns+` FROM experiments e WHERE e.experiment_id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noExperiment(id)
	}
	return e, err
}

func noExperiment(id int64) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No Experiment with id=%d exists", id)
}

// ActiveExperiment returns an experiment that is not deleted.
func (t Tx) ActiveExperiment(id int64) (*mlflow.Experiment, error) {
	e, err := t.Experiment(id)
	if err != nil {
		return nil, err
	}
	if e.LifecycleStage != mlflow.StageActive {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"The experiment %s must be in the 'active' state. Current state is %s.", e.ExperimentID, e.LifecycleStage)
	}
	return e, nil
}

// loadExperimentTags calls set with the tags of each experiment and its index in
// list.
func (t Tx) loadExperimentTags(list []mlflow.Experiment, b *base.Budget, set func(i int, tags []mlflow.Tag)) error {
	if len(list) == 0 {
		return nil
	}
	byID := make(map[int64]int, len(list))
	ids := make([]int64, len(list))
	for i := range list {
		id, err := strconv.ParseInt(list[i].ExperimentID, 10, 64)
		if err != nil {
			return err
		}
		byID[id], ids[i] = i, id
	}
	tags := make([][]mlflow.Tag, len(list))
	err := t.Each(
		"SELECT experiment_id, `key`, coalesce(value, '') FROM experiment_tags WHERE experiment_id IN (?...)",
		[]any{ids},
		func(rows *sql.Rows) error {
			var id int64
			var tag mlflow.Tag
			if err := rows.Scan(&id, &tag.Key, &tag.Value); err != nil {
				return err
			}
			tags[byID[id]] = append(tags[byID[id]], tag)
			return b.Charge(base.PairSize, tag.Key, tag.Value)
		},
	)
	for i := range tags {
		set(i, tags[i])
	}
	return err
}

// RenameExperiment gives an active experiment a new name.
func (s Experiments) RenameExperiment(ctx context.Context, id int64, name string) error {
	return s.Update(ctx, func(t Tx) error {
		e, err := t.Experiment(id)
		if err != nil {
			return err
		}
		if e.LifecycleStage != mlflow.StageActive {
			return mlflow.Errorf(mlflow.InvalidState, "Cannot rename a non-active experiment.")
		}
		_, err = t.Exec(
			`UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?`, name, base.NowMS(), id,
		)
		if db.IsUniqueViolation(err) {
			return mlflow.Errorf(
				mlflow.BadRequest,
				"Another experiment has the name '%s'; deleted experiments keep theirs.",
				name,
			)
		}
		return err
	})
}

// DeleteExperiment moves an active experiment and all its runs to the trash.
func (s Experiments) DeleteExperiment(ctx context.Context, id int64) error {
	assessments, err := base.AssessmentsOf(ctx, s.Store, `experiment_id = ?`, id)
	if err != nil {
		return err
	}
	return s.moveExperiment(ctx, id, mlflow.StageActive, mlflow.StageDeleted, func(t Tx) error {
		if err := t.DeleteAssessments(assessments); err != nil {
			return err
		}
		_, err := t.Exec(
			`UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE experiment_id = ?`, base.NowMS(), id,
		)
		return err
	})
}

// RestoreExperiment takes a deleted experiment and all its runs out of the trash.
func (s Experiments) RestoreExperiment(ctx context.Context, id int64) error {
	return s.moveExperiment(ctx, id, mlflow.StageDeleted, mlflow.StageActive, func(t Tx) error {
		_, err := t.Exec(`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE experiment_id = ?`, id)
		return err
	})
}

func (s Experiments) moveExperiment(
	ctx context.Context,
	id int64,
	from, to mlflow.LifecycleStage,
	moveRuns func(Tx) error,
) error {
	return s.Update(ctx, func(t Tx) error {
		n, err := t.Exec(
			`UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ? AND lifecycle_stage = ?`,
			to, base.NowMS(), id, from,
		)
		if err != nil {
			return err
		}
		if n == 0 {
			return noExperiment(id)
		}
		return moveRuns(t)
	})
}

// SetExperimentTag sets or replaces a tag of an active experiment.
func (s Experiments) SetExperimentTag(ctx context.Context, id int64, tag mlflow.Tag) error {
	return s.Update(ctx, func(t Tx) error {
		if _, err := t.ActiveExperiment(id); err != nil {
			return err
		}
		return t.setExperimentTag(id, tag)
	})
}

func (t Tx) setExperimentTag(id int64, tag mlflow.Tag) error {
	_, err := t.Exec(
		"INSERT INTO experiment_tags (`key`, value, experiment_id) VALUES (?, ?, ?)"+
			" ON CONFLICT (`key`, experiment_id) DO UPDATE SET value = excluded.value",
		tag.Key, tag.Value, id,
	)
	return err
}

// DeleteExperimentTag removes a tag of an active experiment.
func (s Experiments) DeleteExperimentTag(ctx context.Context, id int64, key string) error {
	return s.Update(ctx, func(t Tx) error {
		if _, err := t.ActiveExperiment(id); err != nil {
			return err
		}
		n, err := t.Exec("DELETE FROM experiment_tags WHERE experiment_id = ? AND `key` = ?", id, key)
		if err == nil && n == 0 {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No tag with name: %s in experiment with id %d", key, id)
		}
		return err
	})
}
