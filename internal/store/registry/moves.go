package registry

import (
	"context"
	"database/sql"
	"errors"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Move describes the new stage of a version, its new alias, or both.
type Move struct {
	Stage, Alias string
	// Archive moves the other versions in the stage to Archived.
	Archive bool
}

// MoveVersion moves a version to a stage, sets an alias to it, or both. It writes the
// log entries in the same transaction.
func (s Registry) MoveVersion(
	ctx context.Context,
	name string,
	number int64,
	m Move,
	by Author,
) (v *mlflow.ModelVersion, err error) {
	err = s.Update(ctx, func(t tx) error {
		now := base.NowMS()
		if m.Stage != "" {
			if err := t.moveToStage(name, number, m, by, now); err != nil {
				return err
			}
		}
		if m.Alias != "" {
			if err := t.setAlias(name, m.Alias, number, by, now); err != nil {
				return err
			}
		}
		v, err = t.modelVersion(name, number)
		return err
	})
	return v, err
}

func (t tx) moveToStage(name string, number int64, m Move, by Author, now int64) error {
	was, err := t.versionStage(name, number)
	if err != nil {
		return err
	}
	if err := t.readyVersion(name, number); err != nil {
		return err
	}
	if err := t.putInStage(name, number, was, m.Stage, by, now); err != nil {
		return err
	}
	if m.Archive {
		others, err := db.Collect(
			t.Tx,
			`SELECT version FROM model_versions WHERE `+base.InDefault+` AND name = ? AND current_stage = ? AND version <> ?
				ORDER BY version`,
			[]any{name, m.Stage, number},
			base.ScanOne[int64],
		)
		if err != nil {
			return err
		}
		for _, other := range others {
			if err := t.putInStage(name, other, m.Stage, mlflow.StageArchived, by, now); err != nil {
				return err
			}
		}
	}
	return t.touchModel(name, now)
}

func (t tx) putInStage(name string, number int64, from, to string, by Author, now int64) error {
	_, err := t.Exec(
		`UPDATE model_versions SET current_stage = ?, last_updated_time = ?
			WHERE `+base.InDefault+` AND name = ? AND version = ?`,
		to, now, name, number,
	)
	if err != nil {
		return err
	}
	if err := t.fireStageMoved(name, number, from, to, by); err != nil {
		return err
	}
	return t.logMove(
		now, by,
		mlflow.RegistryChange{Model: name, Version: versionText(number), Kind: mlflow.ChangeStage, From: from, To: to},
	)
}

// SetModelAlias sets an alias to a version. An existing alias is moved.
func (s Registry) SetModelAlias(ctx context.Context, name, alias string, number int64, by Author) error {
	return s.Update(ctx, func(t tx) error { return t.setAlias(name, alias, number, by, base.NowMS()) })
}

func (t tx) setAlias(name, alias string, number int64, by Author, now int64) error {
	if err := t.readyVersion(name, number); err != nil {
		return err
	}
	was, err := t.aliased(name, alias)
	if err != nil {
		return err
	}
	_, err = t.Exec(
		`INSERT INTO registered_model_aliases (workspace, name, alias, version)
			VALUES ('default', ?, ?, ?) ON CONFLICT (workspace, name, alias) DO UPDATE SET version = excluded.version`,
		name, alias, number,
	)
	if err != nil {
		return err
	}
	version := versionText(number)
	if err := t.fireAliasSet(name, alias, was, version, by); err != nil {
		return err
	}
	return t.logMove(
		now, by,
		mlflow.RegistryChange{Model: name, Version: version, Kind: mlflow.ChangeAlias, Alias: alias, From: was, To: version},
	)
}

// readyVersion returns an error if a version does not exist or its files are still being
// written.
func (t tx) readyVersion(name string, number int64) error {
	v, err := t.modelVersion(name, number)
	if err == nil && v.Status == mlflow.VersionPending {
		err = mlflow.Errorf(mlflow.InvalidParameterValue,
			"The files of version %d of the model '%s' are still being written; finalize the version first.", number, name)
	}
	return err
}

// aliased returns the version of an alias, or "" if the alias does not exist.
func (t tx) aliased(name, alias string) (version string, err error) {
	err = t.QueryRow(
		`SELECT version FROM registered_model_aliases WHERE `+base.InDefault+` AND name = ? AND alias = ?`,
		name, alias,
	).Scan(
		&version,
	)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return version, err
}

// DeleteModelAlias removes an alias of a model. The alias need not exist.
func (s Registry) DeleteModelAlias(ctx context.Context, name, alias string, by Author) error {
	return s.Update(ctx, func(t tx) error {
		if err := t.existingRegisteredModel(name); err != nil {
			return err
		}
		if err := t.deleteAlias(name, alias, by, base.NowMS()); err != nil {
			return err
		}
		return t.fireAliasDeleted(name, alias)
	})
}

func (t tx) deleteAlias(name, alias string, by Author, now int64) error {
	was, err := t.aliased(name, alias)
	if err != nil || was == "" {
		return err
	}
	if _, err := t.Exec(`DELETE FROM registered_model_aliases WHERE `+base.InDefault+` AND name = ?
		AND alias = ?`, name, alias); err != nil {
		return err
	}
	return t.logChange(
		now, by,
		mlflow.RegistryChange{Model: name, Version: was, Kind: mlflow.ChangeAlias, Alias: alias, From: was},
	)
}

// ModelVersionByAlias returns the version of an alias.
func (s Registry) ModelVersionByAlias(ctx context.Context, name, alias string) (v *mlflow.ModelVersion, err error) {
	err = s.View(ctx, func(t tx) error {
		if err := t.existingRegisteredModel(name); err != nil {
			return err
		}
		version, err := t.aliased(name, alias)
		if err != nil {
			return err
		}
		if version == "" {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "Registered model alias %s not found.", alias)
		}
		number, err := ParseVersion(version)
		if err != nil {
			return err
		}
		v, err = t.modelVersion(name, number)
		return err
	})
	return v, err
}

