package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// plannedRuns is the number of runs from which on a search begins with the best values of the
// metric that it is ordered by.
const plannedRuns = 5000

// plannedRun is a run with values that repeat in different periods.
type plannedRun struct {
	id               string
	start            int64
	deleted, failed  bool
	metric           float64
	hasMetric, isNaN bool
	rare             bool // It has the metric rare, with its start as value.
	param, long, tag string
	// unique differs for each run. It is "" for runs without it.
	unique string
	// maybe is NULL for runs where it is "".
	maybe string
}

func plannedRunAt(i int) plannedRun {
	return plannedRun{
		id: fmt.Sprintf("%032d", i), start: int64(i % 1000), deleted: i%13 == 0, failed: i%700 == 1,
		metric: float64(i*7919%500) / 500, hasMetric: i%10 != 0, isNaN: i%97 == 1, rare: i%211 == 0,
		param: fmt.Sprint("v", i%50), long: strings.Repeat("é", 40) + strconv.Itoa(i%7), tag: fmt.Sprint("t", i%4),
		unique: unique(i), maybe: strings.Repeat("m", i%3),
	}
}

func unique(i int) string {
	if i%6 == 0 {
		return ""
	}
	return fmt.Sprintf("%c%05d", "Bab"[i%3], i*7919%plannedRuns)
}

