package search

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// prefixLength is the number of characters of a param or tag in the indexes of values.
const prefixLength = 40

// ranges are the comparators of metrics that an index of values can look up.
var ranges = []string{"=", "<", "<=", ">", ">="}

// narrowers returns, for each condition that an index of values can look up, the query of
// the ids of the runs that meet it, and perhaps of some more.
func (g *grammar) narrowers(d Dialect, conds []condition) (list []Narrower) {
	for i := range conds {
		c := &conds[i]
		b := &builder{d: d}
		switch {
		case c.ent == entMetric && slices.Contains(ranges, c.op):
			b.metricRange(c.key, c.op, c.values)
		case c.op != "=":
			continue
		case c.ent == entParam, c.ent == entTag:
			b.valueEqual(g.keyed[c.ent], c.key, c.values)
		case c.ent == entAttribute && c.attr.tag != "":
			b.valueEqual(g.keyed[entTag], c.attr.tag, c.values)
		case c.ent == entAttribute && c.attr.column == "status":
			b.write("SELECT x.run_uuid AS id FROM runs x WHERE ")
			b.compare("x.status", "=", c.values)
		default:
			continue
		}
		list = append(list, Narrower{Fragment: b.fragment()})
	}
	return list
}

// valueEqual writes the query of the runs whose param or tag begins like a value.
func (b *builder) valueEqual(k keyed, key string, values []any) {
	b.write("SELECT x.", k.owner, " AS id FROM ", k.table, " x WHERE ")
	b.compare("x."+k.key, "=", []any{key})
	b.write(" AND ")
	if b.d.Prefix == "" {
		b.compare("x."+k.value, "=", values)
		return
	}
	b.beginsLike("x."+k.value, values[0])
}

// beginsLike writes the condition that a column begins like a value. The indexes of values have
// the beginning of each value, since values can be longer than what an index takes.
func (b *builder) beginsLike(column string, value any) {
	b.write(b.d.beginning(column), " = ", b.d.beginning("?"))
	b.args = append(b.args, value)
}

// beginning returns the expression of the beginning of a text.
func (d Dialect) beginning(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(d.Prefix, "#", strconv.Itoa(prefixLength)), "$", text)
}

// valueIs writes the condition that a column has a value, for an index of values. The index
// alone can tell if the value is short.
func (b *builder) valueIs(column string, values []any) {
	b.beginsLike(column, values[0])
	if text, isText := values[0].(string); !isText || utf8.RuneCountInString(text) >= prefixLength {
		b.write(" AND ")
		b.compare(column, "=", values)
	}
}

// metricRange writes the query of the runs whose last value of a metric is in a range.
func (b *builder) metricRange(key, op string, values []any) {
	b.write("SELECT x.run_uuid AS id FROM latest_metrics x WHERE ")
	b.lastValue(key)
	b.write(" AND ")
	b.compare("x.value", op, values)
}

func (b *builder) lastValue(key string) {
	b.compare("x.`key`", "=", []any{key})
	b.write(" AND x.is_nan = false")
}
