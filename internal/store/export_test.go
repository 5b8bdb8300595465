package store

import (
	"context"
	"errors"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// SetStatuses ends runs in one transaction, in the order of their IDs, and calls between
// after each run. Tests use it to make transactions block each other.
func (s *Store) SetStatuses(ctx context.Context, between func(), ids ...string) error {
	return s.Update(ctx, func(t tx) error {
		for _, id := range ids {
			if _, err := t.Exec(`UPDATE runs SET status = 'FINISHED' WHERE run_uuid = ?`, id); err != nil {
				return err
			}
			between()
		}
		return nil
	})
}

// ReadOnce runs fn in a read transaction, after one statement.
func (s *Store) ReadOnce(ctx context.Context, fn func() error) error {
	return s.View(ctx, withStatement(fn))
}

// WriteOnce runs fn in a write transaction, after one statement.
func (s *Store) WriteOnce(ctx context.Context, fn func() error) error {
	return s.Update(ctx, withStatement(fn))
}

// SetTagAndFail sets a tag in a transaction and ignores the failure of a later
// statement.
func (s *Store) SetTagAndFail(ctx context.Context, runID string, tag mlflow.Tag) error {
	return s.Update(ctx, func(t tx) error {
		if err := t.setTag(runID, tag); err != nil {
			return err
		}
		_, _ = t.Exec("INSERT INTO tags (`key`, value, run_uuid) VALUES (?, ?, ?)", tag.Key, tag.Value, runID)
		return nil
	})
}

func withStatement(fn func() error) func(tx) error {
	return func(t tx) error {
		var one int
		if err := t.QueryRow("SELECT 1").Scan(&one); err != nil {
			return err
		}
		return fn()
	}
}

// RepeatTransactions makes the store run every transaction twice, as after a lost
// connection or a deadlock. The first attempt is rolled back.
func (s *Store) RepeatTransactions() {
	s.Primary = twice{s.Primary}
	s.Replica = s.Primary
}

type twice struct{ base.Database }

var errAgain = errors.New("once again")

func (d twice) Write(ctx context.Context, fn func(db.Tx) error) error {
	err := d.Database.Write(ctx, func(t db.Tx) error {
		if err := fn(t); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return d.Database.Write(ctx, fn)
}

func (d twice) Scan(ctx context.Context, fn func(db.Tx) error) error { return d.Read(ctx, fn) }

func (d twice) Read(ctx context.Context, fn func(db.Tx) error) error {
	if err := d.Database.Read(ctx, fn); err != nil {
		return err
	}
	return d.Database.Read(ctx, fn)
}
