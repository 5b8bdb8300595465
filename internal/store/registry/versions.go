package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// StageDeleted is the stage of a deleted version. Its row keeps the number in use.
const StageDeleted = "Deleted_Internal"

// TagModelVersions is the tag of a logged model that lists the versions created from
// it.
const TagModelVersions = "mlflow.modelVersions"

const modelVersionColumns = "mv.name, mv.version, coalesce(mv.creation_time, 0), coalesce(mv.last_updated_time, " +
	"0), coalesce(mv.user_id, ''), coalesce(mv.current_stage, 'None'), " +
	"mv.description, coalesce(mv.source, ''), coalesce(mv.run_id, ''), coalesce(mv.status, 'READY'), " +
	"coalesce(mv.status_message, ''), coalesce(mv.run_link, '')"

// versionFields returns the scan destinations of modelVersionColumns.
func versionFields(v *mlflow.ModelVersion) []any {
	return []any{
		&v.Name, &v.Version, &v.CreationTimestamp, &v.LastUpdatedTimestamp, &v.UserID, &v.CurrentStage,
		&v.Description, &v.Source, &v.RunID, &v.Status, &v.StatusMessage, &v.RunLink,
	}
}

// NewVersion describes a model version to create. Source must have been validated.
type NewVersion struct {
	Name, Source, RunID, ModelID, RunLink, Description string
	Tags                                               []mlflow.Tag
}

// CreateModelVersion creates the next version of a model. Its number is greater than
// those of all versions of the model, including deleted ones.
func (s Registry) CreateModelVersion(
	ctx context.Context, in NewVersion, by Author,
) (v *mlflow.ModelVersion, err error) {
	err = s.Update(ctx, func(t tx) error {
		location, err := t.versionLocation(&in)
		if err != nil {
			return err
		}
		row := versionRow{NewVersion: in, location: location, status: mlflow.VersionReady}
		number, err := t.insertVersion(&row, by)
		if err != nil {
			return err
		}
		if err := t.addToLoggedModel(&in, number); err != nil {
			return err
		}
		if v, err = t.modelVersion(in.Name, number); err != nil {
			return err
		}
		return t.fireVersionCreated(v)
	})
	return v, err
}

// versionRow is a new version with the columns that requests do not have.
type versionRow struct {
	NewVersion

	location, status string
	user             sql.NullString
}

// insertVersion inserts the next version of a model with its tags and its entry in the
// log, and returns its number.
func (t tx) insertVersion(in *versionRow, by Author) (number int64, err error) {
	now := base.NowMS()
	if err := t.touchModel(in.Name, now); err != nil {
		return 0, err
	}
	if err := t.QueryRow(`SELECT coalesce(max(version), 0) + 1 FROM model_versions WHERE `+base.InDefault+`
		AND name = ?`, in.Name).Scan(&number); err != nil {
		return 0, err
	}
	_, err = t.Exec(
		`INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, description,
			user_id, current_stage, source, run_id, status, run_link, storage_location)
		VALUES ('default', ?, ?, ?, ?, ?, ?, 'None', ?, ?, ?, ?, ?)`,
		in.Name, number, now, now, in.Description, in.user, in.Source, in.RunID, in.status, in.RunLink, in.location,
	)
	if err != nil {
		return 0, err
	}
	for _, tag := range in.Tags {
		if err := t.setModelVersionTag(in.Name, number, tag); err != nil {
			return 0, err
		}
	}
	return number, t.logChange(now, by, mlflow.RegistryChange{
		Model: in.Name, Version: versionText(number), Kind: mlflow.ChangeVersion, To: "created",
	})
}

// versionLocation returns the location of the files of a new version. It sets the
// run of the version if the request has none and a logged model has one.
func (t tx) versionLocation(in *NewVersion) (string, error) {
	location := in.Source
	modelID, isModel := in.ModelID, false
	if uri, err := mlflow.ParseModelURI(in.Source); err == nil {
		if uri.Version != "" {
			number, err := ParseVersion(uri.Version)
			if err != nil {
				return "", err
			}
			if location, err = t.sharedLocation(uri.Name, number); err != nil {
				return "", err
			}
		} else {
			modelID, isModel = uri.ModelID, true
		}
	}
	if modelID == "" {
		return location, nil
	}
	m, err := t.models().LoggedModel(modelID, false)
	switch {
	case errors.Is(err, mlflow.ResourceDoesNotExist) && isModel:
		return "", mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Unable to fetch model from model URI source artifact location '%s'.Error: %s",
			in.Source,
			mlflow.AsError(err).Message,
		)
	case err != nil:
		return "", err
	case isModel:
		location = m.Info.ArtifactURI
	}
	if in.RunID == "" {
		in.RunID = m.Info.SourceRunID
	}
	return location, nil
}

