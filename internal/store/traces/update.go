package traces

import (
	"maps"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// changes are columns of trace_info with their new values.
type changes struct {
	columns []string
	args    []any
}

func (c *changes) set(column string, value any) {
	c.columns = append(c.columns, column+" = ?")
	c.args = append(c.args, value)
}

// setTotals sets the columns of a usage or a cost that are known and change.
func setTotals[T comparable](c *changes, columns []string, old, values []*T) {
	for i, v := range values {
		if v != nil && (old[i] == nil || *old[i] != *v) {
			c.set(columns[i], *v)
		}
	}
}

var (
	usageColumns = []string{
		"input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
		"cache_creation_input_tokens_above_1hr",
	}
	costColumns = []string{"input_cost", "output_cost", "total_cost"}
)

// apply updates a trace.
func (t Tx) apply(id string, c *changes) error {
	if len(c.columns) == 0 {
		return nil
	}
	_, err := t.Exec(`UPDATE trace_info SET `+strings.Join(c.columns, ", ")+` WHERE request_id = ?`, append(c.args, id)...)
	return err
}

// updateTrace changes a trace by what a batch says of it. nodes are its spans that were stored
// before. What StartTrace has written is not changed.
func (t Tx) updateTrace(p *part, s *stored, nodes []span.Node) error {
	var c changes
	moved := false
	if !s.finalized {
		moved = updateTimes(&c, p, s)
	}
	if p.state != "" && p.state != s.state && (s.state == tracing.StateInProgress || s.state == tracing.StateUnspecified) {
		c.set("status", string(p.state))
	}
	if p.request != nil && s.noRequest {
		c.set("request_preview", *p.request)
	}
	if p.response != nil && s.noResponse {
		c.set("response_preview", *p.response)
	}
	if p.name != nil {
		c.set("trace_name", *p.name)
	}
	if p.session != "" && s.noSession {
		c.set("session_id", p.session)
	}
	totalUsage, totalCost := p.usage, p.cost
	if len(nodes) > 0 {
		all := append(slices.Clone(p.nodes), nodes...)
		totalUsage, totalCost = span.TotalUsage(all), span.TotalCost(all)
	}
	if !p.usage.IsZero() && (!s.finalized || s.usage.IsZero()) {
		setTotals(&c, usageColumns, s.usage.Values(), totalUsage.Values())
	}
	if !p.cost.IsZero() && (!s.finalized || s.cost.IsZero()) {
		setTotals(&c, costColumns, s.cost.Values(), totalCost.Values())
	}
	if err := t.apply(p.id, &c); err != nil || !moved {
		return err
	}
	_, err := t.Exec(`UPDATE assessments SET trace_timestamp_ms = ? WHERE trace_id = ?`, p.start, p.id)
	return err
}

// updateTimes extends a trace by the times of a batch. It reports whether the trace begins
// earlier.
func updateTimes(c *changes, p *part, s *stored) (moved bool) {
	start := min(s.start, p.start)
	if moved = start != s.start; moved {
		c.set("timestamp_ms", start)
	}
	var end *int64
	if s.duration != nil {
		e := s.start + *s.duration
		end = &e
	}
	if p.end != nil && (end == nil || *p.end > *end) {
		end = p.end
	}
	if end != nil && (s.duration == nil || *end-start != *s.duration) {
		c.set("execution_time_ms", *end-start)
	}
	return moved
}

// keyed is a tag or a piece of the metadata of a trace.
type keyed struct{ traceID, key, value string }

// appendKeyed appends the values of a trace in the order of their keys.
func appendKeyed(list []keyed, traceID string, values map[string]string) []keyed {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		list = append(list, keyed{traceID, key, values[key]})
	}
	return list
}

// The beginnings of the statements that write tags and metadata.
const (
	insertTags     = "INSERT INTO trace_tags (`key`, value, request_id)"
	insertMetadata = "INSERT INTO trace_request_metadata (`key`, value, request_id)"
)

// setKeyed sets tags or metadata. All transactions write them in the order of the traces and
// keys, so that they do not wait for each other in a circle.
func (t Tx) setKeyed(insert string, list []keyed) error {
	_, err := t.InsertRows(insert, " ON CONFLICT (`key`, request_id) DO UPDATE SET value = excluded.value", 3, len(list),
		func(args []any, i int) []any { return append(args, list[i].key, list[i].value, list[i].traceID) })
	return err
}