// insertPlannedRuns inserts the runs into the experiment 0.
func insertPlannedRuns(t *testing.T, s *store.Store) []plannedRun {
	t.Helper()
	runs := make([]plannedRun, plannedRuns)
	for i := range runs {
		runs[i] = plannedRunAt(i)
	}
	with := func(test func(r plannedRun) bool) []plannedRun {
		return slices.DeleteFunc(slices.Clone(runs), func(r plannedRun) bool { return !test(r) })
	}
	type values = func(args []any, r plannedRun) []any
	latest := "INSERT INTO latest_metrics (`key`, value, timestamp, step, is_nan, run_uuid)"
	params, tags := "INSERT INTO params (`key`, value, run_uuid)", "INSERT INTO tags (`key`, value, run_uuid)"
	err := s.Write(t.Context(), func(tx db.Tx) error {
		for _, insert := range []struct {
			head  string
			width int
			runs  []plannedRun
			fill  values
		}{
			{
				"INSERT INTO runs (run_uuid, status, start_time, lifecycle_stage, artifact_uri, experiment_id)", 6, runs,
				func(args []any, r plannedRun) []any {
					stage, status := "active", "FINISHED"
					if r.deleted {
						stage = "deleted"
					}
					if r.failed {
						status = "FAILED"
					}
					return append(args, r.id, status, r.start, stage, "mlflow-artifacts:/0/"+r.id, int64(0))
				},
			},
			{latest, 6, with(func(r plannedRun) bool { return r.hasMetric }), func(args []any, r plannedRun) []any {
				value := r.metric
				if r.isNaN {
					value = 0
				}
				return append(args, "m", value, int64(1), int64(0), r.isNaN, r.id)
			}},
			{latest, 6, with(func(r plannedRun) bool { return r.rare }), func(args []any, r plannedRun) []any {
				return append(args, "rare", float64(r.start), int64(1), int64(0), false, r.id)
			}},
			{params, 3, runs, func(args []any, r plannedRun) []any { return append(args, "p", r.param, r.id) }},
			{params, 3, runs, func(args []any, r plannedRun) []any { return append(args, "long", r.long, r.id) }},
			{tags, 3, runs, func(args []any, r plannedRun) []any { return append(args, "t", r.tag, r.id) }},
			{params, 3, with(func(r plannedRun) bool { return r.unique != "" }), func(args []any, r plannedRun) []any {
				return append(args, "u", r.unique, r.id)
			}},
			{params, 3, runs, func(args []any, r plannedRun) []any { return append(args, "same", "1", r.id) }},
			{tags, 3, with(func(r plannedRun) bool { return r.maybe != "" }), func(args []any, r plannedRun) []any {
				return append(args, "maybe", r.maybe, r.id)
			}},
			{tags, 3, runs, func(args []any, r plannedRun) []any {
				return append(args, "mlflow.runName", "name "+r.id[28:], r.id)
			}},
		} {
			fill := func(args []any, i int) []any { return insert.fill(args, insert.runs[i]) }
			if _, err := tx.InsertRows(insert.head, "", insert.width, len(insert.runs), fill); err != nil {
				return err
			}
		}
		for _, r := range with(func(r plannedRun) bool { return r.maybe == "" }) {
			if _, err := tx.Exec("INSERT INTO tags (`key`, value, run_uuid) VALUES ('maybe', NULL, ?)", r.id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(runs, func(r plannedRun) bool { return r.deleted })
}

// searchPlans compares searches that different plans are made for with a sort of all runs.
func searchPlans(t *testing.T, s *store.Store) {
	runs := insertPlannedRuns(t, s)
	above := func(bound float64) func(r plannedRun) bool {
		return func(r plannedRun) bool { return r.hasMetric && !r.isNaN && r.metric > bound }
	}
	filters := map[string]func(r plannedRun) bool{
		"":                   func(plannedRun) bool { return true },
		"params.p = 'v7'":    func(r plannedRun) bool { return r.param == "v7" },
		"params.p = 'none'":  func(plannedRun) bool { return false },
		"params.p != 'v7'":   func(r plannedRun) bool { return r.param != "v7" },
		"tags.t = 't2'":      func(r plannedRun) bool { return r.tag == "t2" },
		"metrics.m > 0.99":   above(0.99),
		"metrics.m > 0.2":    above(0.2),
		"metrics.rare <= 40": func(r plannedRun) bool { return r.rare && r.start <= 40 },
		"params.long = '" + strings.Repeat("é", 40) + "3'": func(r plannedRun) bool {
			return strings.HasSuffix(r.long, "é3")
		},
		"params.long = '" + strings.Repeat("é", 40) + "'": func(plannedRun) bool { return false },
		"params.long = '" + strings.Repeat("é", 39) + "'": func(plannedRun) bool { return false },
		"attributes.status = 'FAILED'":                    func(r plannedRun) bool { return r.failed },
		"attributes.run_name = 'name 0015'":               func(r plannedRun) bool { return r.id[28:] == "0015" },
		"params.p = 'v6' and tags.t = 't2' and metrics.m > 0.5": func(r plannedRun) bool {
			return r.param == "v6" && r.tag == "t2" && above(0.5)(r)
		},
	}
	for filter, test := range filters {
		for order, compare := range plannedOrders {
			found := slices.DeleteFunc(slices.Clone(runs), func(r plannedRun) bool { return !test(r) })
			slices.SortFunc(found, func(a, b plannedRun) int {
				return cmp.Or(compare(&a, &b), cmp.Compare(b.start, a.start), strings.Compare(a.id, b.id))
			})
			offsets := []int{0, 90}
			if filter == "" {
				offsets = []int{0, 90, 1000, 4400}
			}
			for _, offset := range offsets {
				checkSearch(t, s, filter, order, offset, found)
			}
		}
	}
}

// plannedOrders are keyed by the item of order_by. NaN comes after numbers, and then runs
// without the metric.
var plannedOrders = map[string]func(a, b *plannedRun) int{
	"":                     func(*plannedRun, *plannedRun) int { return 0 },
	"metrics.m DESC":       func(a, b *plannedRun) int { return compareMetric(a, b, -1) },
	"metrics.m":            func(a, b *plannedRun) int { return compareMetric(a, b, 1) },
	"params.p DESC":        func(a, b *plannedRun) int { return strings.Compare(b.param, a.param) },
	"params.p":             func(a, b *plannedRun) int { return strings.Compare(a.param, b.param) },
	"params.long":          func(a, b *plannedRun) int { return strings.Compare(a.long, b.long) },
	"params.same DESC":     func(*plannedRun, *plannedRun) int { return 0 },
	"params.none":          func(*plannedRun, *plannedRun) int { return 0 },
	"params.u":             func(a, b *plannedRun) int { return compareText(a.unique, b.unique, 1) },
	"params.u DESC":        func(a, b *plannedRun) int { return compareText(a.unique, b.unique, -1) },
	"tags.t":               func(a, b *plannedRun) int { return strings.Compare(a.tag, b.tag) },
	"tags.maybe":           func(a, b *plannedRun) int { return compareText(a.maybe, b.maybe, 1) },
	"tags.maybe DESC":      func(a, b *plannedRun) int { return compareText(a.maybe, b.maybe, -1) },
	"attributes.run_id":    func(a, b *plannedRun) int { return strings.Compare(a.id, b.id) },
	"attributes.status":    func(a, b *plannedRun) int { return cmp.Compare(b2i(b.failed), b2i(a.failed)) },
	"metrics.rare DESC":    compareRare,
	"attribute.start_time": func(a, b *plannedRun) int { return cmp.Compare(a.start, b.start) },
}

// compareText compares texts, of which "" is the last one.
func compareText(a, b string, sign int) int {
	return cmp.Or(cmp.Compare(b2i(a == ""), b2i(b == "")), sign*strings.Compare(a, b))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareRare(a, b *plannedRun) int {
	if c := cmp.Compare(b2i(b.rare), b2i(a.rare)); c != 0 || !a.rare {
		return c
	}
	return cmp.Compare(b.start, a.start)
}

func compareMetric(a, b *plannedRun, sign int) int {
	rank := func(r *plannedRun) int {
		switch {
		case !r.hasMetric:
			return 2
		case r.isNaN:
			return 1
		}
		return 0
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) > 0 {
		return c
	}
	return sign * cmp.Compare(a.metric, b.metric)
}

// checkSearch compares a page of a search, and of a table, with the runs that are found.
func checkSearch(t *testing.T, s *store.Store, filter, order string, offset int, found []plannedRun) {
	t.Helper()
	const limit = 30
	in := &mlflow.SearchRunsRequest{Filter: filter}
	if offset > 0 {
		in.PageToken = search.EncodeOffset(offset)
	}
	table := &mlflow.RunTableRequest{Filter: filter, Offset: int64(offset)}
	if order != "" {
		in.OrderBy, table.OrderBy = []string{order}, []string{order}
	}
	page, _, err := s.SearchRuns(t.Context(), []int64{0}, limit, in)
	if err != nil {
		t.Fatalf("%q by %q: %v", filter, order, err)
	}
	rows, err := s.RunTable(t.Context(), []int64{0}, limit, 10, table)
	if err != nil {
		t.Fatalf("table %q by %q: %v", filter, order, err)
	}
	want := found[min(offset, len(found)):min(offset+limit, len(found))]
	same := len(page) == len(want) && len(rows.Rows) == len(want) && rows.Total == int64(len(found))
	for i := 0; same && i < len(want); i++ {
		same = page[i].Info.RunID == want[i].id && rows.Rows[i].RunID == want[i].id
	}
	if !same {
		t.Errorf("%q by %q from %d: %d runs and %d rows of %d differ from the %d of %d wanted",
			filter, order, offset, len(page), len(rows.Rows), rows.Total, len(want), len(found))
	}
}
