package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/mlflow"
)

const experimentColumns = "e.experiment_id, e.name, coalesce(e.artifact_location, ''), " +
	"coalesce(e.lifecycle_stage, ''), coalesce(e.creation_time, 0), coalesce(e.last_update_time, 0), e.workspace"

func scanExperiment(row scanner) (*mlflow.Experiment, error) {
	var e mlflow.Experiment
	var id int64
	err := row.Scan(&id, &e.Name, &e.ArtifactLocation, &e.LifecycleStage, &e.CreationTime, &e.LastUpdateTime, &e.Workspace)
	e.ExperimentID = strconv.FormatInt(id, 10)
	return &e, err
}

// CreateExperiment creates an experiment and returns its id. If location is "", the
// files of the experiment are stored under the artifact root.
func (s *Store) CreateExperiment(ctx context.Context, name, location string, tags []mlflow.Tag) (id int64, err error) {
	err = s.write(ctx, func(t tx) error {
		now := nowMS()
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
			location := joinURI(s.artifactRoot, strconv.FormatInt(id, 10))
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
func (s *Store) Experiment(ctx context.Context, id int64) (e *mlflow.Experiment, err error) {
	err = s.read(ctx, func(t tx) error {
		if e, err = t.experiment(id); err != nil {
			return err
		}
		return t.loadExperimentTags([]mlflow.Experiment{*e}, unlimited(), func(_ int, tags []mlflow.Tag) { e.Tags = tags })
	})
	return e, err
}

// ExperimentByName returns the experiment with the given name, deleted ones included.
func (s *Store) ExperimentByName(ctx context.Context, name string) (e *mlflow.Experiment, err error) {
	err = s.read(ctx, func(t tx) error {
		e, err = scanExperiment(
			t.QueryRow(`SELECT `+experimentColumns+` FROM experiments e WHERE e.workspace = 'default' AND e.name = ?`, name),
		)
		if errors.Is(err, sql.ErrNoRows) {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Could not find experiment with name '%s'", name)
		}
		if err != nil {
			return err
		}
		return t.loadExperimentTags([]mlflow.Experiment{*e}, unlimited(), func(_ int, tags []mlflow.Tag) { e.Tags = tags })
	})
	return e, err
}

func (t tx) experiment(id int64) (*mlflow.Experiment, error) {
	e, err := scanExperiment(t.QueryRow(`SELECT `+experimentColumns+` FROM experiments e WHERE e.experiment_id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noExperiment(id)
	}
	return e, err
}

func noExperiment(id int64) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No Experiment with id=%d exists", id)
}

// activeExperiment returns an experiment that is not deleted.
func (t tx) activeExperiment(id int64) (*mlflow.Experiment, error) {
	e, err := t.experiment(id)
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
func (t tx) loadExperimentTags(list []mlflow.Experiment, b *budget, set func(i int, tags []mlflow.Tag)) error {
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
			return b.charge(pairSize, tag.Key, tag.Value)
		},
	)
	for i := range tags {
		set(i, tags[i])
	}
	return err
}

// RenameExperiment gives an active experiment a new name.
func (s *Store) RenameExperiment(ctx context.Context, id int64, name string) error {
	return s.write(ctx, func(t tx) error {
		e, err := t.experiment(id)
		if err != nil {
			return err
		}
		if e.LifecycleStage != mlflow.StageActive {
			return mlflow.Errorf(mlflow.InvalidState, "Cannot rename a non-active experiment.")
		}
		_, err = t.Exec(`UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?`, name, nowMS(), id)
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
func (s *Store) DeleteExperiment(ctx context.Context, id int64) error {
	assessments, err := s.assessmentsOf(ctx, `experiment_id = ?`, id)
	if err != nil {
		return err
	}
	return s.moveExperiment(ctx, id, mlflow.StageActive, mlflow.StageDeleted, func(t tx) error {
		if err := t.deleteAssessments(assessments); err != nil {
			return err
		}
		_, err := t.Exec(`UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE experiment_id = ?`, nowMS(), id)
		return err
	})
}

// RestoreExperiment takes a deleted experiment and all its runs out of the trash.
func (s *Store) RestoreExperiment(ctx context.Context, id int64) error {
	return s.moveExperiment(ctx, id, mlflow.StageDeleted, mlflow.StageActive, func(t tx) error {
		_, err := t.Exec(`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE experiment_id = ?`, id)
		return err
	})
}

func (s *Store) moveExperiment(
	ctx context.Context,
	id int64,
	from, to mlflow.LifecycleStage,
	moveRuns func(tx) error,
) error {
	return s.write(ctx, func(t tx) error {
		n, err := t.Exec(
			`UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ? AND lifecycle_stage = ?`,
			to, nowMS(), id, from,
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
func (s *Store) SetExperimentTag(ctx context.Context, id int64, tag mlflow.Tag) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.activeExperiment(id); err != nil {
			return err
		}
		return t.setExperimentTag(id, tag)
	})
}

func (t tx) setExperimentTag(id int64, tag mlflow.Tag) error {
	_, err := t.Exec(
		"INSERT INTO experiment_tags (`key`, value, experiment_id) VALUES (?, ?, ?)"+
			" ON CONFLICT (`key`, experiment_id) DO UPDATE SET value = excluded.value",
		tag.Key, tag.Value, id,
	)
	return err
}

// DeleteExperimentTag removes a tag of an active experiment.
func (s *Store) DeleteExperimentTag(ctx context.Context, id int64, key string) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.activeExperiment(id); err != nil {
			return err
		}
		n, err := t.Exec("DELETE FROM experiment_tags WHERE experiment_id = ? AND `key` = ?", id, key)
		if err == nil && n == 0 {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No tag with name: %s in experiment with id %d", key, id)
		}
		return err
	})
}

// stagesOf returns the lifecycle stages of a view as an SQL list.
func stagesOf(v mlflow.ViewType) string {
	switch v {
	case mlflow.ViewAll:
		return "'active', 'deleted'"
	case mlflow.ViewDeleted:
		return "'deleted'"
	default:
		return "'active'"
	}
}

// and joins the conditions that are not "".
func and(conditions ...string) string {
	kept := conditions[:0:0]
	for _, c := range conditions {
		if c != "" {
			kept = append(kept, c)
		}
	}
	return strings.Join(kept, " AND ")
}
