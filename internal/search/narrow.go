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
func (g *grammar) narrowers(d Dialect, conds []condition) (list []Fragment) {
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
		list = append(list, b.fragment())
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
	template := strings.ReplaceAll(b.d.Prefix, "#", strconv.Itoa(prefixLength))
	b.write(strings.ReplaceAll(template, "$", column), " = ", strings.ReplaceAll(template, "$", "?"))
	b.args = append(b.args, value)
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

// Ranking describes a search that is ordered by a metric first: the runs with better values
// than some bound come before all others.
type Ranking struct {
	d          Dialect
	key        string
	descending bool
}

// rankingOf returns the ranking of a list of sort keys, or nil.
func rankingOf(d Dialect, keys []sortKey) *Ranking {
	if len(keys) == 0 || keys[0].ent != entMetric || keys[0].expr != nil {
		return nil
	}
	return &Ranking{d, keys[0].key, keys[0].descending}
}

// byNewest reports whether a list of sort keys puts the newest runs first.
func byNewest(keys []sortKey) bool {
	return len(keys) == 0 || keys[0].ent == entAttribute && keys[0].expr == nil &&
		keys[0].attr.name == "start_time" && keys[0].descending
}

// Bound returns the query of the value after the best n. It has no row if there are no more
// than n values.
func (r *Ranking) Bound(n int) Fragment {
	b := &builder{d: r.d}
	b.write("SELECT x.value FROM latest_metrics x WHERE ")
	b.lastValue(r.key)
	b.write(" ORDER BY x.value")
	if r.descending {
		b.write(" DESC")
	}
	b.write(" LIMIT 1 OFFSET ?")
	b.args = append(b.args, n)
	return b.fragment()
}

// Better returns the query of the ids of the runs whose values are better than a bound.
func (r *Ranking) Better(bound float64) Fragment {
	b := &builder{d: r.d}
	op := "<"
	if r.descending {
		op = ">"
	}
	b.metricRange(r.key, op, []any{bound})
	return b.fragment()
}
