package search

import (
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

// condition is a clause with a resolved field. values has one value, the members of
// a list, or nothing for IS NULL.
type condition struct {
	field
	op     string
	values []any
	at     int
	// words is a pattern of LIKE that all texts meet that meet an RLIKE of long texts.
	words string
}

// conditions parses a filter and resolves the fields and values of its clauses. The
// comparators are checked later by checkOp, since MLflow checks them last.
func (g *grammar) conditions(filter string) (source, []condition, error) {
	src := source(filter)
	if filter == "" {
		return src, nil, nil
	}
	f, err := parse(filter)
	if err != nil {
		return src, nil, err
	}
	switch {
	case f.empty:
		return src, nil, src.errAt(0, "Invalid filter '%s'. Could not be parsed.", filter)
	case f.second > 0:
		return src, nil, src.errAt(f.second,
			"Search filter contained multiple expression %s. Provide AND-ed expression list.", python.Repr(filter))
	case len(f.strays) > 0:
		return src, nil, g.strayError(f)
	case len(f.clauses) == 0: // Such a filter would match every row.
		return src, nil, src.errAt(0, "Invalid filter '%s'. It joins no comparisons.", filter)
	}
	conds := make([]condition, 0, len(f.clauses))
	for _, c := range f.clauses {
		cond, err := g.condition(src, c)
		if err != nil {
			return src, nil, err
		}
		conds = append(conds, cond)
	}
	return src, conds, nil
}

func (g *grammar) strayError(f *filterText) error {
	texts := make([]string, len(f.strays))
	for i, s := range f.strays {
		texts[i] = s.text
		if g.quoteStrays {
			texts[i] = "'" + s.text + "'"
		}
	}
	return f.src.errAt(f.strays[0].at, "Invalid clause(s) in filter string: %s", strings.Join(texts, ", "))
}

func (g *grammar) condition(src source, c clause) (condition, error) {
	at := c.left.pos
	if c.left.kind != atomIdent {
		return condition{}, src.errAt(at, "Invalid comparison clause. Expected 'Identifier' found '%s'", c.left.text)
	}
	f, err := g.resolve(src, at, c.left.text, false)
	if err != nil {
		return condition{}, err
	}
	cond := condition{field: f, op: c.op, at: at}
	if g.foldOps {
		cond.op = strings.ToUpper(strings.Join(strings.Fields(c.op), " "))
	}
	if c.unary() {
		if !slices.Contains(g.nullable, f.ent) {
			return cond, src.errAt(at, g.badNull, f.ent, f.key)
		}
		return cond, nil
	}
	cond.values, err = g.valuesOf(f).parse(g, src, &cond, c.right)
	return cond, err
}

// checkOp returns an error for a comparator that the type of the field lacks, and
// for values that do not fit the comparator.
func (g *grammar) checkOp(src source, c *condition) error {
	t := g.valuesOf(c.field)
	if !slices.Contains(t.ops, c.op) {
		name := c.key
		if c.attr != nil {
			name = c.attr.name
		}
		return src.errAt(c.at, t.badOp, c.op, name, python.ReprSet(t.ops))
	}
	list := c.op == opIn || c.op == opNotIn
	if len(c.values) > 0 {
		if _, isList := c.values[0].(listItem); isList != list {
			return src.errAt(c.at, "Expected a quoted string value for %s '%s' with comparator %s.", c.ent, c.key, c.op)
		}
	}
	for i, v := range c.values {
		s, isText := v.(string)
		if item, ok := v.(listItem); ok {
			s, isText = string(item), true
			c.values[i] = s
		}
		if !isText {
			continue
		}
		if err := checkPattern(src, c.at, c.op, s); err != nil {
			return err
		}
		if t.convert != nil {
			var err error
			if c.values[i], err = t.convert(src, c.at, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkPattern bounds the length of a pattern, since databases refuse long ones.
func checkPattern(src source, at int, op, s string) error {
	if len(s) > maxPatternBytes && (op == opLike || op == opILike) {
		return src.errAt(at, "Pattern is %d bytes long; at most %d are allowed.", len(s), maxPatternBytes)
	}
	return nil
}
