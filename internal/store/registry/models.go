package registry

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// ModelNamed returns the name of a registered model or prompt as it is stored, and whether
// it is a prompt. The name is "" if there is no such model. A collation of MySQL may find a
// model by another spelling of its name.
func (s Registry) ModelNamed(ctx context.Context, name string) (stored string, prompt bool, err error) {
	err = s.View(ctx, func(t tx) error {
		stored, prompt = "", false
		err := t.QueryRow(`SELECT name FROM registered_models WHERE `+base.InDefault+` AND name = ?`, name).Scan(&stored)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			prompt, err = t.isPrompt(name)
		}
		return err
	})
	return stored, prompt, err
}

const registeredModelColumns = "rm.name, coalesce(rm.creation_time, 0), coalesce(rm.last_updated_time, 0), " +
	"coalesce(rm.description, '')"

func scanRegisteredModel(row base.Scanner) (*mlflow.RegisteredModel, error) {
	var m mlflow.RegisteredModel
	err := row.Scan(&m.Name, &m.CreationTimestamp, &m.LastUpdatedTimestamp, &m.Description)
	return &m, err
}

// CreateRegisteredModel creates a registered model without versions. If a key occurs
// in several tags, the last tag is used.
func (s Registry) CreateRegisteredModel(
	ctx context.Context,
	in *mlflow.CreateRegisteredModelRequest,
) (m *mlflow.RegisteredModel, err error) {
	err = s.Update(ctx, func(t tx) error {
		now := base.NowMS()
		err := t.existingRegisteredModel(in.Name)
		if err == nil {
			return t.modelNameTaken(in)
		}
		if !errors.Is(err, mlflow.ResourceDoesNotExist) {
			return err
		}
		_, err = t.Exec(
			`INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, description)
				VALUES ('default', ?, ?, ?, ?)`,
			in.Name, now, now, in.Description,
		)
		if db.IsUniqueViolation(err) { // A concurrent request has created it.
			return mlflow.Errorf(mlflow.ResourceAlreadyExists, "Registered Model (name=%s) already exists.", in.Name)
		}
		if err != nil {
			return err
		}
		for _, tag := range in.Tags {
			if err := t.setRegisteredModelTag(in.Name, tag); err != nil {
				return err
			}
		}
		if err := t.fireModelCreated(in); err != nil {
			return err
		}
		m, err = t.registeredModel(in.Name)
		return err
	})
	return m, err
}

func (t tx) modelNameTaken(in *mlflow.CreateRegisteredModelRequest) error {
	kind := func(prompt bool) string {
		if prompt {
			return "Prompt"
		}
		return "Registered Model"
	}
	was, err := t.isPrompt(in.Name)
	if err != nil {
		return err
	}
	has, wants := kind(was), kind(HasPromptTag(in.Tags))
	if has == wants {
		return mlflow.Errorf(mlflow.ResourceAlreadyExists, "%s (name=%s) already exists.", has, in.Name)
	}
	return mlflow.Errorf(
		mlflow.ResourceAlreadyExists,
		"Tried to create a %s with name %s, but the name is already taken by a %s. "+
			"A model and a prompt cannot have the same name.",
		strings.ToLower(wants), python.Repr(in.Name), strings.ToLower(has),
	)
}

// HasPromptTag reports whether the tags are those of a prompt. If the key occurs in
// several tags, the last tag is used.
func HasPromptTag(tags []mlflow.Tag) bool {
	prompt := false
	for _, t := range tags {
		if t.Key == base.TagIsPrompt {
			prompt = strings.EqualFold(t.Value, "true")
		}
	}
	return prompt
}

func (t tx) isPrompt(name string) (bool, error) {
	var value sql.NullString
	err := t.QueryRow(
		"SELECT value FROM registered_model_tags WHERE "+base.InDefault+" AND name = ? AND `key` = ?",
		name, base.TagIsPrompt,
	).Scan(
		&value,
	)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return strings.EqualFold(value.String, "true"), err
}

