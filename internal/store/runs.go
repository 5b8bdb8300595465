package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	tagRunName      = "mlflow.runName"
	tagLoggedModels = "mlflow.log-model.history"
)

const runColumns = "r.run_uuid, r.experiment_id, coalesce(r.name, ''), coalesce(r.user_id, ''), " +
	"coalesce(r.status, ''), coalesce(r.start_time, 0), coalesce(r.end_time, 0), coalesce(r.artifact_uri, ''), " +
	"coalesce(r.lifecycle_stage, '')"

func scanRunInfo(row scanner) (*mlflow.RunInfo, error) {
	var info mlflow.RunInfo
	var experiment sql.NullInt64
	err := row.Scan(
		&info.RunID, &experiment, &info.RunName, &info.UserID, &info.Status, &info.StartTime, &info.EndTime,
		&info.ArtifactURI, &info.LifecycleStage,
	)
	info.RunUUID = info.RunID
	info.ExperimentID = strconv.FormatInt(experiment.Int64, 10)
	return &info, err
}

func newID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

// CreateRun creates a run in an active experiment. If neither RunName nor the tag
// mlflow.runName is set, the run gets a random name.
func (s *Store) CreateRun(
	ctx context.Context,
	experimentID int64,
	in *mlflow.CreateRunRequest,
) (run *mlflow.Run, err error) {
	err = s.write(ctx, func(t tx) error {
		e, err := t.activeExperiment(experimentID)
		if err != nil {
			return err
		}
		id := newID()
		name, tags := in.RunName, in.Tags
		if name == "" {
			name = tagValue(in.Tags, tagRunName)
		}
		if name == "" {
			name = randomName()
		}
		if tagValue(in.Tags, tagRunName) == "" {
			tags = append(tags[:len(tags):len(tags)], mlflow.Tag{Key: tagRunName, Value: name})
		}
		info := mlflow.RunInfo{
			RunID: id, RunUUID: id, RunName: name, ExperimentID: e.ExperimentID, UserID: in.UserID,
			Status: mlflow.RunRunning, StartTime: in.StartTime, LifecycleStage: mlflow.StageActive,
			ArtifactURI: joinURI(e.ArtifactLocation, id, "artifacts"),
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
	err = s.read(ctx, func(t tx) error {
		runs := []mlflow.Run{{Info: mlflow.RunInfo{RunID: id}}}
		if _, err := t.loadRuns(runs); err != nil {
			return err
		}
		if run = &runs[0]; run.Info.RunUUID == "" {
			return noRun(id)
		}
		run.Inputs.ModelInputs, err = t.modelInputs(id)
		return err
	})
	return run, err
}

// RunInfo returns a run without its data. The run may be deleted.
func (s *Store) RunInfo(ctx context.Context, id string) (info *mlflow.RunInfo, err error) {
	err = s.read(ctx, func(t tx) error {
		info, err = t.runInfo(id)
		return err
	})
	return info, err
}

func (t tx) runInfo(id string) (*mlflow.RunInfo, error) {
	info, err := scanRunInfo(t.QueryRow(`SELECT `+runColumns+` FROM runs r WHERE r.run_uuid = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noRun(id)
	}
	return info, err
}

func noRun(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Run with id=%s not found", id)
}

// activeRun returns the experiment of a run that is not deleted.
func (t tx) activeRun(id string) (experimentID int64, err error) {
	var stage mlflow.LifecycleStage
	err = t.QueryRow(`SELECT experiment_id, lifecycle_stage FROM runs WHERE run_uuid = ?`, id).Scan(&experimentID, &stage)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, noRun(id)
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
	err = s.write(ctx, func(t tx) error {
		if _, err := t.activeRun(in.RunID); err != nil {
			return err
		}
		if in.Status != "" {
			if _, err := t.Exec(`UPDATE runs SET status = ? WHERE run_uuid = ?`, in.Status, in.RunID); err != nil {
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
		info, err = t.runInfo(in.RunID)
		return err
	})
	return info, err
}

// DeleteRun marks a run as deleted. It may be called again for the same run.
func (s *Store) DeleteRun(ctx context.Context, id string) error {
	assessments, err := s.assessmentsOf(ctx, `run_uuid = ?`, id)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t tx) error {
		n, err := t.Exec(`UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE run_uuid = ?`, nowMS(), id)
		if err == nil && n == 0 {
			return noRun(id)
		}
		if err != nil {
			return err
		}
		return t.deleteAssessments(assessments)
	})
}

// RestoreRun restores a deleted run. It does not change an active run.
func (s *Store) RestoreRun(ctx context.Context, id string) error {
	return s.write(ctx, func(t tx) error {
		n, err := t.Exec(`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = ?`, id)
		if err == nil && n == 0 {
			return noRun(id)
		}
		return err
	})
}

// assessmentsOf returns the ids of the trace assessments that the given runs created,
// which MLflow deletes with the runs. The id of the run is in their metadata, which
// has no index. Since this reads the whole table, it must not run in the writer.
func (s *Store) assessmentsOf(ctx context.Context, ofRuns string, arg any) (ids []string, err error) {
	err = s.read(ctx, func(t tx) error {
		ids = nil
		var some bool
		if err := t.QueryRow(`SELECT EXISTS (SELECT 1 FROM assessments)`).Scan(&some); err != nil || !some {
			return err
		}
		runs, err := db.Collect(t.Tx, `SELECT run_uuid FROM runs WHERE `+ofRuns, []any{arg}, scanOne[string])
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

func (t tx) deleteAssessments(ids []string) error {
	for part := range slices.Chunk(ids, loadChunk) {
		if _, err := t.Exec(`DELETE FROM assessments WHERE assessment_id IN (?...)`, part); err != nil {
			return err
		}
	}
	return nil
}

// SetTag sets or replaces a tag of an active run.
func (s *Store) SetTag(ctx context.Context, runID string, tag mlflow.Tag) error {
	return s.write(ctx, func(t tx) error {
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
	return s.write(ctx, func(t tx) error {
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

// RunChildren lists the active runs that name the run as their parent.
func (s *Store) RunChildren(ctx context.Context, id string) (list []mlflow.RunInfo, err error) {
	visible := s.visibleExperiments(ctx, "r.experiment_id", access.Run)
	err = s.read(ctx, func(t tx) error {
		list, err = db.CollectUncached(
			t.Tx,
			"SELECT "+runColumns+" FROM tags p JOIN runs r ON r.run_uuid = p.run_uuid WHERE "+
				and("p.`key` = 'mlflow.parentRunId'", "p.value = ?", "r.lifecycle_stage = 'active'", visible.SQL)+
				" ORDER BY r.start_time, r.run_uuid",
			concat([]any{id}, visible.Args),
			scanned(scanRunInfo),
		)
		return err
	})
	return list, err
}

// LogModelJSON appends the description of a model to the tag in which older clients
// list the models of a run.
func (s *Store) LogModelJSON(ctx context.Context, runID string, entry []byte) error {
	return s.write(ctx, func(t tx) error {
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
