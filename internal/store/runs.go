package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/webhooks"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	tagRunName      = "mlflow.runName"
	tagLoggedModels = "mlflow.log-model.history"
)

// CreateRun creates a run in an active experiment. If neither RunName nor the tag
// mlflow.runName is set, the run gets a random name.
func (s *Store) CreateRun(
	ctx context.Context,
	experimentID int64,
	in *mlflow.CreateRunRequest,
) (run *mlflow.Run, err error) {
	err = s.Update(ctx, func(t tx) error {
		e, err := t.experiments().ActiveExperiment(experimentID)
		if err != nil {
			return err
		}
		id := base.NewID()
		name, tags := in.RunName, in.Tags
		if name == "" {
			name = tagValue(in.Tags, tagRunName)
		}
		if name == "" {
			name = base.RandomName()
		}
		if tagValue(in.Tags, tagRunName) == "" {
			tags = append(tags[:len(tags):len(tags)], mlflow.Tag{Key: tagRunName, Value: name})
		}
		info := mlflow.RunInfo{
			RunID: id, RunUUID: id, RunName: name, ExperimentID: e.ExperimentID, UserID: in.UserID,
			Status: mlflow.RunRunning, StartTime: in.StartTime, LifecycleStage: mlflow.StageActive,
			ArtifactURI: base.JoinURI(e.ArtifactLocation, id, "artifacts"),
		}
		_, err = t.Exec(
			`INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
				end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
			VALUES (?, ?, 'UNKNOWN', '', '', ?, ?, ?, NULL, '', 'active', ?, ?)`,
			id, name, info.UserID, info.Status, info.StartTime, info.ArtifactURI, experimentID,
		)
		if err != nil {
			return err
		}
		_, err = t.InsertRows("INSERT INTO tags (`key`, value, run_uuid)", "", 3, len(tags), func(args []any, i int) []any {
			return append(args, tags[i].Key, tags[i].Value, id)
		})
		if db.IsUniqueViolation(err) {
			return mlflow.Errorf(mlflow.BadRequest, "The run's tags name a key twice; give each key once.")
		}
		run = &mlflow.Run{Info: info, Data: mlflow.RunData{Tags: tags}, Inputs: &mlflow.RunInputs{}}
		return err
	})
	return run, err
}

func tagValue(tags []mlflow.Tag, key string) string {
	for _, t := range tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// Run returns a run with all its data. The run may be deleted.
func (s *Store) Run(ctx context.Context, id string) (run *mlflow.Run, err error) {
	err = s.View(ctx, func(t tx) error {
		runs := []mlflow.Run{{Info: mlflow.RunInfo{RunID: id}}}
		if _, err := t.loadRuns(runs); err != nil {
			return err
		}
		if run = &runs[0]; run.Info.RunUUID == "" {
			return base.NoRun(id)
		}
		run.Inputs.ModelInputs, err = t.modelInputs(id)
		return err
	})
	return run, err
}

// RunInfo returns a run without its data. The run may be deleted.
func (s *Store) RunInfo(ctx context.Context, id string) (info *mlflow.RunInfo, err error) {
	err = s.View(ctx, func(t tx) error {
		info, err = t.RunInfo(id)
		return err
	})
	return info, err
}

// activeRun returns the experiment of a run that is not deleted.
func (t tx) activeRun(id string) (experimentID int64, err error) {
	var stage mlflow.LifecycleStage
	err = t.QueryRow(`SELECT experiment_id, lifecycle_stage FROM runs WHERE run_uuid = ?`, id).Scan(&experimentID, &stage)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, base.NoRun(id)
	case err == nil && stage != mlflow.StageActive:
		return 0, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"The run %s must be in the 'active' state. Current state is %s.",
			id, stage,
		)
	}
	return experimentID, err
}

// UpdateRun changes those of status, end time and name that the request has.
func (s *Store) UpdateRun(ctx context.Context, in *mlflow.UpdateRunRequest) (info *mlflow.RunInfo, err error) {
	err = s.Update(ctx, func(t tx) error {
		if _, err := t.activeRun(in.RunID); err != nil {
			return err
		}
		var changed int64
		if in.Status != "" {
			changed, err = t.Exec(`UPDATE runs SET status = ? WHERE run_uuid = ? AND coalesce(status, '') <> ?`,
				in.Status, in.RunID, in.Status)
			if err != nil {
				return err
			}
		}
		if in.EndTime != nil {
			if _, err := t.Exec(`UPDATE runs SET end_time = ? WHERE run_uuid = ?`, *in.EndTime, in.RunID); err != nil {
				return err
			}
		}
		if in.RunName != "" {
			if err := t.setTag(in.RunID, mlflow.Tag{Key: tagRunName, Value: in.RunName}); err != nil {
				return err
			}
		}
		if info, err = t.RunInfo(in.RunID); err != nil || changed == 0 {
			return err
		}
		return webhooks.Tx{Transaction: t.Transaction}.FireStatus(info)
	})
	return info, err
}

