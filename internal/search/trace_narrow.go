package search

import "github.com/millrace-ml/millrace/mlflow/tracing"

// narrowers returns, for each condition that an index can look up, the query of the ids of the
// traces that meet it, and perhaps of some more. No id is returned twice.
func (b *traceBuilder) narrowers(conds []condition) (list []Fragment) {
	for i := range conds {
		c := &conds[i]
		n := &builder{d: b.d}
		if c.attr != nil && c.attr.column == "session_id" && c.op == "=" {
			n.write("SELECT x.request_id AS id FROM trace_info x WHERE x.experiment_id IN (?...) AND ")
			n.args = append(n.args, b.experiments)
			n.compare("x.session_id", "=", c.values)
		} else {
			n.traceNarrower(c)
		}
		if n.sql.Len() > 0 {
			list = append(list, n.fragment())
		}
	}
	return list
}

// traceNarrower writes the query of a narrower, or nothing.
func (b *builder) traceNarrower(c *condition) {
	column := ""
	if c.attr != nil {
		column = c.attr.column
	}
	g := traceGrammar
	switch {
	case c.op != "=" || jsonColumns[c.key] != nil && c.ent == entMetadata:
	case c.ent == entSpan && column == "name":
		b.write("SELECT DISTINCT x.trace_id AS id FROM spans x WHERE ")
		b.beginsAs("x.name", c.values)
	case column == columnRun:
		b.valueEqual(g.keyed[entMetadata], tracing.MetadataSourceRun, c.values)
		b.write(" UNION ")
		b.linkedFrom("run", c.values)
	case column == columnPrompt:
		b.linkedFrom("prompt_version", c.values)
	case column == "trace_name":
		b.write("SELECT x.request_id AS id FROM trace_info x WHERE ")
		b.beginsAs("x.trace_name", c.values)
	case column == "" && (c.ent == entTag || c.ent == entMetadata):
		b.valueEqual(g.keyed[c.ent], c.key, c.values)
	}
}

// beginsAs writes the condition that a column begins like a value, for an index of its beginnings.
func (b *builder) beginsAs(column string, values []any) {
	if b.d.Prefix == "" {
		b.compare(column, "=", values)
		return
	}
	b.beginsLike(column, values[0])
}

// linkedFrom writes the query of the traces that are linked to something of a type.
func (b *builder) linkedFrom(kind string, id []any) {
	b.write("SELECT x.source_id AS id FROM entity_associations x WHERE x.source_type = 'trace' AND x.destination_type = '",
		kind, "' AND ")
	b.compare("x.destination_id", "=", id)
}

// byNewestTrace reports whether a list of sort keys puts the newest traces first.
func byNewestTrace(keys []sortKey) bool {
	return len(keys) == 0 || keys[0].ent == entAttribute && keys[0].attr.column == "timestamp_ms" && keys[0].descending
}