// ModelVersion returns a version that is not deleted, with its aliases.
func (s Registry) ModelVersion(ctx context.Context, name string, number int64) (v *mlflow.ModelVersion, err error) {
	err = s.View(ctx, func(t tx) error {
		v, err = t.modelVersion(name, number)
		return err
	})
	return v, err
}

func (t tx) modelVersion(name string, number int64) (*mlflow.ModelVersion, error) {
	list := make([]mlflow.ModelVersion, 1)
	v := &list[0]
	err := t.QueryRow(
		`SELECT `+modelVersionColumns+` FROM model_versions mv WHERE mv.`+base.InDefault+` AND mv.name = ? AND mv.version = ?
			AND mv.current_stage <> ?`,
		name, number, StageDeleted,
	).Scan(
		versionFields(v)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NoModelVersion(name, number)
	}
	if err != nil {
		return nil, err
	}
	if err := t.loadVersionTags(list); err != nil {
		return nil, err
	}
	v.Aliases, err = t.versionAliases(name, number)
	return v, err
}

// NoModelVersion returns the error for a version that does not exist.
func NoModelVersion(name string, number int64) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Model Version (name=%s, version=%d) not found", name, number)
}

func scanVersion(rows *sql.Rows, v *mlflow.ModelVersion) error { return rows.Scan(versionFields(v)...) }

func (t tx) versionAliases(name string, number int64) ([]string, error) {
	return db.Collect(
		t.Tx,
		`SELECT alias FROM registered_model_aliases WHERE `+base.InDefault+` AND name = ? AND version = ? ORDER BY alias`,
		[]any{name, number},
		base.ScanOne[string],
	)
}

// versionStage returns the stage of a version that is not deleted.
func (t tx) versionStage(name string, number int64) (stage string, err error) {
	err = t.QueryRow(
		`SELECT coalesce(current_stage, 'None') FROM model_versions WHERE `+base.InDefault+` AND name = ? AND version = ?
			AND current_stage <> ?`,
		name, number, StageDeleted,
	).Scan(
		&stage,
	)
	if errors.Is(err, sql.ErrNoRows) {
		return "", NoModelVersion(name, number)
	}
	return stage, err
}

// DownloadURI returns the location of the files of a version.
func (s Registry) DownloadURI(ctx context.Context, name string, number int64) (uri string, err error) {
	err = s.View(ctx, func(t tx) error {
		uri, err = t.downloadURI(name, number)
		return err
	})
	return uri, err
}

func (t tx) downloadURI(name string, number int64) (uri string, err error) {
	err = t.QueryRow(
		`SELECT coalesce(nullif(storage_location, ''), source, '') FROM model_versions WHERE `+base.InDefault+` AND name = ?
			AND version = ? AND current_stage <> ?`,
		name, number, StageDeleted,
	).Scan(
		&uri,
	)
	if errors.Is(err, sql.ErrNoRows) {
		return "", NoModelVersion(name, number)
	}
	return uri, err
}

// UpdateModelVersion replaces the description of a version. nil removes it.
func (s Registry) UpdateModelVersion(
	ctx context.Context,
	name string,
	number int64,
	description *string,
) (v *mlflow.ModelVersion, err error) {
	err = s.Update(ctx, func(t tx) error {
		if _, err := t.versionStage(name, number); err != nil {
			return err
		}
		_, err := t.Exec(
			`UPDATE model_versions SET description = ?, last_updated_time = ?
				WHERE `+base.InDefault+` AND name = ? AND version = ?`,
			description, base.NowMS(), name, number,
		)
		if err != nil {
			return err
		}
		v, err = t.modelVersion(name, number)
		return err
	})
	return v, err
}

