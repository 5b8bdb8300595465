package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/mlflow"
)

// SetStatuses ends runs in one transaction, in the order of their IDs, and calls between
// after each run. Tests use it to make transactions block each other.
func (s *Store) SetStatuses(ctx context.Context, between func(), ids ...string) error {
	return s.write(ctx, func(t tx) error {
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
	return s.read(ctx, withStatement(fn))
}

// WriteOnce runs fn in a write transaction, after one statement.
func (s *Store) WriteOnce(ctx context.Context, fn func() error) error {
	return s.write(ctx, withStatement(fn))
}

// SetTagAndFail sets a tag in a transaction and ignores the failure of a later
// statement.
func (s *Store) SetTagAndFail(ctx context.Context, runID string, tag mlflow.Tag) error {
	return s.write(ctx, func(t tx) error {
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

// LimitPages sets the maximum number of values in a page of a metric history.
func (s *Store) LimitPages(n int) { s.maxPage = n }

// LimitValues sets the maximum of values that are read for the columns of a table.
func (s *Store) LimitValues(n int) { s.maxValues = n }

// LimitTables sets the maximum of runs that a table counts and nests.
func (s *Store) LimitTables(n int) { s.maxTable = n }

// LimitGroups changes the number of runs that a table groups.
func (s *Store) LimitGroups(n int) { s.maxGrouped = n }

// RepeatTransactions makes the store run every transaction twice, as after a lost
// connection or a deadlock. The first attempt is rolled back.
func (s *Store) RepeatTransactions() {
	s.primary = twice{s.primary}
	s.replica = s.primary
}

type twice struct{ database }

var errAgain = errors.New("once again")

func (d twice) Write(ctx context.Context, fn func(db.Tx) error) error {
	err := d.database.Write(ctx, func(t db.Tx) error {
		if err := fn(t); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return d.database.Write(ctx, fn)
}

func (d twice) Scan(ctx context.Context, fn func(db.Tx) error) error { return d.Read(ctx, fn) }

func (d twice) Read(ctx context.Context, fn func(db.Tx) error) error {
	if err := d.database.Read(ctx, fn); err != nil {
		return err
	}
	return d.database.Read(ctx, fn)
}

// SeriesPlans returns the plans of the queries of MetricSeries for the metrics 0 and 1 of a run.
func SeriesPlans(ctx context.Context, s *Store, runID string) (map[string]string, error) {
	keys := []string{"0", "1"}
	plans := map[string]string{}
	err := s.read(ctx, func(t tx) error {
		explain := "EXPLAIN "
		if t.Flavor() == db.SQLite {
			explain = "EXPLAIN QUERY PLAN "
		}
		for query, args := range map[string][]any{
			seriesCounts:  {runID, keys},
			seriesLengths: {runID, keys},
			seriesRows:    {runID, "0"},
			seriesSteps:   {runID, "0", int64(5), int64(10)},
			seriesTimes:   {runID, "0", int64(5), int64(10)},
			seriesAfter:   {runID, "0", int64(5), int64(5), int64(9)},
			seriesNewer:   {runID, "0", int64(5)},
			seriesRange:   {runID, keys},
		} {
			err := t.EachUncached(explain+query, args, func(rows *sql.Rows) error {
				columns, err := rows.Columns()
				if err != nil {
					return err
				}
				values := make([]sql.NullString, len(columns))
				into := make([]any, len(columns))
				for i := range values {
					into[i] = &values[i]
				}
				err = rows.Scan(into...)
				for _, v := range values {
					plans[query] += v.String + " "
				}
				plans[query] += "\n"
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return plans, err
}
