package search

import (
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// metricFilter is a filter such as trace.tag.k = 'v'.
type metricFilter struct{ view, entity, key, value string }

// metricEntities are the entities that filters of a view compare, in the order of messages. A key
// follows those of traces that are true.
var metricEntities = map[string][]string{
	"trace": {"status", "tag", "metadata"}, "span": {"name", "status", "type"}, "assessment": {"name", "type"},
}

// parseMetricFilter parses the only comparison of a filter.
func parseMetricFilter(text string, view tracing.View) (f metricFilter, err error) {
	if text == "" {
		return f, invalid("Invalid filter: ''. Expected one filter clause.")
	}
	parsed, err := parse(text)
	if err != nil {
		return f, err
	}
	c, err := onlyClause(parsed, text)
	if err != nil {
		return f, err
	}
	src, at := parsed.src, c.left.pos
	if c.left.kind != atomIdent {
		return f, src.errAt(at, "Invalid comparison clause. Expected 'Identifier' found '%s'", c.left.text)
	}
	if err := f.resolve(src, at, c.left.text); err != nil {
		return f, err
	}
	if c.op != "=" {
		return f, src.errAt(at, "Invalid comparator: '%s', only '=' operator is supported", c.op)
	}
	if !c.right.isText() {
		return f, src.errAt(at, "Expected a quoted string value for %s value (e.g. 'my-value'). Got value %s",
			f.entity, c.right.text)
	}
	values, err := quotedText(src, c.right)
	if err != nil {
		return f, err
	}
	f.value = values[0].(string)
	for entity, of := range map[string]tracing.View{"span": tracing.ViewSpans, "assessment": tracing.ViewAssessments} {
		if f.view == entity && view != of {
			return f, src.errAt(at, "Filtering by %s is only supported for %s view type, got %s", entity, of, view)
		}
	}
	return f, nil
}

// onlyClause returns the comparison of a filter that has nothing else.
func onlyClause(f *filterText, text string) (clause, error) {
	strays := make([]string, 0, len(f.strays)+2)
	for _, s := range f.strays {
		strays = append(strays, s.text)
	}
	for _, c := range f.clauses {
		switch op := strings.ToUpper(c.op); {
		case c.unary():
			strays = append(strays, c.left.text, strings.Replace(op, " ", ", ", 1))
		case op == opIn || op == opNotIn:
			strays = append(strays, c.left.text, strings.Replace(op, " ", ", ", 1), c.right.text)
		}
	}
	if len(f.clauses) > 1 {
		strays = append(strays, "AND")
	}
	switch {
	case f.empty:
		return clause{}, f.src.errAt(0, "Invalid filter '%s'. Could not be parsed.", text)
	case len(strays) > 0 || f.second > 0:
		return clause{}, f.src.errAt(0, "Invalid clause(s) in filter string: %s", strings.Join(strays, ", "))
	case len(f.clauses) == 0:
		return clause{}, f.src.errAt(0, "Invalid filter: '%s'. Expected one filter clause.", text)
	}
	return f.clauses[0], nil
}

// resolve splits a name into the view, the entity and the key.
func (f *metricFilter) resolve(src source, at int, name string) error {
	parts := strings.SplitN(name, ".", 3)
	if len(parts) == 1 {
		return src.errAt(at, "Invalid identifier '%s'. Columns should be specified as 'trace.<key>', 'span.<key>', "+
			"'assessment.<key>'.", name)
	}
	f.view, _ = unquote(parts[0], '`')
	f.entity = parts[1]
	entities := metricEntities[f.view]
	if entities == nil {
		return src.errAt(at, "Invalid view type '%s'. Valid values are dict_keys(['trace', 'span', 'assessment'])", f.view)
	}
	if !slices.Contains(entities, f.entity) {
		return src.errAt(at, "Invalid entity '%s' specified for view type '%s'. Valid entities are %s",
			f.entity, f.view, python.ReprList(entities))
	}
	switch keyed := f.entity == "tag" || f.entity == "metadata"; {
	case keyed && len(parts) == 2:
		return src.errAt(at, "Filtering by %[2]s requires a key, e.g. '%[1]s.%[2]s.<key> = <value>'", f.view, f.entity)
	case !keyed && len(parts) == 3:
		return src.errAt(at, "Filtering by %[2]s does not require a key, use '%[1]s.%[2]s' instead", f.view, f.entity)
	case keyed:
		f.key = unquoteKey(parts[2])
	}
	return nil
}

// filter writes the condition of a filter.
func (b *metricBuilder) filter(f metricFilter) {
	b.write(" AND ")
	value := []any{f.value}
	if f.view != "trace" {
		b.compare(metricViews[b.in.ViewType].filters[f.entity], "=", value)
		return
	}
	status := field{ent: entAttribute, key: "status", attr: traceGrammar.attr("status", false)}
	c := condition{field: status, op: "=", values: value}
	switch f.entity {
	case "tag":
		c.field = field{ent: entTag, key: f.key}
		if f.key == tracing.TagTraceName {
			c.field = traceField(c.field)
		}
	case "metadata":
		c.field = traceField(field{ent: entMetadata, key: f.key})
	}
	if b.in.ViewType != tracing.ViewAssessments {
		b.condition(&c)
		return
	}
	b.write("EXISTS (SELECT 1 FROM trace_info ti WHERE ti.request_id = a.trace_id AND ")
	b.condition(&c)
	b.write(")")
}
