package history

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
)

// SeriesPlans returns the plans of the queries of MetricSeries for the metrics 0 and 1 of a run.
func SeriesPlans(ctx context.Context, h Histories, runID string) (map[string]string, error) {
	keys := []string{"0", "1"}
	plans := map[string]string{}
	err := h.View(ctx, func(t tx) error {
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

// ContinuesSummaries reports whether the summaries of a run continue those that are known.
func ContinuesSummaries(ctx context.Context, h Histories, runID string) (continues bool, err error) {
	known := h.summaries.get(runID)
	if known == nil {
		return false, nil
	}
	err = h.View(ctx, func(t tx) error {
		continued := t.summariesByCount
		if t.Dialect.RowNumbers {
			continued = t.summariesByNumber
		}
		now, _, err := continued(runID, known)
		continues = now != nil
		return err
	})
	return continues, err
}

// What summaries read at each refresh on databases with row numbers.
const (
	NewRows      = rowsOfRun + " AND rowid > ?"
	LastByNumber = lastByNumber
)
