package search

import (
	"slices"
	"strconv"
	"strings"
)

// builder writes a Fragment.
type builder struct {
	d    Dialect
	sql  strings.Builder
	args []any
}

func (b *builder) fragment() Fragment { return Fragment{b.sql.String(), b.args} }

func (b *builder) write(parts ...string) {
	for _, p := range parts {
		b.sql.WriteString(p)
	}
}

// and separates a condition from the one before it.
func (b *builder) and() {
	if b.sql.Len() > 0 {
		b.write(" AND ")
	}
}

// compare writes the comparison of a column with values.
func (b *builder) compare(column, op string, values []any) {
	_, isText := values[0].(string)
	template := "$ " + op + " ?"
	switch {
	case op == "=" && isText:
		template = b.d.Equal
	case op == "!=" && isText:
		template = b.d.NotEqual
	}
	value := values[0]
	switch op {
	case opLike:
		template, value = b.d.Like, b.d.pattern(value)
	case opILike:
		template, value = b.d.ILike, b.d.pattern(value)
	case opRLike:
		template = b.d.RLike
	case opIn, opNotIn:
		b.write(column, " ", op, " (", strings.Repeat("?, ", len(values)-1), "?)")
		b.args = append(b.args, values...)
		return
	}
	b.fill(template, column, value)
}

// fill writes a template of [Dialect] with a column and its value.
func (b *builder) fill(template, column string, value any) {
	b.write(strings.ReplaceAll(template, "$", column))
	for range strings.Count(template, "?") {
		b.args = append(b.args, value)
	}
}

// pattern returns the argument for a pattern of LIKE.
func (d Dialect) pattern(text any) any {
	if d.Escape == "" {
		return text
	}
	return strings.ReplaceAll(text.(string), d.Escape, d.Escape+d.Escape)
}

// selective are the comparators that match few names of runs. On a database with
// [Dialect.Probe], the matching runs are found first. The values of other tags
// repeat in general, so that a page is full after few runs have been tested.
var selective = []string{"=", opLike, opILike, opIn}

// exists writes the condition that the searched row has a value with a key, and that
// the value matches the comparison. For IS NULL, the row must not have the key.
func (b *builder) exists(g *grammar, k keyed, key, op string, values []any) {
	if b.d.Probe != "" && key == tagRunName && slices.Contains(selective, op) {
		b.write(g.table, ".", g.id, " IN (SELECT x.", k.owner, " FROM ", k.table, " x WHERE ")
		b.compare("x."+k.key, "=", []any{key})
		b.write(" AND ")
		b.compare("x."+k.value, op, values)
		b.write(b.d.Probe, ")")
		return
	}
	if op == opIsNull {
		b.write("NOT ")
	}
	table := k.table + " x"
	byValue := op == "=" && k.byValue != "" && b.d.Prefix != ""
	if byValue {
		table += " INDEXED BY " + k.byValue
	}
	b.write("EXISTS (SELECT 1 FROM ", table, " WHERE x.", k.owner, " = ", g.table, ".", g.id, " AND ")
	b.compare("x."+k.key, "=", []any{key})
	b.write(k.on)
	if op != opIsNull && op != opIsNotNull {
		b.write(" AND ")
		value := "x." + k.value
		switch {
		case byValue:
			b.valueIs(value, values)
		case k.nan == "":
			b.compare(value, op, values)
		case op == "!=":
			b.write("(")
			b.compare(value, op, values)
			b.write(" OR x.", k.nan, ")")
		default:
			b.compare(value, op, values)
			b.write(" AND NOT x.", k.nan)
		}
	}
	b.write(b.d.Probe, ")")
}

// where checks and writes the conditions of a filter. It writes the cheap and
// selective ones first, since databases test them in that order.
func (g *grammar) where(d Dialect, src source, conds []condition) (Fragment, error) {
	for i := range conds {
		if err := g.checkOp(src, &conds[i]); err != nil {
			return Fragment{}, err
		}
	}
	slices.SortStableFunc(conds, func(a, b condition) int { return a.cost() - b.cost() })
	b := &builder{d: d}
	for i := range conds {
		c := &conds[i]
		b.and()
		switch {
		case c.ent == entDataset:
			b.dataset(g, c)
		case c.ent != entAttribute:
			b.exists(g, g.keyed[c.ent], c.key, c.op, c.values)
		case c.attr.tag != "":
			b.exists(g, g.keyed[entTag], c.attr.tag, c.op, c.values)
		default:
			b.compare(g.table+"."+c.attr.column, c.op, c.values)
		}
	}
	return b.fragment(), nil
}

// cost ranks a condition: columns of the searched row are cheapest, then single
// values of params and tags, then other values, then conditions that need a join.
func (c *condition) cost() int {
	switch {
	case c.ent == entDataset:
		return 3
	case c.ent == entAttribute && c.attr.tag == "":
		return 0
	case c.op == "=" && c.ent != entMetric:
		return 1
	}
	return 2
}

// orderTerm appends a term to an ORDER BY list, which sorts NULLs last.
func (b *builder) orderTerm(expr string, descending bool) {
	if b.sql.Len() > 0 {
		b.write(", ")
	}
	direction := ""
	if descending {
		direction = " DESC"
	}
	if b.d.NullsLast {
		b.write(expr, direction, " NULLS LAST")
		return
	}
	if !descending {
		b.write("CASE WHEN ", expr, " IS NULL THEN 1 ELSE 0 END, ")
	}
	b.write(expr, direction)
}

// joinKeyed writes the LEFT JOIN of the value with a key. It returns the alias of the
// joined table.
func (b *builder) joinKeyed(g *grammar, k keyed, key string, n int) string {
	alias := "o" + strconv.Itoa(n)
	if n > 0 {
		b.write(" ")
	}
	b.write("LEFT JOIN ", k.table, " ", alias, " ON ", alias, ".", k.owner, " = ", g.table, ".", g.id, " AND ")
	b.compare(alias+"."+k.key, "=", []any{key})
	return alias
}

// probeKeyed writes the same join as joinKeyed, for few rows.
func (b *builder) probeKeyed(g *grammar, k keyed, key string, n int) {
	if b.d.Probe == "" {
		b.joinKeyed(g, k, key, n)
		return
	}
	b.write(" LEFT JOIN LATERAL (SELECT * FROM ", k.table, " x WHERE x.", k.owner, " = ", g.table, ".", g.id, " AND ")
	b.compare("x."+k.key, "=", []any{key})
	b.write(b.d.Probe, ") o", strconv.Itoa(n), " ON true")
}
