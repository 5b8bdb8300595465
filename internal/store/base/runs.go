package base

import (
	"database/sql"
	"errors"
	"strconv"

	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/mlflow"
)

// StagesOf returns the lifecycle stages of a view as an SQL list.
func StagesOf(v mlflow.ViewType) string {
	switch v {
	case mlflow.ViewAll:
		return "'active', 'deleted'"
	case mlflow.ViewDeleted:
		return "'deleted'"
	default:
		return "'active'"
	}
}

// RunColumns are the columns that [ScanRunInfo] reads, of the table runs under the alias r.
const RunColumns = "r.run_uuid, r.experiment_id, coalesce(r.name, ''), coalesce(r.user_id, ''), " +
	"coalesce(r.status, ''), coalesce(r.start_time, 0), coalesce(r.end_time, 0), coalesce(r.artifact_uri, ''), " +
	"coalesce(r.lifecycle_stage, '')"

// ScanRunInfo reads a row with [RunColumns].
func ScanRunInfo(row Scanner) (*mlflow.RunInfo, error) {
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

// RunInfo returns what the table of runs has about a run.
func (t Transaction) RunInfo(id string) (*mlflow.RunInfo, error) {
	info, err := ScanRunInfo(t.QueryRow(`SELECT `+RunColumns+` FROM runs r WHERE r.run_uuid = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NoRun(id)
	}
	return info, err
}

// NoRun returns the error for a run that does not exist.
func NoRun(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Run with id=%s not found", id)
}

// RunScope returns the condition that a run is in one of the experiments and visible in
// a view.
func RunScope(experimentIDs []int64, view mlflow.ViewType) search.Fragment {
	inExperiments, ids := oneOf("r.experiment_id", experimentIDs)
	return search.Fragment{
		SQL: inExperiments + ` AND r.lifecycle_stage IN (` + StagesOf(view) + `)`, Args: []any{ids},
	}
}