// RegisteredModel returns a registered model with its tags, aliases and the
// newest version of each stage.
func (s Registry) RegisteredModel(ctx context.Context, name string) (m *mlflow.RegisteredModel, err error) {
	err = s.View(ctx, func(t tx) error {
		m, err = t.registeredModel(name)
		return err
	})
	return m, err
}

func (t tx) registeredModel(name string) (*mlflow.RegisteredModel, error) {
	m, err := scanRegisteredModel(
		t.QueryRow(
			`SELECT `+registeredModelColumns+` FROM registered_models rm WHERE rm.`+base.InDefault+` AND rm.name = ?`,
			name,
		),
	)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noRegisteredModel(name)
	}
	if err != nil {
		return nil, err
	}
	list := []mlflow.RegisteredModel{*m}
	err = t.loadRegisteredModels(list)
	return &list[0], err
}

func noRegisteredModel(name string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Registered Model with name=%s not found", name)
}

// existingRegisteredModel returns an error if a registered model does not exist.
func (t tx) existingRegisteredModel(name string) error {
	var one int
	err := t.QueryRow(`SELECT 1 FROM registered_models WHERE `+base.InDefault+` AND name = ?`, name).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return noRegisteredModel(name)
	}
	return err
}

// touchModel sets the time of the last update of a registered model. It returns an
// error if the model does not exist.
func (t tx) touchModel(name string, now int64) error {
	n, err := t.Exec(`UPDATE registered_models SET last_updated_time = ? WHERE `+base.InDefault+` AND name = ?`, now, name)
	if err == nil && n == 0 {
		return noRegisteredModel(name)
	}
	return err
}

// UpdateRegisteredModel replaces a registered model's description.
func (s Registry) UpdateRegisteredModel(
	ctx context.Context,
	name, description string,
) (m *mlflow.RegisteredModel, err error) {
	err = s.Update(ctx, func(t tx) error {
		if err := t.touchModel(name, base.NowMS()); err != nil {
			return err
		}
		if _, err := t.Exec(`UPDATE registered_models SET description = ? WHERE `+base.InDefault+`
			AND name = ?`, description, name); err != nil {
			return err
		}
		m, err = t.registeredModel(name)
		return err
	})
	return m, err
}

// RenameRegisteredModel renames a registered model. The foreign keys of its versions,
// tags and aliases are updated by the database; the log has no foreign key.
func (s Registry) RenameRegisteredModel(
	ctx context.Context,
	name, newName string,
	by Author,
) (m *mlflow.RegisteredModel, err error) {
	err = s.Update(ctx, func(t tx) error {
		now := base.NowMS()
		if err := t.touchModel(name, now); err != nil {
			return err
		}
		_, err := t.Exec(`UPDATE registered_models SET name = ? WHERE `+base.InDefault+` AND name = ?`, newName, name)
		if db.IsUniqueViolation(err) {
			return mlflow.Errorf(mlflow.ResourceAlreadyExists, "Registered Model (name=%s) already exists.", newName)
		}
		if err != nil {
			return err
		}
		if _, err := t.Exec(`UPDATE model_versions SET last_updated_time = ? WHERE `+base.InDefault+`
			AND name = ?`, now, newName); err != nil {
			return err
		}
		if _, err := t.Exec(`UPDATE millrace_registry_log SET model = ? WHERE model = ?`, newName, name); err != nil {
			return err
		}
		if newName != name {
			if err := t.logChange(now, by, mlflow.RegistryChange{
				Model: newName, Kind: mlflow.ChangeModel, From: name, To: newName,
			}); err != nil {
				return err
			}
		}
		m, err = t.registeredModel(newName)
		return err
	})
	return m, err
}

