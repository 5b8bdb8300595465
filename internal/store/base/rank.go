package base

import (
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
)

// rankedSizes are the numbers of best values that a search ordered by values begins with.
var rankedSizes = []int{512, 8 * 512}

// maxGroups is the most values whose runs are searched one after the other.
const maxGroups = 8

// RunPage executes a plan of a search of runs and returns limit rows from an offset on.
type RunPage[T any] func(p RunPlan, limit, offset int) ([]T, error)

// PageOfRuns returns limit rows of a search of runs r, from an offset on. run executes a plan:
// the given one, or one among the runs with the best values of the metric, param or tag that the
// search is ordered by.
func PageOfRuns[T any](
	t Transaction, q *search.Query, scope search.Fragment, plan RunPlan, limit, offset int, run RunPage[T],
) ([]T, error) {
	if plan.narrowed || q.Ranking == nil {
		return run(plan, limit, offset)
	}
	// Few runs are sorted faster than they are looked for among those of other experiments.
	largest := rankedSizes[len(rankedSizes)-1]
	runs, err := t.CountUpTo(search.Fragment{SQL: "SELECT 1 FROM runs r WHERE " + scope.SQL, Args: scope.Args}, largest)
	if err != nil {
		return nil, err
	}
	if runs < largest {
		return run(plan, limit, offset)
	}
	for _, size := range rankedSizes {
		if limit+offset > size {
			continue
		}
		if list, ok, err := among(t, q, scope, size, limit, offset, run); ok || err != nil {
			return list, err
		}
	}
	return run(plan, limit, offset)
}

// among returns the rows of PageOfRuns if they are among the runs with better values than the one
// after the best size. ok is false if they are not.
func among[T any](
	t Transaction, q *search.Query, scope search.Fragment, size, limit, offset int, run RunPage[T],
) (list []T, ok bool, err error) {
	bound, err := t.rankedValue(q.Ranking, q.Ranking.Bound(size))
	if err != nil || bound == nil { // Runs with less than the bound come after those with any value.
		return nil, false, err
	}
	list, err = run(t.Dialect.planAmong(q.Ranking.Better(bound), q, scope), limit, offset)
	if err == nil && len(list) == 0 { // Perhaps no value is better.
		return grouped(t, q, scope, limit, offset, run)
	}
	return list, len(list) == limit, err
}

// rankedValue returns the value that a query of a ranking returns, or nil.
func (t Transaction) rankedValue(r *search.Ranking, query search.Fragment) (any, error) {
	if r.IsText() {
		return firstOf[string](t, query)
	}
	return firstOf[float64](t, query)
}

func firstOf[V any](t Transaction, query search.Fragment) (any, error) {
	values, err := db.CollectUncached(t.Tx, query.SQL, query.Args, ScanOne[sql.Null[V]])
	if err != nil || len(values) == 0 {
		return nil, err
	}
	return values[0].V, nil
}

// grouped returns the rows of PageOfRuns if few values have many runs: it searches the runs with
// the best value in the order of their start, then those with the next one, and so on. ok is
// false if the rows must be found by sorting all runs.
func grouped[T any](
	t Transaction, q *search.Query, scope search.Fragment, limit, offset int, run RunPage[T],
) (list []T, ok bool, err error) {
	if !q.Ranking.Alone {
		return nil, false, nil
	}
	var value any
	for range maxGroups {
		if value, err = t.rankedValue(q.Ranking, q.Ranking.Next(value)); err != nil || value == nil {
			return nil, false, err
		}
		if !q.Ranking.IsWhole(value) {
			return nil, false, nil
		}
		plan, err := t.planGroup(q, scope, value)
		if err != nil {
			return nil, false, err
		}
		rows, err := run(plan, limit-len(list), offset)
		if list = append(list, rows...); err != nil || len(list) == limit {
			return list, true, err
		}
		if !plan.narrowed { // It has tested all runs.
			return nil, false, nil
		}
		if len(rows) > 0 {
			offset = 0
			continue
		}
		skipped := search.Fragment{
			SQL:  "SELECT 1 FROM " + plan.From.SQL + " WHERE " + plan.Where.SQL,
			Args: Concat(plan.From.Args, plan.Where.Args),
		}
		n, err := t.CountUpTo(skipped, search.MaxCandidates)
		if err != nil {
			return nil, false, err
		}
		offset -= n
	}
	return nil, false, nil
}

// planGroup returns the plan of the runs with a value in the order of their start. If they are
// many, it tests the runs in that order until the page is full.
func (t Transaction) planGroup(q *search.Query, scope search.Fragment, value any) (plan RunPlan, err error) {
	ids := q.Ranking.Equal(value)
	n, err := t.CountUpTo(ids, search.MaxCandidates)
	if err != nil {
		return plan, err
	}
	if n < search.MaxCandidates {
		plan = t.Dialect.planAmong(ids, q, scope)
	} else {
		plan = PlanAll(q, scope)
		plan.Where = Both(plan.Where, q.Ranking.Has(value))
	}
	plan.Joins, plan.OrderBy = search.Fragment{}, q.Ranking.Ties()
	return plan, nil
}
