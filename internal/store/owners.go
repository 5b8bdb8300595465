package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/millrace-ml/millrace/internal/db"
)

// HasExperiment reports whether an experiment exists, deleted or not.
func (s *Store) HasExperiment(ctx context.Context, id int64) (found bool, err error) {
	err = s.View(ctx, func(t tx) error {
		return t.QueryRow(`SELECT EXISTS (SELECT 1 FROM experiments WHERE experiment_id = ?)`, id).Scan(&found)
	})
	return found, err
}

// ExperimentName returns the name of an experiment, deleted or not, and whether it exists.
func (s *Store) ExperimentName(ctx context.Context, id int64) (name string, found bool, err error) {
	err = s.View(ctx, func(t tx) error {
		err := t.QueryRow(`SELECT name FROM experiments WHERE experiment_id = ?`, id).Scan(&name)
		if found = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return name, found, err
}

// ExperimentOfRun returns the id of the experiment of a run, deleted or not. It is "" if
// there is no such run.
func (s *Store) ExperimentOfRun(ctx context.Context, id string) (string, error) {
	return s.ownerOf(ctx, `SELECT experiment_id FROM runs WHERE run_uuid = ?`, id)
}

// ExperimentOfModel returns the id of the experiment of a logged model, deleted or not.
// It is "" if there is no such model.
func (s *Store) ExperimentOfModel(ctx context.Context, id string) (string, error) {
	return s.ownerOf(ctx, `SELECT experiment_id FROM logged_models WHERE model_id = ?`, id)
}

// ExperimentOfTrace returns the id of the experiment of a trace. It is "" if there is no
// such trace.
func (s *Store) ExperimentOfTrace(ctx context.Context, id string) (string, error) {
	return s.ownerOf(ctx, `SELECT experiment_id FROM trace_info WHERE request_id = ?`, id)
}

// EachLocation calls f with the id and the artifact location of every experiment.
func (s *Store) EachLocation(ctx context.Context, f func(id, location string)) error {
	type experiment struct {
		id       int64
		location sql.NullString
	}
	var list []experiment
	err := s.View(ctx, func(t tx) (err error) {
		list, err = db.Collect(t.Tx, `SELECT experiment_id, artifact_location FROM experiments`, nil,
			func(rows *sql.Rows, e *experiment) error { return rows.Scan(&e.id, &e.location) })
		return err
	})
	for _, e := range list {
		f(strconv.FormatInt(e.id, 10), e.location.String)
	}
	return err
}

func (s *Store) ownerOf(ctx context.Context, query, id string) (owner string, err error) {
	err = s.View(ctx, func(t tx) error {
		var n int64
		err := t.QueryRow(query, id).Scan(&n)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			owner = ""
			return nil
		case err == nil:
			owner = strconv.FormatInt(n, 10)
		}
		return err
	})
	return owner, err
}