// DeleteRun marks a run as deleted. It may be called again for the same run.
func (s *Store) DeleteRun(ctx context.Context, id string) error {
	assessments, err := base.AssessmentsOf(ctx, s.Store, `run_uuid = ?`, id)
	if err != nil {
		return err
	}
	return s.Update(ctx, func(t tx) error {
		n, err := t.Exec(`UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE run_uuid = ?`, base.NowMS(), id)
		if err == nil && n == 0 {
			return base.NoRun(id)
		}
		if err != nil {
			return err
		}
		return t.DeleteAssessments(assessments)
	})
}

// RestoreRun restores a deleted run. It does not change an active run.
func (s *Store) RestoreRun(ctx context.Context, id string) error {
	return s.Update(ctx, func(t tx) error {
		n, err := t.Exec(`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = ?`, id)
		if err == nil && n == 0 {
			return base.NoRun(id)
		}
		return err
	})
}

// SetTag sets or replaces a tag of an active run.
func (s *Store) SetTag(ctx context.Context, runID string, tag mlflow.Tag) error {
	return s.Update(ctx, func(t tx) error {
		if _, err := t.activeRun(runID); err != nil {
			return err
		}
		return t.setTag(runID, tag)
	})
}

// setTag sets a tag. It also sets the name of the run if the tag is mlflow.runName.
func (t tx) setTag(runID string, tag mlflow.Tag) error {
	_, err := t.Exec(
		"INSERT INTO tags (`key`, value, run_uuid) VALUES (?, ?, ?)"+
			" ON CONFLICT (`key`, run_uuid) DO UPDATE SET value = excluded.value",
		tag.Key, tag.Value, runID,
	)
	if err == nil && tag.Key == tagRunName && tag.Value != "" {
		_, err = t.Exec(`UPDATE runs SET name = ? WHERE run_uuid = ?`, tag.Value, runID)
	}
	return err
}

// DeleteTag removes a tag of an active run.
func (s *Store) DeleteTag(ctx context.Context, runID, key string) error {
	return s.Update(ctx, func(t tx) error {
		if _, err := t.activeRun(runID); err != nil {
			return err
		}
		n, err := t.Exec("DELETE FROM tags WHERE run_uuid = ? AND `key` = ?", runID, key)
		if err == nil && n == 0 {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No tag with name: %s in run with id %s", key, runID)
		}
		return err
	})
}

// RunChildren lists up to limit active runs that name the run as their parent.
func (s *Store) RunChildren(ctx context.Context, id string, limit int) (list []mlflow.RunInfo, err error) {
	visible := base.VisibleExperiments(ctx, s.Store, "r.experiment_id", access.Run)
	err = s.View(ctx, func(t tx) error {
		list, err = db.CollectUncached(
			t.Tx,
			"SELECT "+base.RunColumns+" FROM tags p JOIN runs r ON r.run_uuid = p.run_uuid WHERE "+
				base.And("p.`key` = 'mlflow.parentRunId'", "p.value = ?", "r.lifecycle_stage = 'active'", visible.SQL)+
				" ORDER BY r.start_time, r.run_uuid LIMIT ?",
			base.Concat([]any{id}, visible.Args, []any{limit}),
			base.Scanned(base.ScanRunInfo),
		)
		return err
	})
	return list, err
}

// LogModelJSON appends the description of a model to the tag in which older clients
// list the models of a run.
func (s *Store) LogModelJSON(ctx context.Context, runID string, entry []byte) error {
	return s.Update(ctx, func(t tx) error {
		if _, err := t.activeRun(runID); err != nil {
			return err
		}
		var history string
		err := t.QueryRow("SELECT value FROM tags WHERE run_uuid = ? AND `key` = ?", runID, tagLoggedModels).Scan(&history)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if items, ok := strings.CutSuffix(strings.TrimSpace(history), "]"); ok && len(items) > 1 {
			history = fmt.Sprintf("%s, %s]", items, python.JSON(entry))
		} else {
			history = fmt.Sprintf("[%s]", python.JSON(entry))
		}
		return t.setTag(runID, mlflow.Tag{Key: tagLoggedModels, Value: history})
	})
}
