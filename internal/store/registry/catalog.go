package registry

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// VersionFiles describes the files of a version that clients write to the registry
// itself, as those of Unity Catalog do. The server owns these files: it deletes them
// with the last version that refers to them.
type VersionFiles struct {
	// Location is an artifact URI that no other version has.
	Location string
	// ModelID is the logged model from which the version was created, or "".
	ModelID string
	// RunServer identifies the server of the run from which the version was created,
	// or is "".
	RunServer string
}

// CatalogVersion is a model version with its files. Location is the location of the
// files of any version; the other fields of VersionFiles are those of a version that
// was created by [Store.CreatePendingVersion].
type CatalogVersion struct {
	mlflow.ModelVersion
	VersionFiles
}

// CreatePendingVersion creates the next version of a model, whose files are still to be
// written to files.Location. [Store.FinalizeVersion] ends the writing.
func (s Registry) CreatePendingVersion(
	ctx context.Context,
	in NewVersion,
	files VersionFiles,
	by Author,
) (v *CatalogVersion, err error) {
	err = s.Update(ctx, func(t tx) error {
		_, err := t.Exec(
			`INSERT INTO millrace_version_files (location, model_id, run_server, created_ms) VALUES (?, ?, ?, ?)`,
			files.Location, files.ModelID, files.RunServer, base.NowMS(),
		)
		if err != nil {
			return err
		}
		row := versionRow{
			NewVersion: in, location: files.Location, status: mlflow.VersionPending,
			user: sql.NullString{String: by.User, Valid: by.User != ""},
		}
		number, err := t.insertVersion(&row, by)
		if err != nil {
			return err
		}
		v, err = t.catalogVersion(in.Name, number)
		return err
	})
	return v, err
}

// FinalizeVersion changes the status of a version from pending to ready, after which its
// files are read-only. A version that is ready already stays so.
func (s Registry) FinalizeVersion(ctx context.Context, name string, number int64) (v *CatalogVersion, err error) {
	err = s.Update(ctx, func(t tx) error {
		if _, err := t.versionStage(name, number); err != nil {
			return err
		}
		ended, err := t.Exec(
			`UPDATE model_versions SET status = ?, last_updated_time = ? WHERE `+base.InDefault+` AND name = ? AND version = ?
				AND status = ?`,
			mlflow.VersionReady, base.NowMS(), name, number, mlflow.VersionPending,
		)
		if err != nil {
			return err
		}
		if v, err = t.catalogVersion(name, number); err != nil || ended == 0 {
			return err
		}
		return t.fireVersionCreated(&v.ModelVersion)
	})
	return v, err
}

// CatalogVersion returns a version that is not deleted, with its files.
func (s Registry) CatalogVersion(ctx context.Context, name string, number int64) (v *CatalogVersion, err error) {
	err = s.View(ctx, func(t tx) error {
		v, err = t.catalogVersion(name, number)
		return err
	})
	return v, err
}

func (t tx) catalogVersion(name string, number int64) (*CatalogVersion, error) {
	plain, err := t.modelVersion(name, number)
	if err != nil {
		return nil, err
	}
	v := &CatalogVersion{ModelVersion: *plain}
	if v.Location, err = t.downloadURI(name, number); err != nil {
		return nil, err
	}
	err = t.QueryRow(
		`SELECT model_id, run_server FROM millrace_version_files WHERE location = ?`, v.Location,
	).Scan(&v.ModelID, &v.RunServer)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return v, err
}

// HasVersionFiles reports whether the server owns the files at a location for a version
// that is not deleted.
func (s Registry) HasVersionFiles(ctx context.Context, location string) (has bool, err error) {
	err = s.View(ctx, func(t tx) error {
		has = false
		return t.Each(`SELECT 1 FROM millrace_version_files WHERE location = ?`, []any{location},
			func(*sql.Rows) error {
				has = true
				return nil
			})
	})
	return has, err
}

// threeLevels is the condition for names of the form catalog.schema.model.
const threeLevels = `name LIKE '_%._%._%' AND name NOT LIKE '%.%.%.%'`

// SearchCatalogModels returns one page of the registered models whose names have three
// levels and begin with prefix, sorted by name, and the token of the next page.
func (s Registry) SearchCatalogModels(
	ctx context.Context,
	prefix string,
	limit int,
	token string,
) ([]mlflow.RegisteredModel, string, error) {
	also := search.Fragment{SQL: threeLevels}
	if prefix != "" {
		also.SQL += ` AND substr(name, 1, ` + strconv.Itoa(utf8.RuneCountInString(prefix)) + `) = ?`
		also.Args = []any{prefix}
	}
	return s.searchRegisteredModels(ctx, limit, &mlflow.SearchRegisteredModelsRequest{PageToken: token}, also)
}

// SearchCatalogVersions is [Store.SearchModelVersions] for one model, or, if name is "",
// for models whose names have three levels.
func (s Registry) SearchCatalogVersions(
	ctx context.Context,
	name string,
	limit int,
	in *mlflow.SearchModelVersionsRequest,
) ([]mlflow.ModelVersion, string, error) {
	also := search.Fragment{SQL: threeLevels}
	if name != "" {
		also = search.Fragment{SQL: `name = ?`, Args: []any{name}}
	}
	return s.searchModelVersions(ctx, limit, in, also)
}

// managedLocations returns the locations of files that the server owns and that a
// version refers to, or any version of the model if number is 0.
func (t tx) managedLocations(name string, number int64) ([]string, error) {
	return db.Collect(
		t.Tx,
		`SELECT DISTINCT f.location FROM millrace_version_files f JOIN model_versions mv ON mv.storage_location = f.location
			WHERE mv.`+base.InDefault+` AND mv.name = ? AND (mv.version = ? OR ? = 0) ORDER BY f.location`,
		[]any{name, number, number},
		base.ScanOne[string],
	)
}

// releaseFiles removes the locations that no version refers to any more from the table
// of files, and returns them.
func (t tx) releaseFiles(locations []string) (unused []string, err error) {
	for _, location := range locations {
		if err := t.lockFiles(location); err != nil {
			return nil, err
		}
		n, err := t.Exec(
			`DELETE FROM millrace_version_files WHERE location = ? AND NOT EXISTS
				(SELECT 1 FROM model_versions mv WHERE mv.storage_location = ? AND mv.current_stage <> ?)`,
			location, location, StageDeleted,
		)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			unused = append(unused, location)
		}
	}
	return unused, nil
}

// lockFiles makes a transaction that creates a version with the files at a location and
// one that releases these files run one after the other.
func (t tx) lockFiles(location string) error {
	_, err := t.Exec(`UPDATE millrace_version_files SET location = location WHERE location = ?`, location)
	return err
}

// sharedLocation returns the location of the files of a version, for another version
// that is to have the same files.
func (t tx) sharedLocation(name string, number int64) (string, error) {
	location, err := t.downloadURI(name, number)
	if err != nil {
		return "", err
	}
	if err := t.lockFiles(location); err != nil {
		return "", err
	}
	return t.downloadURI(name, number) // The version may have been deleted before the lock.
}
