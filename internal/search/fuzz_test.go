package search

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/millrace-ml/millrace/internal/db" // the functions of SQLite
	"github.com/millrace-ml/millrace/internal/search/regex"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// seeds returns the lines of testdata that begin with word, without it.
func seeds(f *testing.F, word string) []string {
	f.Helper()
	files, err := filepath.Glob("testdata/*.search")
	if err != nil || len(files) == 0 {
		f.Fatalf("no testdata: %v", err)
	}
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			if rest, ok := strings.CutPrefix(line, word+" "); ok {
				out = append(out, rest)
			}
		}
	}
	return out
}

// prepares checks that a compiled search is SQL that SQLite accepts with the
// arguments given, or that the error is the caller's own.
func (d testDB) prepares(t *testing.T, q *Query, err error, table, alias, id string) {
	t.Helper()
	if err != nil {
		if e := mlflow.AsError(err); e == nil || e.HTTPStatus() != 400 {
			t.Fatalf("not a 400: %v", err)
		}
		return
	}
	query, args := selectSQL(q, table, alias, id)
	if n := strings.Count(query, "?"); n != len(args) {
		t.Fatalf("%d placeholders, %d arguments: %s", n, len(args), query)
	}
	rows, err := d.QueryContext(context.Background(), "EXPLAIN "+query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func FuzzRunsFilter(f *testing.F) {
	for _, filter := range seeds(f, "filter") {
		f.Add(filter)
	}
	db := openDB(f)
	f.Fuzz(func(t *testing.T, filter string) {
		q, err := Runs(SQLite, filter, nil)
		db.prepares(t, q, err, "runs", "r", "run_uuid")
		q, err = Experiments(SQLite, filter, nil)
		db.prepares(t, q, err, "experiments", "e", "experiment_id")
		q, err = LoggedModels(SQLite, filter, nil, nil)
		db.prepares(t, q, err, "logged_models", "lm", "model_id")
		q, err = RegisteredModels(SQLite, filter, nil)
		db.prepares(t, q, err, "registered_models", "rm", "name")
		q, err = ModelVersions(SQLite, filter, nil)
		db.prepares(t, q, err, "model_versions", "mv", "name")
		q, err = Datasets(SQLite, filter, nil)
		db.prepares(t, q, err, "evaluation_datasets", "ed", "dataset_id")
	})
}

func FuzzOrderBy(f *testing.F) {
	for _, text := range seeds(f, "order") {
		var items []string
		if json.Unmarshal([]byte(text), &items) == nil && len(items) > 0 {
			f.Add(items[0], items[len(items)-1])
		}
	}
	db := openDB(f)
	f.Fuzz(func(t *testing.T, first, second string) {
		q, err := Runs(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "runs", "r", "run_uuid")
		q, err = Experiments(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "experiments", "e", "experiment_id")
		q, err = LoggedModels(SQLite, "", []mlflow.LoggedModelOrderBy{{FieldName: first, DatasetName: second}}, nil)
		db.prepares(t, q, err, "logged_models", "lm", "model_id")
		q, err = RegisteredModels(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "registered_models", "rm", "name")
		q, err = ModelVersions(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "model_versions", "mv", "name")
		q, err = Datasets(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "evaluation_datasets", "ed", "dataset_id")
	})
}

// inNoExperiment replaces the lists of experiments in a fragment, which package db expands.
func inNoExperiment(f Fragment) Fragment {
	isList := func(arg any) bool {
		_, list := arg.([]int64)
		return list
	}
	return Fragment{strings.ReplaceAll(f.SQL, "(?...)", "(-1)"), slices.DeleteFunc(slices.Clone(f.Args), isList)}
}

// tracesPrepare checks a search of traces and the queries that narrow it.
func (d testDB) tracesPrepare(t *testing.T, q *Query, err error) {
	t.Helper()
	if err == nil {
		q.Where = inNoExperiment(q.Where)
		for _, n := range append(q.Narrowers, Narrower{Fragment: q.SpanScan}) {
			if ids := inNoExperiment(n.Fragment); ids.SQL != "" {
				part := *q
				part.Where = Fragment{"ti.request_id IN (" + ids.SQL + ")", ids.Args}
				d.prepares(t, &part, nil, "trace_info", "ti", "request_id")
			}
		}
	}
	d.prepares(t, q, err, "trace_info", "ti", "request_id")
}

func FuzzTraces(f *testing.F) {
	text, err := os.ReadFile("../api/traces/testdata/search.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var c struct {
			Request struct {
				Filter  string   `json:"filter"`
				OrderBy []string `json:"order_by"`
			} `json:"request"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			f.Fatal(err)
		}
		f.Add(c.Request.Filter, strings.Join(c.Request.OrderBy, ""))
	}
	db := openDB(f)
	f.Fuzz(func(t *testing.T, filter, order string) {
		q, err := Traces(SQLite, []int64{1}, filter, nil)
		db.tracesPrepare(t, q, err)
		q, err = Traces(SQLite, []int64{1}, "", []string{order})
		db.tracesPrepare(t, q, err)
		for _, view := range []tracing.View{tracing.ViewTraces, tracing.ViewSpans, tracing.ViewAssessments} {
			name := metricViews[view].names[0]
			m, err := TraceMetric(SQLite, &tracing.TraceMetricsRequest{
				ViewType: view, MetricName: name, Filters: []string{filter}, Dimensions: metricViews[view].kinds[name].dimensions,
				Aggregations: []tracing.Aggregation{{AggregationType: tracing.AggregateCount}},
			}, []int64{1})
			if err != nil {
				db.prepares(t, nil, err, "", "", "")
				continue
			}
			columns := "SELECT " + strings.Join(m.Groups, ", ") + " FROM " + m.From.SQL + " WHERE " + m.Where.SQL
			rows, err := db.QueryContext(t.Context(), "EXPLAIN "+columns, m.Where.Args...)
			if err != nil {
				t.Fatalf("%v\n%s", err, columns)
			}
			if err := errors.Join(rows.Close(), rows.Err()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTraceLimits fills the limits of a search of traces, which SQLite must take, and goes beyond.
func TestTraceLimits(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	joined := func(n int, clause string) string { return strings.Repeat(clause+" AND ", n-1) + clause }
	for _, clause := range []string{
		"feedback.a = 'x'", "feedback.a IS NULL", "run_id = 'x'", "prompt = 'a/1'", "tags.a = 'x'", "span.name = 'x'", "trace.text LIKE '%x%'",
		"span.attributes.a RLIKE '^x'", "metadata.mlflow.trace.cost != 'x'", "status IN ('a', 'b')", "issue.id = 'x'",
	} {
		q, err := Traces(SQLite, []int64{1}, joined(maxClauses, clause), nil)
		if err != nil {
			t.Fatalf("%s: %v", clause, err)
		}
		db.tracesPrepare(t, q, nil)
		_, err = Traces(SQLite, []int64{1}, joined(maxClauses+1, clause), nil)
		db.prepares(t, nil, err, "", "", "")
	}
	for _, filter := range []string{
		"name RLIKE '" + strings.Repeat("x", regex.MaxBytes+1) + "'", "trace.text LIKE '" + strings.Repeat("x", maxPatternBytes+1) + "'",
	} {
		_, err := Traces(SQLite, []int64{1}, filter, nil)
		db.prepares(t, nil, cmp.Or(err, errors.New("accepted")), "", "", "")
	}
}
