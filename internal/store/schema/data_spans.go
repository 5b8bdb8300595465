package schema

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

func dropTrigger(f db.Flavor) []string {
	switch f {
	case db.PostgreSQL:
		return []string{"DROP TRIGGER IF EXISTS prevent_secrets_aad_mutation ON secrets"}
	default:
		return []string{"DROP TRIGGER IF EXISTS prevent_secrets_aad_mutation"}
	}
}

// computedColumn returns the SQL expression that fills a column of a recreated table
// from part of a column of the old table. It is empty for other columns.
func computedColumn(f db.Flavor, column string, old *Table) string {
	attribute := map[string]string{
		"spans.model_name": "mlflow.llm.model", "spans.model_provider": "mlflow.llm.provider",
	}[column]
	if _, found := old.column("dimension_attributes"); !found || attribute == "" {
		return ""
	}
	switch f {
	case db.PostgreSQL:
		return "left(dimension_attributes ->> '" + attribute + "', 500)"
	case db.SQLite:
		return `substr(json_extract(dimension_attributes, '$."` + attribute + `"'), 1, 500)`
	default:
		return `left(json_value(dimension_attributes, '$."` + attribute + `"'), 500)`
	}
}

func (p *planner) moveSpans(ctx context.Context, q db.Querier) error {
	if p.have["span_metrics"] == nil {
		return nil
	}
	type span struct{ trace, id string }
	costs := map[span]map[string]any{}
	key := QuoteColumn(p.f, "key")
	list := "'" + strings.Join(costColumns, "', '") + "'"
	err := eachRow(
		ctx, q,
		`SELECT trace_id, span_id, `+key+`, value FROM span_metrics WHERE `+key+` IN (`+list+`)`,
		4,
		func(v []string) {
			s := span{v[0], v[1]}
			if costs[s] == nil {
				costs[s] = map[string]any{}
			}
			costs[s][v[2]] = orNull(number(json.RawMessage(v[3])))
		},
	)
	if err != nil {
		return err
	}
	update := updateFrom(p.f, "spans", costColumns, "trace_id", "span_id")
	for s, of := range costs {
		if _, err := q.ExecContext(ctx, update, of["input_cost"], of["output_cost"], of["total_cost"],
			s.trace, s.id); err != nil {
			return err
		}
	}
	return p.dropMoved(ctx, q, []string{
		// Calls through the gateway store no costs of their own.
		`UPDATE trace_info SET total_cost = (SELECT sum(total_cost) FROM spans WHERE spans.trace_id = trace_info.request_id)
			WHERE total_cost IS NULL AND EXISTS (SELECT 1 FROM trace_request_metadata m
			WHERE m.request_id = trace_info.request_id AND m.KEY = 'mlflow.gateway.endpointId')`,
		`DELETE FROM span_metrics WHERE KEY IN (` + list + `)`,
	})
}

func (p *planner) fillAssessments(ctx context.Context, q db.Querier) error {
	if p.have["assessments"] == nil {
		return nil
	}
	type row struct{ id, value, experiment, time string }
	var rows []row
	err := eachRow(
		ctx, q,
		`SELECT a.assessment_id, a.value, t.experiment_id, t.timestamp_ms FROM assessments a
			JOIN trace_info t ON t.request_id = a.trace_id`,
		4,
		func(v []string) {
			rows = append(rows, row{v[0], v[1], v[2], v[3]})
		},
	)
	if err != nil {
		return err
	}
	update := updateFrom(
		p.f, "assessments",
		[]string{"experiment_id", "trace_timestamp_ms", "aggregate_value", "is_numeric_value"},
		"assessment_id",
	)
	for _, r := range rows {
		experiment, _ := number(json.RawMessage(r.experiment)) // The columns are integers, so number cannot fail.
		time, _ := number(json.RawMessage(r.time))
		aggregate, numeric := aggregateOf(r.value)
		if _, err := q.ExecContext(ctx, update, int64(experiment), int64(time), aggregate, numeric, r.id); err != nil {
			return err
		}
	}
	return nil
}

// aggregateOf returns the value of an assessment in averages, or nil if it has none, and
// reports whether the value itself is a number.
func aggregateOf(value string) (aggregate any, numeric bool) {
	var parsed any
	if json.Unmarshal([]byte(value), &parsed) != nil {
		parsed = value
	}
	switch v := parsed.(type) {
	case bool:
		return map[bool]float64{true: 1, false: 0}[v], false
	case float64:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "yes":
			return 1.0, false
		case "no":
			return 0.0, false
		}
	}
	return nil, false
}
