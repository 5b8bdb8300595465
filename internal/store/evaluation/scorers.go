package evaluation

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/experiments"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// scorerColumns are the columns of scorers sc and scorer_versions sv that scanScorer reads.
const scorerColumns = "sc.experiment_id, sc.scorer_name, sv.scorer_version, sv.serialized_scorer, " +
	"coalesce(sv.creation_time, 0), sc.scorer_id"

const fromScorers = ` FROM scorers sc JOIN scorer_versions sv ON sv.scorer_id = sc.scorer_id`

// isNewest is the condition that a version sv is the newest of its scorer.
const isNewest = `sv.scorer_version = (SELECT MAX(n.scorer_version) FROM scorer_versions n
	WHERE n.scorer_id = sv.scorer_id)`

func scanScorer(row base.Scanner) (*genai.Scorer, error) {
	var s genai.Scorer
	err := row.Scan(
		&s.ExperimentID, &s.ScorerName, &s.ScorerVersion, &s.SerializedScorer, &s.CreationTime, &s.ScorerID,
	)
	return &s, err
}

// active returns an error unless an experiment exists and is not deleted.
func (t Tx) active(experimentID int64) error {
	_, err := experiments.Tx{Transaction: t.Transaction}.ActiveExperiment(experimentID)
	return err
}

// NoScorer returns the error for a scorer that does not exist.
func NoScorer(experimentID int64, name string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Scorer with name '%s' not found for experiment %d.",
		name, experimentID)
}

// noScorerVersion returns the error for a version that does not exist, or for a scorer if the
// version is nil.
func noScorerVersion(experimentID int64, name string, version *int32) error {
	if version == nil {
		return NoScorer(experimentID, name)
	}
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Scorer with name '%s' and version %d not found for experiment %d.",
		name, *version, experimentID)
}

// scorerID returns the id of a scorer.
func (t Tx) scorerID(experimentID int64, name string) (id string, err error) {
	var stored string
	err = t.QueryRow(`SELECT scorer_id, scorer_name FROM scorers WHERE experiment_id = ? AND scorer_name = ?`,
		experimentID, name).Scan(&id, &stored)
	if errors.Is(err, sql.ErrNoRows) || err == nil && stored != name { // MySQL ignores the case of names.
		return "", NoScorer(experimentID, name)
	}
	return id, err
}

// RegisterScorer adds a version to a scorer of an experiment, which it creates if there is
// none. It reports whether it has created the scorer.
func (s Evaluations) RegisterScorer(
	ctx context.Context, experimentID int64, name, serialized string,
) (v *genai.Scorer, created bool, err error) {
	err = s.Update(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		_, err := t.Exec(`INSERT INTO scorers (experiment_id, scorer_name, scorer_id) VALUES (?, ?, ?)`+
			` ON CONFLICT (experiment_id, scorer_name) DO NOTHING`, experimentID, name, uuid.NewString())
		if err != nil {
			return err
		}
		id, err := t.scorerID(experimentID, name)
		if errors.Is(err, mlflow.ResourceDoesNotExist) {
			return mlflow.Errorf(mlflow.ResourceAlreadyExists,
				"The experiment has a scorer whose name differs from '%s' in case only.", name)
		}
		if err != nil {
			return err
		}
		// The update makes other registrations wait.
		if _, err := t.Exec(`UPDATE scorers SET scorer_name = scorer_name WHERE scorer_id = ?`, id); err != nil {
			return err
		}
		v = &genai.Scorer{
			ExperimentID: experimentID, ScorerName: name, SerializedScorer: serialized, CreationTime: base.NowMS(), ScorerID: id,
		}
		err = t.QueryRow(`SELECT coalesce(MAX(scorer_version), 0) + 1 FROM scorer_versions WHERE scorer_id = ?`, id).
			Scan(&v.ScorerVersion)
		if err != nil {
			return err
		}
		created = v.ScorerVersion == 1
		_, err = t.Exec(`INSERT INTO scorer_versions (scorer_id, scorer_version, serialized_scorer, creation_time)
			VALUES (?, ?, ?, ?)`, id, int64(v.ScorerVersion), serialized, v.CreationTime)
		return err
	})
	return v, created, err
}

// Scorer returns a version of a scorer, the newest one if version is nil.
func (s Evaluations) Scorer(
	ctx context.Context, experimentID int64, name string, version *int32,
) (v *genai.Scorer, err error) {
	condition, args := isNewest, []any(nil)
	if version != nil {
		condition, args = `sv.scorer_version = ?`, []any{int64(*version)}
	}
	err = s.View(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		id, err := t.scorerID(experimentID, name)
		if err != nil {
			return err
		}
		v, err = scanScorer(t.QueryRow(`SELECT `+scorerColumns+fromScorers+` WHERE sc.scorer_id = ? AND `+condition,
			base.Concat([]any{id}, args)...))
		if errors.Is(err, sql.ErrNoRows) {
			return noScorerVersion(experimentID, name, version)
		}
		return err
	})
	return v, err
}

