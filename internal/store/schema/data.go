package schema

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// moveData adds the steps for rows that moved to another table, or whose new columns
// are computed from other columns. Each step can be repeated.
func (p *planner) moveData() {
	if before(p.revision, "1b5f0d9ad7c1") {
		p.add(
			"make the workspace default",
			`INSERT INTO workspaces (name, description) SELECT 'default', 'Default workspace for legacy resources'
			WHERE NOT EXISTS (SELECT 1 FROM workspaces WHERE name = 'default')`,
		)
	}
	if before(p.revision, "1bd49d398cd23") {
		p.addFunc("protect the names of secrets", func(ctx context.Context, q db.Querier) error {
			for _, statement := range append(dropTrigger(p.f), createTrigger(p.f)...) {
				if _, err := q.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if before(p.revision, "dc11669786a5") {
		p.add("end the jobs of the old release", `UPDATE jobs SET status = 5 WHERE status IN (0, 1)`)
	}
	if before(p.revision, "75868b020152") {
		p.addFunc("move names, sessions, tokens and costs of traces to their columns", p.moveTraces)
		p.addFunc("move costs and models of spans to their columns", p.moveSpans)
		p.addFunc("fill in what assessments say of their traces", p.fillAssessments)
	}
	if p.passes("8b6ad64cb8f5") {
		p.add("fill in when issues were last seen", `UPDATE issues SET last_seen_timestamp = created_timestamp`)
		p.addFunc("list the categories of issues in a table", p.listCategories)
	}
}

// passes reports whether a revision is between the database and its release.
func (p *planner) passes(revision string) bool {
	return before(p.revision, revision) && !before(p.to.Revision, revision)
}

// number returns a finite number that JSON has as a number or as a string.
func number(raw json.RawMessage) (v float64, ok bool) {
	v, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}

// whole returns a number if it is an integer.
func whole(v float64, ok bool) any {
	if ok && v == math.Trunc(v) && math.Abs(v) < 1<<63 {
		return int64(v)
	}
	return nil
}

func orNull(v float64, ok bool) any {
	if ok {
		return v
	}
	return nil
}

var (
	tokenColumns = []string{
		"input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
		"cache_creation_input_tokens_above_1hr",
	}
	costColumns = []string{"input_cost", "output_cost", "total_cost"}
)

const (
	traceName    = "mlflow.traceName"
	traceSession = "mlflow.trace.session"
	traceTokens  = "mlflow.trace.tokenUsage" //nolint:gosec // A name.
	traceCost    = "mlflow.trace.cost"
)

// set writes an UPDATE of columns.
func updateFrom(f db.Flavor, table string, columns []string, where ...string) string {
	n := 0
	place := func() string {
		if n++; f == db.PostgreSQL {
			return "$" + strconv.Itoa(n)
		}
		return "?"
	}
	list := func(names []string, glue string) string {
		parts := make([]string, len(names))
		for i, name := range names {
			parts[i] = name + " = " + place()
		}
		return strings.Join(parts, glue)
	}
	return "UPDATE " + table + " SET " + list(columns, ", ") + " WHERE " + list(where, " AND ")
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

func (p *planner) moveTraces(ctx context.Context, q db.Querier) error {
	traces := map[string]map[string]any{}
	values := func(id string) map[string]any {
		if traces[id] == nil {
			traces[id] = map[string]any{}
		}
		return traces[id]
	}
	key := QuoteColumn(p.f, "key")
	err := eachRow(
		ctx, q,
		`SELECT request_id, value FROM trace_tags WHERE `+key+` = '`+traceName+`'`,
		2,
		func(v []string) { values(v[0])["trace_name"] = cut(v[1], 4096) },
	)
	if err != nil {
		return err
	}
	err = eachRow(
		ctx, q,
		`SELECT request_id, `+key+`, value FROM trace_request_metadata
			WHERE `+key+` IN ('`+traceSession+`', '`+traceTokens+`', '`+traceCost+`')`,
		3,
		func(v []string) {
			fields := map[string]json.RawMessage{}
			into := values(v[0])
			switch _ = json.Unmarshal([]byte(v[2]), &fields); v[1] { // What is no object has no fields.
			case traceSession:
				into["session_id"] = cut(v[2], 250)
			case traceTokens:
				for _, c := range tokenColumns {
					if _, given := into[c]; !given {
						into[c] = whole(number(fields[c]))
					}
				}
			case traceCost:
				for _, c := range costColumns {
					into[c] = orNull(number(fields[c]))
				}
			}
		},
	)
	if err != nil {
		return err
	}
	if p.have["trace_metrics"] != nil { // They come before the metadata.
		err = eachRow(
			ctx, q,
			`SELECT request_id, `+key+`, value FROM trace_metrics WHERE `+key+` IN ('`+strings.Join(tokenColumns, "', '")+`')`,
			3,
			func(v []string) {
				values(v[0])[v[1]] = whole(number(json.RawMessage(v[2])))
			},
		)
		if err != nil {
			return err
		}
	}
	columns := append(append([]string{"trace_name", "session_id"}, tokenColumns...), costColumns...)
	update := updateFrom(p.f, "trace_info", columns, "request_id")
	for id, of := range traces {
		args := make([]any, 0, len(columns)+1)
		for _, c := range columns {
			args = append(args, of[c])
		}
		if _, err := q.ExecContext(ctx, update, append(args, id)...); err != nil {
			return err
		}
	}
	return p.dropMoved(ctx, q, traceMoves)
}

// traceMoves delete what is in columns now, from where it was.
var traceMoves = []string{
	`DELETE FROM trace_tags WHERE KEY = '` + traceName + `'`,
	`DELETE FROM trace_request_metadata WHERE KEY IN ('` + traceSession + `', '` + traceTokens + `', '` + traceCost + `')`,
	`DELETE FROM trace_metrics WHERE KEY IN ('` + strings.Join(tokenColumns, "', '") + `')`,
}

func (p *planner) dropMoved(ctx context.Context, q db.Querier, statements []string) error {
	for _, statement := range statements {
		if _, err := q.ExecContext(ctx, strings.Replace(statement, "KEY", QuoteColumn(p.f, "key"), 1)); err != nil {
			return err
		}
	}
	return nil
}
