package search

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestPosition(t *testing.T) {
	t.Parallel()
	runs := func(filter string) error { _, err := Runs(SQLite, filter, nil); return err }
	models := func(filter string) error { _, err := LoggedModels(SQLite, filter, nil, nil); return err }
	order := func(item string) error { _, err := Runs(SQLite, "", []string{item}); return err }
	for _, c := range []struct {
		compile func(string) error
		text    string
		want    int
	}{
		{runs, "metrics.loss > 'x'", 15},
		{runs, "tags.é = 'ü' AND params.lr > '1'", 17},
		{runs, "tags.a = 'x' OR tags.b = 'y'", 13},
		{runs, "tags.a = 'x' tags.b", 13},
		{runs, "tags.a = ';'; tags.b = 'y'", 14},
		{models, "name = ';'; name = 'y'", 12},
		{runs, "status = 'x' AND foo.bar = 1", 17},
		{runs, "status = 'x' AND run_id IN ('a', 1)", 27},
		{models, "name = 'x' AND name > 'y'", 15},
		{models, "name = 'x' OR name = 'y'", 11},
		{order, "start_time up", 11},
		{order, "foo", 0},
	} {
		e := mlflow.AsError(c.compile(c.text))
		if e == nil || e.Position == nil {
			t.Errorf("%s: no position in %v", c.text, e)
		} else if *e.Position != c.want {
			t.Errorf("%s: position %d, want %d: %v", c.text, *e.Position, c.want, e)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	many := func(n int, item, sep string) string { return strings.Repeat(item+sep, n-1) + item }
	items := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("metrics.m%d", i)
		}
		return out
	}
	for _, c := range []struct {
		name    string
		filter  string
		orderBy []string
		refused bool
	}{
		{"clauses", many(maxClauses, "params.a = 'x'", " AND "), nil, false},
		{"too many clauses", many(maxClauses+1, "params.a = 'x'", " AND "), nil, true},
		{"list", "run_id IN ('" + many(4000, strings.Repeat("0", 32), "','") + "')", nil, false},
		{"too many tokens", "run_id IN ('" + many(6000, "x", "','") + "')", nil, true},
		{"too long", "params.a = '" + strings.Repeat("x", maxFilterBytes) + "'", nil, true},
		{"pattern", "params.a LIKE '" + strings.Repeat("x", maxPatternBytes) + "'", nil, false},
		{"pattern too long", "params.a LIKE '" + strings.Repeat("x", maxPatternBytes+1) + "'", nil, true},
		{"order", "", items(maxOrderBy), false},
		{"too much order", "", items(maxOrderBy + 1), true},
		{"order too long", "", []string{"params." + strings.Repeat("x", maxOrderByBytes)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, err := Runs(SQLite, c.filter, c.orderBy)
			if c.refused {
				if !errors.Is(err, mlflow.InvalidParameterValue) {
					t.Fatalf("got %v, want INVALID_PARAMETER_VALUE", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			openDB(t).ids(q, "runs", "r", "run_uuid")
		})
	}
}

// TestLoggedModelLimits fills the limits of a search of logged models, which
// SQLite must take, and goes beyond them.
func TestLoggedModelLimits(t *testing.T) {
	t.Parallel()
	search := func(metrics, datasets, orderBy int) (*Query, error) {
		on := make([]mlflow.LoggedModelDataset, datasets)
		for i := range on {
			on[i] = mlflow.LoggedModelDataset{DatasetName: "d", DatasetDigest: "g"}
		}
		keys := make([]mlflow.LoggedModelOrderBy, orderBy)
		for i := range keys {
			keys[i] = mlflow.LoggedModelOrderBy{FieldName: "metrics.m", DatasetName: "d", DatasetDigest: "g"}
		}
		return LoggedModels(SQLite, strings.Repeat("metrics.m > 1 AND ", metrics), keys, on)
	}
	db := openDB(t)
	for _, c := range [][3]int{{maxClauses, 0, maxOrderBy}, {maxOnDatasets / maxDatasets, maxDatasets, 0}, {100, maxOnDatasets / 100, 0}} {
		q, err := search(c[0], c[1], c[2])
		if err != nil {
			t.Fatal(err)
		}
		db.ids(q, "logged_models", "lm", "model_id")
	}
	for _, c := range [][3]int{{maxClauses + 1, 0, 0}, {0, maxDatasets + 1, 0}, {0, 0, maxOrderBy + 1}, {101, maxOnDatasets / 100, 0}} {
		if _, err := search(c[0], c[1], c[2]); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%v: got %v, want INVALID_PARAMETER_VALUE", c, err)
		}
	}
}

// TestLinear feeds the lexer what makes backtracking ones slow: 256 KiB of it
// many times over, for which a quadratic one would need longer than a test may run.
func TestLinear(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"'", "\"", "`", "\\'", "''a", "/*", "--", "(", ")", "-", ".", "1.", "1e", "a.", "NOT ", "not like ", "$", "é", "# ", "=", "- -", "a "} {
		for _, tail := range []string{"", "'", "x"} {
			filter := strings.Repeat(piece, maxFilterBytes/len(piece)-1) + tail
			if _, err := Runs(SQLite, filter, nil); err == nil {
				t.Errorf("%q repeated is accepted", piece)
			}
		}
	}
}

// TestWholeIntegers checks that times stay exact: as float64, 2^53+1 would not.
func TestWholeIntegers(t *testing.T) {
	t.Parallel()
	q, err := Runs(SQLite, "start_time = 9007199254740993", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Where.Args) != 1 || q.Where.Args[0] != int64(9007199254740993) {
		t.Errorf("arguments %v", q.Where.Args)
	}
}

// TestNullsLast checks the spelling for databases without NULLS LAST.
func TestNullsLast(t *testing.T) {
	t.Parallel()
	d := SQLite
	d.NullsLast = false
	q, err := LoggedModels(
		d,
		"",
		[]mlflow.LoggedModelOrderBy{{FieldName: "metrics.acc", DatasetName: "ds"}, {FieldName: "model_type"}},
		nil,
	)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(q.OrderBy.SQL, "NULLS") {
		t.Error(q.OrderBy.SQL)
	}
	openDB(t).ids(q, "logged_models", "lm", "model_id")
	q, err = Runs(d, "", []string{"end_time DESC", "metrics.a"})
	if err != nil {
		t.Fatal(err)
	}
	openDB(t).ids(q, "runs", "r", "run_uuid")
}

// TestOrderedScan checks that searching by start time reads an index and does
// not sort, whichever way the default order is spelled.
func TestOrderedScan(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	db.exec("CREATE INDEX by_start ON runs (start_time DESC, run_uuid)")
	for _, orderBy := range [][]string{nil, {"start_time DESC"}, {"attributes.start_time DESC"}} {
		q, err := Runs(SQLite, "metrics.loss < 1 AND params.lr = 'x' AND tags.a IS NULL", orderBy)
		if err != nil {
			t.Fatal(err)
		}
		query, args := selectSQL(q, "runs", "r", "run_uuid")
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		plan := ""
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan += detail + "\n"
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plan, "TEMP B-TREE") || !strings.Contains(plan, "by_start") {
			t.Errorf("%v:\n%s", orderBy, plan)
		}
	}
}