// DeleteModelVersion marks a version as deleted. Its number is not used again, and
// the location of its files is removed from its row. It returns the locations of files
// that no version refers to any more, for the caller to delete.
func (s Registry) DeleteModelVersion(
	ctx context.Context,
	name string,
	number int64,
	by Author,
) (unused []string, err error) {
	err = s.Update(ctx, func(t tx) error {
		now := base.NowMS()
		stage, err := t.versionStage(name, number)
		if err != nil {
			return err
		}
		files, err := t.managedLocations(name, number)
		if err != nil {
			return err
		}
		aliases, err := t.versionAliases(name, number)
		if err != nil {
			return err
		}
		for _, alias := range aliases {
			if err := t.deleteAlias(name, alias, by, now); err != nil {
				return err
			}
		}
		_, err = t.Exec(
			`UPDATE model_versions SET current_stage = ?, last_updated_time = ?, description = NULL, user_id = NULL,
				source = 'REDACTED-SOURCE-PATH',
			run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK', status_message = NULL
			WHERE `+base.InDefault+` AND name = ?
			AND version = ?`,
			StageDeleted, now, name, number,
		)
		if err != nil {
			return err
		}
		if err := t.touchModel(name, now); err != nil {
			return err
		}
		if unused, err = t.releaseFiles(files); err != nil {
			return err
		}
		return t.logChange(
			now, by,
			mlflow.RegistryChange{
				Model:   name,
				Version: versionText(number),
				Kind:    mlflow.ChangeVersion,
				From:    stage,
				To:      "deleted",
			},
		)
	})
	return unused, err
}

// SetModelVersionTag sets or replaces a tag of a version.
func (s Registry) SetModelVersionTag(ctx context.Context, name string, number int64, tag mlflow.Tag) error {
	return s.Update(ctx, func(t tx) error {
		if _, err := t.versionStage(name, number); err != nil {
			return err
		}
		if err := t.setModelVersionTag(name, number, tag); err != nil {
			return err
		}
		return t.fireVersionTagSet(name, number, tag)
	})
}

func (t tx) setModelVersionTag(name string, number int64, tag mlflow.Tag) error {
	_, err := t.Exec(
		"INSERT INTO model_version_tags (workspace, name, version, `key`, value) VALUES ('default', ?, ?, ?, ?)"+
			" ON CONFLICT (workspace, `key`, name, version) DO UPDATE SET value = excluded.value",
		name, number, tag.Key, tag.Value,
	)
	return err
}

// DeleteModelVersionTag removes a tag of a version. The tag need not exist.
func (s Registry) DeleteModelVersionTag(ctx context.Context, name string, number int64, key string) error {
	return s.Update(ctx, func(t tx) error {
		if _, err := t.versionStage(name, number); err != nil {
			return err
		}
		_, err := t.Exec(
			"DELETE FROM model_version_tags WHERE "+base.InDefault+" AND name = ? AND version = ? AND `key` = ?",
			name, number, key,
		)
		if err != nil {
			return err
		}
		return t.fireVersionTagDeleted(name, number, key)
	})
}

// addToLoggedModel adds a new version to the list in a tag of its logged model. It
// keeps other items of the list, and replaces a value that is not a list.
func (t tx) addToLoggedModel(in *NewVersion, number int64) error {
	if in.ModelID == "" || HasPromptTag(in.Tags) {
		return nil
	}
	experimentID, err := t.models().ExistingModel(in.ModelID)
	if err != nil {
		return err
	}
	var have string
	var versions []json.RawMessage
	err = t.Each(
		`SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?`,
		[]any{in.ModelID, TagModelVersions},
		func(rows *sql.Rows) error { return rows.Scan(&have) },
	)
	if err != nil {
		return err
	}
	if json.Unmarshal([]byte(have), &versions) != nil {
		versions = nil
	}
	entry := `{"name": ` + python.JSONString(in.Name) + `, "version": ` + versionText(number) + `}`
	var b strings.Builder
	for _, v := range versions {
		if string(v) != entry {
			b.Write(v)
			b.WriteString(", ")
		}
	}
	return t.models().SetModelTags(
		in.ModelID, experimentID,
		[]mlflow.Tag{{Key: TagModelVersions, Value: "[" + b.String() + entry + "]"}},
	)
}

// ParseVersion reads the number of a version.
func ParseVersion(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }

func versionText(n int64) string { return strconv.FormatInt(n, 10) }
