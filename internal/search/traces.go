package search

import (
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/search/regex"
	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Traces compiles a search of the table trace_info under the alias ti in some experiments. An
// assessment of a session counts for all of its traces in them.
func Traces(d Dialect, experiments []int64, filter string, orderBy []string) (*Query, error) {
	g := traceGrammar
	src, conds, err := g.conditions(filter)
	if err != nil {
		return nil, err
	}
	for i := range conds {
		c := &conds[i]
		if err := g.checkOp(src, c); err != nil {
			return nil, err
		}
		if err := c.translateRegex(d, src); err != nil {
			return nil, err
		}
	}
	keys, err := g.sortKeys(orderBy)
	if err != nil {
		return nil, err
	}
	q := &Query{}
	if err := q.traceOrder(d, keys, orderBy); err != nil {
		return nil, err
	}
	b := &traceBuilder{builder{d: d}, experiments}
	onSpans := b.where(conds)
	q.Where = b.fragment()
	q.SpanScan, q.ScansTable = b.spanScan(conds, onSpans, spansSince(conds))
	q.Narrowers, q.ByNewest = b.narrowers(conds), byNewestTrace(keys)
	return q, nil
}

// translateRegex replaces the values of RLIKE by patterns in the syntax of the database.
func (c *condition) translateRegex(d Dialect, src source) error {
	if c.op != opRLike {
		return nil
	}
	pattern := c.values[0].(string)
	if c.isSpanAttribute() {
		pattern = attributeRegex(c.attr.tag, pattern)
		c.words = "%" + strings.Join(regex.Words(pattern), "%") + "%"
	}
	translated, err := regex.Translate(pattern, d.Regex)
	if err != nil {
		return src.errAt(c.at, "Invalid regular expression %q: %s.", c.values[0], err)
	}
	c.values[0] = translated
	return nil
}

// traceOrder writes the ORDER BY list of a search of traces, and the joins that it needs. NULLs
// come last in both directions.
func (q *Query) traceOrder(d Dialect, keys []sortKey, orderBy []string) error {
	g := traceGrammar
	j, o := &builder{d: d}, &builder{d: d}
	seen := map[string]bool{}
	joined := 0
	for i, k := range keys {
		expr, nullable, err := traceColumn(k.field, source(orderBy[i]))
		if err != nil {
			return err
		}
		ent, key := k.ent, k.key
		if k.attr != nil && k.attr.column == columnRun {
			ent, key, expr = entMetadata, tracing.MetadataSourceRun, ""
		}
		name := ent.String() + "." + key
		if expr == "" {
			expr = j.joinKeyed(g, g.keyed[ent], key, joined) + ".value"
			joined++
		} else {
			name = expr
		}
		if seen[name] {
			return duplicateOrder(orderBy, i)
		}
		seen[name] = true
		o.traceTerm(expr, k.descending, nullable)
	}
	if !seen["ti.timestamp_ms"] {
		o.traceTerm("ti.timestamp_ms", true, false)
	}
	if !seen["ti.request_id"] {
		o.traceTerm("ti.request_id", false, false)
	}
	q.Joins, q.ProbedJoins, q.OrderBy = j.fragment(), j.fragment(), o.fragment()
	return nil
}

// traceColumn returns the expression that a field is ordered by, or "" if the field is a key of
// tags or metadata.
func traceColumn(f field, src source) (expr string, nullable bool, err error) {
	switch f.ent {
	case entAttribute, entTag, entMetadata:
	default:
		return "", false, src.errAt(0, "Invalid identifier type '%s'", f.ent)
	}
	switch {
	case jsonColumns[f.key] != nil && f.ent == entMetadata:
		return "", false, src.errAt(0, "Ordering by reserved metadata '%s' is not supported because it is represented "+
			"by multiple columns.", f.key)
	case f.attr == nil, f.attr.column == columnRun, f.attr.column == columnPrompt:
		return "", true, nil
	case f.attr.column == columnEndTime:
		return endTime, false, nil
	}
	column := f.attr.column
	nullable = column == "execution_time_ms" || column == "trace_name" || column == "session_id"
	return "ti." + column, nullable, nil
}

// endTime is the end of a trace ti in Unix milliseconds. While it is in progress, that is its
// start.
const endTime = "(ti.timestamp_ms + coalesce(ti.execution_time_ms, 0))"

// traceTerm appends a term to an ORDER BY list. Where a column has no NULLs, an index returns
// rows in its order on all databases.
func (b *builder) traceTerm(expr string, descending, nullable bool) {
	if nullable {
		b.orderTerm(expr, descending)
		return
	}
	if b.sql.Len() > 0 {
		b.write(", ")
	}
	b.write(expr)
	if descending {
		b.write(" DESC")
	}
}

// traceBuilder writes the conditions of a search of traces in some experiments.
type traceBuilder struct {
	builder
	experiments []int64
}

// where writes conditions: those on columns of traces first, then those on tags, metadata,
// links and assessments, and that on spans last, since it reads the most. It returns those on
// spans.
func (b *traceBuilder) where(conds []condition) (onSpans []condition) {
	rank := func(c condition) int {
		switch {
		case c.onSpan():
			return 2
		case c.ent == entAttribute, c.attr != nil && c.ent == entTag, c.attr != nil && c.ent == entMetadata:
			return 0
		}
		return 1
	}
	slices.SortStableFunc(conds, func(x, y condition) int { return rank(x) - rank(y) })
	for i := range conds {
		c := &conds[i]
		if c.onSpan() {
			onSpans = append(onSpans, *c)
			continue
		}
		b.and()
		b.condition(c)
	}
	if onSpans != nil {
		b.and()
		b.onOneSpan(onSpans, spansSince(conds))
	}
	return onSpans
}

func (b *traceBuilder) condition(c *condition) {
	column := ""
	if c.attr != nil {
		column = c.attr.column
	}
	switch {
	case c.isAssessment():
		b.assessment(c)
	case c.ent == entIssue:
		b.write("EXISTS (SELECT 1 FROM assessments x WHERE x.trace_id = ti.request_id AND x.assessment_type = 'issue' AND ")
		b.compare("x.name", "=", c.values)
		b.write(b.d.Probe, ")")
	case column == columnPrompt:
		b.linkedTo("prompt_version", c.values)
	case column == columnRun && c.op == "=":
		b.write("(")
		b.exists(traceGrammar, traceGrammar.keyed[entMetadata], tracing.MetadataSourceRun, "=", c.values)
		b.write(" OR ")
		b.linkedTo("run", c.values)
		b.write(")")
	case column == columnRun:
		b.exists(traceGrammar, traceGrammar.keyed[entMetadata], tracing.MetadataSourceRun, c.op, c.values)
	case column == columnEndTime:
		b.compareTrace(endTime, c.op, c.values)
	case column != "":
		b.compareTrace("ti."+column, c.op, c.values)
	case jsonColumns[c.key] != nil && c.ent == entMetadata:
		b.reserved(c)
	default:
		b.exists(traceGrammar, traceGrammar.keyed[c.ent], c.key, c.op, c.values)
	}
}

// compareTrace writes the comparison of a column, which may be NULL, with values.
func (b *builder) compareTrace(column, op string, values []any) {
	switch {
	case op == opIsNull || op == opIsNotNull:
		b.write(column, " ", op)
	case (op == opIn || op == opNotIn) && b.exactly("") != "": // The database ignores the case in lists.
		if op == opNotIn {
			b.write("NOT ")
		}
		for i := range values {
			b.write([]string{"(", " OR "}[min(i, 1)])
			b.compare(column, "=", values[i:i+1])
		}
		b.write(")")
	default:
		b.compare(column, op, values)
	}
}

// linkedTo writes the condition that the trace is linked to something of a type.
func (b *builder) linkedTo(kind string, id []any) {
	b.write("EXISTS (SELECT 1 FROM entity_associations x WHERE x.source_type = 'trace' AND x.source_id = ti.request_id",
		" AND x.destination_type = '", kind, "' AND ")
	b.compare("x.destination_id", "=", id)
	b.write(b.d.Probe, ")")
}

// reserved writes the comparison of a key of the metadata with the columns that have its value. A
// text is equal if it is the one that clients see.
func (b *builder) reserved(c *condition) {
	columns := jsonColumns[c.key]
	anySet := func() {
		for i, column := range columns {
			b.write([]string{"(", " OR "}[min(i, 1)], "ti.", column, " IS NOT NULL")
		}
		b.write(")")
	}
	if c.op == opIsNull {
		b.write("NOT ")
	}
	if c.op != "=" {
		anySet()
	}
	if c.op == opIsNull || c.op == opIsNotNull {
		return
	}
	if c.op == "!=" {
		b.write(" AND NOT ")
	}
	values := reservedValues(c.key, c.values[0].(string))
	if values == nil {
		b.write("1 = 0")
		return
	}
	for i, column := range columns {
		b.write([]string{"(", " AND "}[min(i, 1)], "ti.", column)
		if values[i] == nil {
			b.write(" IS NULL")
			continue
		}
		b.write(" IS NOT NULL AND ti.", column, " = ?")
		b.args = append(b.args, values[i])
	}
	b.write(")")
}

// reservedValues returns the values of the columns of a key whose text clients see, or nil if
// there are none. A value is nil if its column is NULL.
func reservedValues(key, text string) []any {
	var canonical *string
	var values []any
	if key == tracing.MetadataTokenUsage {
		u := span.ParseUsage(text)
		canonical, values = u.JSON(), anyValues(
			u.Input, u.Output, u.Total, u.CacheRead, u.CacheCreation, u.CacheCreationAbove1h,
		)
	} else {
		c := span.ParseCost(text)
		canonical, values = c.JSON(), anyValues(c.Input, c.Output, c.Total)
	}
	if canonical == nil || *canonical != text {
		return nil
	}
	return values
}

func anyValues[T any](list ...*T) []any {
	values := make([]any, len(list))
	for i, v := range list {
		if v != nil {
			values[i] = *v
		}
	}
	return values
}

// narrowers returns, for each condition that an index can look up, the query of the ids of the
// traces that meet it, and perhaps of some more. No id is returned twice.
func (b *traceBuilder) narrowers(conds []condition) (list []Narrower) {
	for i := range conds {
		c := &conds[i]
		if c.isAssessment() && c.op != opIsNull {
			list = append(list, b.assessed(c))
			continue
		}
		n := &builder{d: b.d}
		if c.attr != nil && c.attr.column == "session_id" && c.op == "=" {
			n.write("SELECT x.request_id AS id FROM trace_info x WHERE x.experiment_id IN (?...) AND ")
			n.args = append(n.args, b.experiments)
			n.compare("x.session_id", "=", c.values)
		} else {
			n.traceNarrower(c)
		}
		if n.sql.Len() > 0 {
			list = append(list, Narrower{Fragment: n.fragment()})
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
