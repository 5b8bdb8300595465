package base

import (
	"math"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
)

const (
	// maxScope is the most runs that are counted in order to compare plans.
	maxScope = 50_000
	// maxNarrowers is the most conditions whose runs are counted.
	maxNarrowers = 8
	// fewEnough is the number of candidates that no other condition needs to reduce.
	fewEnough = 100
	// probesPerCandidate is the cost of a candidate, in runs of a scan in the order of a page.
	probesPerCandidate = 3
	// AllRuns is the limit of a search that reads all runs that it finds.
	AllRuns = math.MaxInt32
)

// RunPlan is how a search of runs r in a scope is executed: its FROM, the joins that its order
// needs, its WHERE and its order.
type RunPlan struct {
	From, Joins, Where, OrderBy search.Fragment
	// narrowed is whether the search begins with the runs that an index finds.
	narrowed bool
}

// PlanAll returns the plan that tests all runs of a scope.
func PlanAll(q *search.Query, scope search.Fragment) RunPlan {
	return RunPlan{
		From: search.Fragment{SQL: "runs r"}, Joins: q.Joins, Where: Both(scope, q.Where), OrderBy: q.OrderBy,
	}
}

// planAmong returns the plan that tests the runs whose ids a query returns.
func (d *Dialect) planAmong(ids search.Fragment, q *search.Query, scope search.Fragment) RunPlan {
	from, where := d.Among(ids, "runs", "r", "run_uuid")
	return RunPlan{
		From: from, Joins: q.ProbedJoins, Where: Both(where, Both(scope, q.Where)), OrderBy: q.OrderBy, narrowed: true,
	}
}

// Among returns the FROM and the WHERE of a query of the rows of a table under an alias whose
// primary key is one of the ids that a query returns.
func (d *Dialect) Among(ids search.Fragment, table, alias, key string) (from, where search.Fragment) {
	if probe := d.Search.Probe; probe != "" {
		return search.Fragment{SQL: "(" + ids.SQL + probe + ") narrowed CROSS JOIN LATERAL" +
			" (SELECT * FROM " + table + " x WHERE x." + key + " = narrowed.id" + probe + ") " + alias, Args: ids.Args}, where
	}
	// CROSS JOIN makes SQLite begin with the ids.
	from = search.Fragment{SQL: "(" + ids.SQL + ") narrowed CROSS JOIN " + table + " " + alias, Args: ids.Args}
	return from, search.Fragment{SQL: alias + "." + key + " = narrowed.id"}
}

// Plan returns the plan of a search of runs in a scope. If one of the conditions is met by few
// runs, the search begins with these runs, which an index finds. limit is the number of runs
// after which a search in the order of the newest runs stops, or [AllRuns].
func (t Transaction) Plan(q *search.Query, scope search.Fragment, limit int) (plan RunPlan, err error) {
	plan = PlanAll(q, scope)
	best, err := t.Rarest(q, search.Fragment{SQL: "SELECT 1 FROM runs r WHERE " + scope.SQL, Args: scope.Args}, limit)
	if err != nil || best < 0 {
		return plan, err
	}
	return t.Dialect.planAmong(q.Narrowers[best].Fragment, q, scope), nil
}

// Rarest returns the index of the narrower of a search with the fewest rows, or -1 if the search is
// faster without one. rows is a query of the rows of its scope, and limit as for [Transaction.Plan].
func (t Transaction) Rarest(q *search.Query, rows search.Fragment, limit int) (best int, err error) {
	if len(q.Narrowers) == 0 {
		return -1, nil
	}
	runs, err := t.CountUpTo(rows, maxScope)
	if err != nil {
		return -1, err
	}
	best, fewest := -1, min(search.MaxCandidates, runs)
	found := 1.0 // the share of the runs that meet all conditions, if these are independent
	for i, narrower := range q.Narrowers[:min(len(q.Narrowers), maxNarrowers)] {
		n, err := t.countNarrower(narrower)
		if err != nil {
			return -1, err
		}
		found *= min(1, float64(n)/float64(max(runs, 1)))
		if n < fewest {
			best, fewest = i, n
		}
		if n <= fewEnough {
			break
		}
	}
	// A scan in the order of the newest runs stops when the page is full.
	scanned := min(float64(runs), float64(limit)/max(found, 1e-9))
	if scanned < float64(fewest*probesPerCandidate) {
		return -1, nil
	}
	return best, nil
}

// countNarrower counts the rows of a narrower, or returns maxScope if an index has too many of them.
func (t Transaction) countNarrower(n search.Narrower) (int, error) {
	if n.Index.SQL != "" {
		rows, err := t.CountUpTo(n.Index, search.MaxCandidates+1)
		if err != nil || rows > search.MaxCandidates {
			return maxScope, err
		}
	}
	return t.CountUpTo(n.Fragment, maxScope)
}

// CountUpTo counts the rows of a query up to a limit.
func (t Transaction) CountUpTo(query search.Fragment, limit int) (n int, err error) {
	counts, err := db.CollectUncached(
		t.Tx, "SELECT COUNT(*) FROM ("+query.SQL+" LIMIT ?) counted", Concat(query.Args, []any{limit}), ScanOne[int],
	)
	if err != nil || len(counts) == 0 {
		return 0, err
	}
	return counts[0], nil
}
