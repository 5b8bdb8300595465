package relocate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/db"
)

// Experiment is the part of a store with the files of an experiment.
type Experiment struct {
	ID   int64
	Name string
	// Folders are the folders in the store.
	Folders []string
	// Proxied is whether the location is behind the proxy of the server, so that it does not name the store.
	Proxied bool
}

// FindExperiment returns the folders of an experiment in a store. The experiment is selected by its ID or, if id is "",
// by its name. Its runs and logged models can have locations outside of the location of the experiment.
func FindExperiment(ctx context.Context, d *db.DB, store, id, name string) (*Experiment, error) {
	in, ok := location.Parse(store)
	if !ok {
		return nil, fmt.Errorf("'%s' is not a location of artifacts", store)
	}
	e := &Experiment{Name: name}
	var recorded sql.NullString
	find := func(t db.Tx) error {
		return t.QueryRow(`SELECT experiment_id, name, artifact_location FROM experiments WHERE name = ?`, name).
			Scan(&e.ID, &e.Name, &recorded)
	}
	if id != "" {
		number, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the experiment ID '%s' is not a number", id)
		}
		find = func(t db.Tx) error {
			return t.QueryRow(`SELECT experiment_id, name, artifact_location FROM experiments WHERE experiment_id = ?`, number).
				Scan(&e.ID, &e.Name, &recorded)
		}
	}
	err := d.Read(ctx, func(t db.Tx) error {
		if err := find(t); err != nil {
			return err
		}
		at, ok := location.Parse(recorded.String)
		path, below := at.Below(in)
		e.Proxied = ok && at.Store == location.Proxied
		switch {
		case e.Proxied:
			path = at.Path
		case !ok || !below:
			return fmt.Errorf("the artifacts of the experiment are at '%s', which is not in '%s'", recorded.String, store)
		}
		e.Folders = []string{path}
		return e.addOthers(t, at, in)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errors.New("there is no such experiment")
	}
	return e, err
}

// addOthers adds the locations of runs and logged models outside of the location of the experiment.
func (e *Experiment) addOthers(t db.Tx, at, in location.Location) error {
	return t.Each(`SELECT artifact_uri FROM runs WHERE experiment_id = ? AND artifact_uri IS NOT NULL UNION ALL
		SELECT artifact_location FROM logged_models WHERE experiment_id = ?`, []any{e.ID, e.ID},
		func(rows *sql.Rows) error {
			var recorded string
			if err := rows.Scan(&recorded); err != nil {
				return err
			}
			other, ok := location.Parse(recorded)
			if _, below := other.Below(at); below || !ok {
				return nil
			}
			if path, found := other.Below(in); found {
				e.Folders = append(e.Folders, path)
			}
			return nil
		})
}