// TestNothingIsDropped asks every search with filters that MLflow takes although
// nothing, or something else, is left of them.
func TestNothingIsDropped(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("9", 400)
	type compile func(string) error
	named := func(f func(Dialect, string, []string) (*Query, error)) compile {
		return func(filter string) error { _, err := f(SQLite, filter, nil); return err }
	}
	models := func(filter string) error { _, err := LoggedModels(SQLite, filter, nil, nil); return err }
	everywhere := map[string]compile{
		"runs": named(
			Runs,
		), "experiments": named(Experiments), "registered models": named(RegisteredModels), "model versions": named(ModelVersions), "logged models": models,
	}
	for entity, f := range everywhere {
		for _, filter := range []string{"and", "AND", " and ", "and AND and"} {
			if e := mlflow.AsError(f(filter)); e == nil || e.Code != mlflow.InvalidParameterValue || e.Position == nil {
				t.Errorf("%s, %q: %v", entity, filter, e)
			}
		}
	}
	for _, c := range []struct {
		entity, filter string
		ok             bool
	}{
		{"runs", "metrics.a > " + digits, false},
		{"runs", "metrics.a > -" + digits, false},
		{"runs", "metrics.a > " + digits + ".5", false},
		{"runs", "metrics.a > 1e400", false},
		{"runs", "metrics.a > 0." + digits, true},
		{"runs", "metrics.a > 1e-400", true},
		{"runs", "metrics.a > 1e308", true},
		{"runs", "start_time > " + digits, false},
		{"runs", "start_time > 1e400", false},
		{"experiments", "creation_time > " + digits, false},
		{"experiments", "creation_time > 1e400", false},
		{"model versions", "version_number = " + digits, false},
		{"logged models", "metrics.a > " + digits, false},
		{"logged models", "metrics.a > -1e400", false},
		{"logged models", "metrics.a > 0." + digits, true},
		{"logged models", "creation_timestamp > " + digits, false},
		{"logged models", "creation_timestamp > 1e400", false},
	} {
		if e := mlflow.AsError(everywhere[c.entity](c.filter)); (e == nil) != c.ok || e != nil && e.Position == nil {
			t.Errorf("%s, %.30s: %v", c.entity, c.filter, e)
		}
	}
}