// ScorerVersions returns the versions of a scorer.
func (s Evaluations) ScorerVersions(
	ctx context.Context, experimentID int64, name string,
) (list []genai.Scorer, err error) {
	err = s.View(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		id, err := t.scorerID(experimentID, name)
		if err != nil {
			return err
		}
		list, err = db.Collect(t.Tx, `SELECT `+scorerColumns+fromScorers+` WHERE sc.scorer_id = ? ORDER BY sv.scorer_version`,
			[]any{id}, base.Scanned(scanScorer))
		if err == nil && len(list) == 0 {
			return NoScorer(experimentID, name)
		}
		return err
	})
	return list, err
}

// Scorers returns the newest versions of the scorers of an experiment, which must be active.
func (s Evaluations) Scorers(ctx context.Context, experimentID int64) (list []genai.Scorer, err error) {
	err = s.ViewReplica(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		list, err = t.newest(base.OneOfMany(s.Dialect, "sc.experiment_id", []int64{experimentID}, false))
		return err
	})
	return list, err
}

// ScorersOf returns the newest versions of the scorers of active experiments that the user may
// read, of all of them if ids is nil.
func (s Evaluations) ScorersOf(ctx context.Context, ids []int64) (list []genai.Scorer, err error) {
	scope := base.VisibleExperiments(ctx, s.Store, "sc.experiment_id", access.Scorer)
	if ids != nil {
		scope = base.Both(scope, base.OneOfMany(s.Dialect, "sc.experiment_id", ids, false))
	}
	scope.SQL = base.And(scope.SQL, `sc.experiment_id IN (SELECT e.experiment_id FROM experiments e
		WHERE e.lifecycle_stage = 'active')`)
	err = s.ViewReplica(ctx, func(t Tx) error {
		list, err = t.newest(scope)
		return err
	})
	return list, err
}

func (t Tx) newest(scope search.Fragment) ([]genai.Scorer, error) {
	return db.CollectUncached(t.Tx, `SELECT `+scorerColumns+fromScorers+` WHERE `+base.And(scope.SQL, isNewest)+
		` ORDER BY sc.experiment_id, sc.scorer_name`, scope.Args, base.Scanned(scanScorer))
}

// DeleteScorer deletes a version of a scorer, or the scorer with all its versions if version is
// nil.
func (s Evaluations) DeleteScorer(ctx context.Context, experimentID int64, name string, version *int32) error {
	return s.Update(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		id, err := t.scorerID(experimentID, name)
		if err != nil {
			return err
		}
		statement, args := `DELETE FROM scorer_versions WHERE scorer_id = ?`, []any{id}
		if version != nil {
			statement, args = statement+` AND scorer_version = ?`, append(args, int64(*version))
		}
		n, err := t.Exec(statement, args...)
		switch {
		case db.IsForeignKeyViolation(err):
			return mlflow.Errorf(mlflow.InvalidParameterValue, "A guardrail of the AI gateway uses the scorer '%s'.", name)
		case err != nil:
			return err
		case n == 0:
			return noScorerVersion(experimentID, name, version)
		case version != nil:
			return nil
		}
		_, err = t.Exec(`DELETE FROM scorers WHERE scorer_id = ?`, id)
		return err
	})
}

// OnlineConfigs returns how MLflow applies scorers to new traces, of the scorers in experiments
// that the user may read.
func (s Evaluations) OnlineConfigs(ctx context.Context, scorerIDs []string) (list []genai.OnlineConfig, err error) {
	in := base.OneOfMany(s.Dialect, "oc.scorer_id", scorerIDs, false)
	scope := base.Both(in, base.VisibleExperiments(ctx, s.Store, "oc.experiment_id", access.Scorer))
	err = s.ViewReplica(ctx, func(t Tx) error {
		list, err = db.CollectUncached(t.Tx, `SELECT oc.online_scoring_config_id, oc.scorer_id, oc.sample_rate,
			oc.experiment_id, oc.filter_string FROM online_scoring_configs oc WHERE `+scope.SQL+
			` ORDER BY oc.online_scoring_config_id`, scope.Args, base.Scanned(scanOnlineConfig))
		return err
	})
	return list, err
}

func scanOnlineConfig(row base.Scanner) (*genai.OnlineConfig, error) {
	var c genai.OnlineConfig
	var experiment int64
	err := row.Scan(&c.OnlineScoringConfigID, &c.ScorerID, &c.SampleRate, &experiment, &c.FilterString)
	c.ExperimentID = strconv.FormatInt(experiment, 10)
	return &c, err
}