// HighestVersion returns the version of a model with the highest number.
func (s Registry) HighestVersion(ctx context.Context, name string) (v *mlflow.ModelVersion, err error) {
	err = s.View(ctx, func(t tx) error {
		if err := t.existingRegisteredModel(name); err != nil {
			return err
		}
		var number int64
		err := t.QueryRow(
			`SELECT version FROM model_versions WHERE `+base.InDefault+` AND name = ? AND current_stage <> ?
				ORDER BY version DESC LIMIT 1`,
			name, StageDeleted,
		).Scan(
			&number,
		)
		if errors.Is(err, sql.ErrNoRows) {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Latest version not found for model %s.", name)
		}
		if err != nil {
			return err
		}
		v, err = t.modelVersion(name, number)
		return err
	})
	return v, err
}

// LatestVersions returns the newest version of each of the stages, with its aliases.
// They are ordered by the lowest version in their stage.
func (s Registry) LatestVersions(
	ctx context.Context,
	name string,
	stages []string,
) (list []mlflow.ModelVersion, err error) {
	wanted := map[string]bool{}
	for _, stage := range stages {
		wanted[stage] = true
	}
	err = s.View(ctx, func(t tx) error {
		list = nil
		if err := t.existingRegisteredModel(name); err != nil {
			return err
		}
		all, err := t.latestVersions([]string{name})
		if err != nil {
			return err
		}
		for _, v := range all {
			if !wanted[v.CurrentStage] {
				continue
			}
			number, err := ParseVersion(v.Version)
			if err != nil {
				return err
			}
			if v.Aliases, err = t.versionAliases(name, number); err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}

// latestVersions returns the newest version of each stage of some models. It reads
// the lowest and the highest version of each pair of a model and a stage from the
// index millrace_versions_by_stage.
func (t tx) latestVersions(names []string) (list []mlflow.ModelVersion, err error) {
	const bound = `(version) FROM model_versions x WHERE x.workspace = rm.workspace AND x.name = rm.name
		AND x.current_stage = s.stage)`
	list, err = db.Collect(
		t.Tx,
		`WITH s (stage) AS (SELECT 'None' UNION ALL SELECT 'Staging'
			 UNION ALL SELECT 'Production' UNION ALL SELECT 'Archived')
		SELECT `+modelVersionColumns+` FROM registered_models rm CROSS JOIN s
		JOIN model_versions mv ON mv.workspace = rm.workspace AND mv.name = rm.name AND mv.version = (SELECT max`+bound+`
		WHERE rm.`+base.InDefault+` AND rm.name IN (?...)
		ORDER BY rm.name, (SELECT min`+bound,
		[]any{names},
		scanVersion,
	)
	if err != nil {
		return nil, err
	}
	return list, t.loadVersionTags(list)
}
