package store

import (
	"context"
	"errors"

	"github.com/millrace-ml/millrace/mlflow"
)

// SetStatuses ends runs in one transaction, in the order of their ids, and calls
// between after each. It is how tests make transactions block each other.
func (s *Store) SetStatuses(ctx context.Context, between func(), ids ...string) error {
	return s.inTx(ctx, func(t tx) error {
		for _, id := range ids {
			if _, err := t.exec(`UPDATE runs SET status = 'FINISHED' WHERE run_uuid = ?`, id); err != nil {
				return err
			}
			between()
		}
		return nil
	})
}

// Read runs fn in a read transaction after one statement of it.
func (s *Store) Read(ctx context.Context, fn func() error) error {
	return s.read(ctx, withStatement(fn))
}

// Write runs fn in a transaction that writes, after one statement of it.
func (s *Store) Write(ctx context.Context, fn func() error) error {
	return s.inTx(ctx, withStatement(fn))
}

// SetTagAndFail sets a tag in a transaction in which another statement then fails,
// and ignores that failure.
func (s *Store) SetTagAndFail(ctx context.Context, runID string, tag mlflow.Tag) error {
	return s.inTx(ctx, func(t tx) error {
		if err := t.setTag(runID, tag); err != nil {
			return err
		}
		_, _ = t.exec("INSERT INTO tags (`key`, value, run_uuid) VALUES (?, ?, ?)", tag.Key, tag.Value, runID)
		return nil
	})
}

func withStatement(fn func() error) func(tx) error {
	return func(t tx) error {
		var one int
		if err := t.queryRow("SELECT 1").Scan(&one); err != nil {
			return err
		}
		return fn()
	}
}

// LimitPages sets how many values a page of a history has at most.
func (s *Store) LimitPages(n int) { s.maxPage = n }

// RepeatTransactions lets the store run every transaction twice, as it does after
// a lost connection or a deadlock: the first time is undone.
func (s *Store) RepeatTransactions() {
	s.engine = twice{s.engine}
	s.standby = s.engine
}

type twice struct{ engine }

var errAgain = errors.New("once again")

func (e twice) inTx(ctx context.Context, fn func(tx) error) error {
	err := e.engine.inTx(ctx, func(t tx) error {
		if err := fn(t); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return e.engine.inTx(ctx, fn)
}

func (e twice) scan(ctx context.Context, fn func(tx) error) error { return e.read(ctx, fn) }

func (e twice) read(ctx context.Context, fn func(tx) error) error {
	if err := e.engine.read(ctx, fn); err != nil {
		return err
	}
	return e.engine.read(ctx, fn)
}
