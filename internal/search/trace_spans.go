package search

import (
	"cmp"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// onSpan reports whether a condition is one on a span of the trace.
func (c *condition) onSpan() bool {
	return c.ent == entSpan || c.attr != nil && c.attr.column == columnText
}

func (c *condition) isSpanAttribute() bool { return c.ent == entSpan && c.attr.column == "" }

// clockSkew is how much earlier than its trace a span may begin, in milliseconds. If a search
// has a lower bound of the times of traces, spans before it are not searched.
const clockSkew = 10_000

// spansSince returns the earliest start of a span that conditions on traces allow, in Unix
// nanoseconds, or nil.
func spansSince(conds []condition) (bound *int64) {
	for i := range conds {
		c := &conds[i]
		if c.ent != entAttribute || c.attr.column != "timestamp_ms" || c.op != ">" && c.op != ">=" {
			continue
		}
		ms, exact := c.values[0].(int64)
		if !exact || ms < math.MinInt64/1_000_000+clockSkew || ms > math.MaxInt64/1_000_000 {
			continue
		}
		if ns := (ms - clockSkew) * 1_000_000; bound == nil || ns > *bound {
			bound = &ns
		}
	}
	return bound
}

// onOneSpan writes the condition that one span of the trace meets all of some conditions. The
// signs keep SQLite from looking up the experiment in an index instead of the trace.
func (b *traceBuilder) onOneSpan(conds []condition, since *int64) {
	b.write("EXISTS (SELECT 1 FROM spans s WHERE s.trace_id = ti.request_id AND +s.experiment_id = ti.experiment_id")
	b.spanMeetsAll(conds, since)
	b.write(b.d.Probe, ")")
}

func (b *builder) spanMeetsAll(conds []condition, since *int64) {
	if since != nil {
		b.write(" AND +s.start_time_unix_nano >= ?")
		b.args = append(b.args, *since)
	}
	for i := range conds {
		b.write(" AND ")
		b.spanMeets(&conds[i])
	}
}

// spanScan returns the query of the ids of the traces with a span that meets conditions, from the
// spans in the order of the table or of an index. It returns nothing if there are conditions on
// traces, unless they are on times, since these are tested sooner. inTable is whether it reads the
// table in its own order.
func (b *traceBuilder) spanScan(conds, onSpans []condition, since *int64) (ids Fragment, inTable bool) {
	for i := range conds {
		if c := &conds[i]; !c.onSpan() && (c.ent != entAttribute || c.attr.column != "timestamp_ms") {
			return Fragment{}, false
		}
	}
	if onSpans == nil {
		return Fragment{}, false
	}
	// Expressions instead of columns keep databases from reading an index of all spans and then
	// each row of the table in its order.
	sign := "+"
	for i := range onSpans {
		if c := &onSpans[i]; c.op == "=" && (c.attr.column == "type" || c.attr.column == "status") {
			sign = ""
		}
	}
	s := &builder{d: b.d}
	s.write("SELECT DISTINCT coalesce(s.trace_id, '') AS id FROM spans s WHERE ", sign, "s.experiment_id IN (?...)")
	s.args = append(s.args, b.experiments)
	s.spanMeetsAll(onSpans, since)
	return s.fragment(), sign != ""
}

// spanMeets writes a condition on a span s.
func (b *builder) spanMeets(c *condition) {
	column := c.attr.column
	switch {
	case column == "" && c.op == opRLike:
		b.like("s.content", opLike, c.words)
		b.write(" AND ")
		b.compare("s.content", c.op, c.values)
	case column == "":
		b.like("s.content", c.op, `%"`+c.attr.tag+`"`+c.values[0].(string)+"%")
	case column == "content", column == columnText:
		b.like("s.content", c.op, c.values[0].(string))
	default:
		b.compareTrace("s."+column, c.op, c.values)
	}
}

// like writes a comparison of a long text with a pattern.
func (b *builder) like(column, op, pattern string) {
	template := b.d.longLike(op, pattern)
	if template == "" {
		b.compare(column, op, []any{pattern})
		return
	}
	b.fill(template, column, b.d.pattern(pattern))
}

// longLike returns the template of the comparison of a long text with a pattern, or "" if the
// comparator is another one.
func (d *Dialect) longLike(op, pattern string) string {
	switch op {
	case opLike:
		if strings.Contains(pattern, "_") {
			return d.ContentLike
		}
		return cmp.Or(d.WordsLike, d.ContentLike)
	case opILike:
		if strings.ContainsFunc(pattern, func(c rune) bool { return c >= utf8.RuneSelf }) {
			return d.ContentILike
		}
		return cmp.Or(d.ASCIILike, d.ContentILike)
	}
	return ""
}

// attributeRegex returns the pattern that the content of a span matches if the text of an
// attribute has a match of pattern. The content has the attribute as "name": "\"text\"".
func attributeRegex(name, pattern string) string {
	before, after := `"\\".*`, ""
	if rest, anchored := strings.CutPrefix(pattern, "^"); anchored {
		before, pattern = `"\\"`, rest
	}
	if rest, anchored := strings.CutSuffix(pattern, "$"); anchored {
		after, pattern = `\\"`, rest
	}
	return `"` + regexp.QuoteMeta(name) + `": ` + before + pattern + after
}

func (c *condition) isAssessment() bool { return c.ent == entFeedback || c.ent == entExpectation }

// assessment writes the condition that the trace, or its session, has a valid assessment that
// matches. For IS NULL, there must be none.
func (b *traceBuilder) assessment(c *condition) {
	if c.op == opIsNull {
		b.write("NOT ")
	}
	b.write("(EXISTS (SELECT 1 FROM assessments x WHERE x.trace_id = ti.request_id AND ")
	b.assessmentMeets(c)
	b.write(b.d.Probe, ") OR ti.session_id IS NOT NULL AND ", b.exactly("ti.session_id"), " IN (")
	b.assessedSessions(c, b.exactly("xt.session_id"))
	b.write("))")
}

// assessed returns the narrower to the traces that meet a condition on assessments. It begins with
// the assessments of that name in the experiments, which an index counts.
func (b *traceBuilder) assessed(c *condition) Narrower {
	named := &traceBuilder{builder{d: b.d}, b.experiments}
	named.write("SELECT 1 FROM assessments x WHERE ")
	named.assessmentOfExperiments()
	named.assessmentNamed(c)
	n := &traceBuilder{builder{d: b.d}, b.experiments}
	n.write("SELECT x.trace_id AS id FROM assessments x WHERE ")
	n.assessmentOfExperiments()
	n.assessmentMeets(c)
	n.write(" UNION SELECT xi.request_id AS id FROM (")
	n.assessedSessions(c, "xt.session_id")
	n.write(") m CROSS JOIN ")
	if b.d.Probe != "" {
		n.write("LATERAL (SELECT xi.request_id FROM ")
	}
	n.write("trace_info xi WHERE xi.experiment_id IN (?...) AND xi.session_id = m.session_id AND ",
		b.exactly("xi.session_id"), " = ", b.exactly("m.session_id"))
	n.args = append(n.args, b.experiments)
	if b.d.Probe != "" {
		n.write(b.d.Probe, ") xi")
	}
	return Narrower{n.fragment(), named.fragment()}
}

// assessmentOfExperiments writes the condition that an assessment x is one of the experiments. An
// assessment of an older MLflow names no experiment.
func (b *traceBuilder) assessmentOfExperiments() {
	b.write("(x.experiment_id IN (?...) OR x.experiment_id IS NULL) AND ")
	b.args = append(b.args, b.experiments)
}

// assessedSessions writes the query of the sessions, as a column of trace_info xt, that have a valid
// assessment that matches. It is an assessment of one of their traces. CROSS JOIN makes SQLite begin
// with the assessments.
func (b *traceBuilder) assessedSessions(c *condition, column string) {
	b.write("SELECT DISTINCT ", column, " FROM assessments x CROSS JOIN trace_info xt",
		" WHERE xt.request_id = x.trace_id AND xt.session_id IS NOT NULL AND xt.experiment_id IN (?...)",
		" AND x.assessment_metadata IS NOT NULL AND ")
	b.args = append(b.args, b.experiments)
	b.compare("x.assessment_metadata", opLike, []any{`%"` + tracing.MetadataSession + `":%`})
	b.write(" AND ")
	b.assessmentMeets(c)
	b.write(b.d.Probe)
}

// exactly returns a column that is compared byte by byte.
func (b *builder) exactly(column string) string {
	if b.d.Equal == "$ = ?" {
		return column
	}
	return "BINARY " + column
}

// assessmentNamed writes the condition that an assessment x is valid and has the name of a condition.
func (b *builder) assessmentNamed(c *condition) {
	b.compare("x.name", "=", []any{c.key})
	b.write(" AND x.valid = true")
}

// assessmentMeets writes a condition on an assessment x.
func (b *builder) assessmentMeets(c *condition) {
	b.write("x.assessment_type = '", c.ent.String(), "' AND ")
	b.assessmentNamed(c)
	switch c.op {
	case opIsNull, opIsNotNull:
	case "<", "<=", ">", ">=":
		b.write(" AND x.is_numeric_value = true AND ")
		b.compare("x.aggregate_value", c.op, c.values)
	case "=", "!=":
		if c.op == "!=" {
			b.write(" AND NOT (")
		} else {
			b.write(" AND (")
		}
		b.compare("x.value", "=", c.values)
		b.write(" OR ")
		b.compare("x.value", "=", []any{python.JSONString(c.values[0].(string))})
		b.write(")")
	default:
		b.write(" AND ")
		b.compare("x.value", c.op, c.values)
	}
}