// DeleteRegisteredModel deletes a registered model with its versions, tags and
// aliases. It keeps the log of the model. It returns the locations of files that no
// version refers to any more, for the caller to delete.
func (s Registry) DeleteRegisteredModel(ctx context.Context, name string, by Author) (unused []string, err error) {
	err = s.Update(ctx, func(t tx) error {
		if err := t.existingRegisteredModel(name); err != nil {
			return err
		}
		files, err := t.managedLocations(name, 0)
		if err != nil {
			return err
		}
		for _, table := range []string{
			"model_version_tags", "model_versions",
			"registered_model_aliases", "registered_model_tags", "registered_models",
		} {
			if _, err := t.Exec(`DELETE FROM `+table+` WHERE `+base.InDefault+` AND name = ?`, name); err != nil {
				return err
			}
		}
		if unused, err = t.releaseFiles(files); err != nil {
			return err
		}
		return t.logChange(
			base.NowMS(), by,
			mlflow.RegistryChange{Model: name, Kind: mlflow.ChangeModel, From: name, To: "deleted"},
		)
	})
	return unused, err
}

// SetRegisteredModelTag sets or replaces a tag of a registered model.
func (s Registry) SetRegisteredModelTag(ctx context.Context, name string, tag mlflow.Tag) error {
	return s.Update(ctx, func(t tx) error {
		if err := t.existingRegisteredModel(name); err != nil {
			return err
		}
		if err := t.setRegisteredModelTag(name, tag); err != nil {
			return err
		}
		return t.fireModelTagSet(name, tag)
	})
}

func (t tx) setRegisteredModelTag(name string, tag mlflow.Tag) error {
	_, err := t.Exec(
		"INSERT INTO registered_model_tags (workspace, name, `key`, value) VALUES ('default', ?, ?, ?)"+
			" ON CONFLICT (workspace, `key`, name) DO UPDATE SET value = excluded.value",
		name, tag.Key, tag.Value,
	)
	return err
}

// DeleteRegisteredModelTag removes a tag of a registered model. The tag need not
// exist.
func (s Registry) DeleteRegisteredModelTag(ctx context.Context, name, key string) error {
	return s.Update(ctx, func(t tx) error {
		if err := t.existingRegisteredModel(name); err != nil {
			return err
		}
		_, err := t.Exec("DELETE FROM registered_model_tags WHERE "+base.InDefault+" AND name = ? AND `key` = ?", name, key)
		if err != nil {
			return err
		}
		return t.fireModelTagDeleted(name, key)
	})
}

// loadRegisteredModels fills in the tags, aliases and latest versions.
func (t tx) loadRegisteredModels(models []mlflow.RegisteredModel) error {
	for len(models) > 0 {
		n := min(base.LoadChunk, len(models))
		if err := t.loadRegisteredModelChunk(models[:n], base.Unlimited()); err != nil {
			return err
		}
		models = models[n:]
	}
	return nil
}

func (t tx) loadRegisteredModelChunk(models []mlflow.RegisteredModel, b *base.Budget) error {
	at := make(map[string]*mlflow.RegisteredModel, len(models))
	names := make([]string, len(models))
	for i := range models {
		m := &models[i]
		m.Tags, m.Aliases, m.LatestVersions = nil, nil, nil
		at[m.Name], names[i] = m, m.Name
	}
	const in = base.InDefault + ` AND name IN (?...)`
	return base.FirstError(
		func() error {
			return t.Each(
				"SELECT name, `key`, coalesce(value, '') FROM registered_model_tags WHERE "+in+" ORDER BY `key`",
				[]any{names},
				base.ScanPair(func(name, key, value string) error {
					at[name].Tags = append(at[name].Tags, mlflow.Tag{Key: key, Value: value})
					return b.Charge(base.PairSize, key, value)
				}),
			)
		},
		func() error {
			return t.Each(
				`SELECT name, alias, version FROM registered_model_aliases WHERE `+in+` ORDER BY alias`,
				[]any{names},
				base.ScanPair(func(name, alias, version string) error {
					at[name].Aliases = append(at[name].Aliases, mlflow.ModelAlias{Alias: alias, Version: version})
					return nil
				}),
			)
		},
		func() error {
			latest, err := t.latestVersions(names)
			for _, v := range latest {
				at[v.Name].LatestVersions = append(at[v.Name].LatestVersions, v)
			}
			return err
		},
	)
}
