package search

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

// condition is a checked clause: values holds one value, the members of a list,
// or nothing for IS NULL.
type condition struct {
	field
	op     string
	values []any
	at     int
}

// conditions parses filter and resolves its clauses. Comparators are left for
// checkOp, because MLflow looks at them last and in another order.
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
		return src, nil, src.errAt(f.second, "Search filter contained multiple expression %s. Provide AND-ed expression list.", python.Repr(filter))
	case len(f.strays) > 0:
		return src, nil, g.strayError(f)
	case len(f.clauses) == 0: // It would filter nothing.
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
	if g.upper {
		cond.op = strings.ToUpper(strings.Join(strings.Fields(c.op), " "))
	}
	if c.unary() {
		if !slices.Contains(g.nullable, f.ent) {
			return cond, src.errAt(at, g.badNull, f.ent, f.key)
		}
		return cond, nil
	}
	cond.values, err = g.value(src, f, c.right)
	return cond, err
}

// value reads what a field is compared with.
func (g *grammar) value(src source, f field, v atom) ([]any, error) {
	numeric := v.kind == atomInt || v.kind == atomFloat
	text := v.kind == atomString || v.kind == atomIdent
	switch {
	case f.ent == entMetric:
		if !numeric {
			return nil, src.errAt(v.pos, "Expected numeric value type for metric. Found %s", v.text)
		}
		return float(src, v)
	case f.ent == entAttribute && f.attr.numeric():
		if !numeric {
			return nil, src.errAt(v.pos, "Expected numeric value type for numeric attribute: %s. Found %s", f.key, v.text)
		}
		return number(src, f, v)
	case f.ent == entAttribute && f.attr.kind == attrVersion && v.kind != atomList:
		return versionNumber(src, f, v)
	case text:
		s, ok := unquote(v.text, '\'')
		if !ok {
			s, ok = unquote(v.text, '"')
		}
		if !ok {
			return nil, src.errAt(v.pos, "Parameter value is either not quoted or unidentified quote "+
				"types used for string value %s. Use either single or double quotes.", v.text)
		}
		return []any{s}, nil
	case v.kind == atomList && (f.ent == entDataset || f.ent == entAttribute):
		if f.ent == entAttribute && !f.attr.lists {
			return nil, src.errAt(v.pos, "Only %s attributes support comparison with a list of quoted string values.", g.listAttrs())
		}
		return stringList(src, v)
	case f.ent == entAttribute && g.badValue != "":
		return nil, src.errAt(v.pos, g.badValue, v.text)
	case f.ent == entAttribute:
		return nil, src.errAt(v.pos, "Expected a quoted string value for attributes. Got value %s", v.text)
	case f.ent == entDataset:
		return nil, src.errAt(v.pos, "Expected a quoted string value for dataset attributes. Got value %s", v.text)
	}
	return nil, src.errAt(v.pos, "Expected a quoted string value for %s (e.g. 'my-value'). Got value %s", f.ent, v.text)
}

func float(src source, v atom) ([]any, error) {
	x, err := strconv.ParseFloat(v.text, 64)
	switch {
	case math.IsInf(x, 0): // MLflow compares with infinity instead, which is another question.
		return nil, tooLarge(src, v)
	case err != nil:
		return nil, src.errAt(v.pos, "Expected numeric value type for metric. Found %s", v.text)
	}
	return []any{x}, nil
}

// tooLarge refuses a number that has no float64.
func tooLarge(src source, v atom) error {
	text := v.text
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return src.errAt(v.pos, "The number %s is too large: numbers of 64 bits end at 1.8e308.", text)
}

func number(src source, f field, v atom) ([]any, error) {
	if v.kind == atomInt {
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			return []any{n}, nil
		}
	} else if f.attr.kind == attrNumber {
		if x, err := strconv.ParseFloat(v.text, 64); err == nil && !math.IsInf(x, 0) {
			return []any{x}, nil
		}
	}
	return nil, src.errAt(v.pos, "Invalid value for numeric attribute '%s': '%s'", f.key, v.text)
}

// checkOp refuses comparators that the field does not have.
func (g *grammar) checkOp(src source, c *condition) error {
	ops, end := opsText, "'"
	switch c.ent {
	case entMetric:
		ops, end = opsNumber, ""
	case entDataset:
		ops, end = opsString, ""
	case entTag:
		end = ""
	case entAttribute:
		ops = opsString
		if c.attr.numeric() {
			ops, end = opsNumber, ""
		}
	}
	isID := c.attr != nil && c.attr.kind == attrID
	if isID {
		ops = opsID
	}
	isVersion := c.attr != nil && c.attr.kind == attrVersion
	if isVersion {
		ops = opsNumber
	}
	switch {
	case slices.Contains(ops, c.op):
	case isID:
		return src.errAt(c.at, "Invalid comparator for %s: %s", c.attr.name, c.op)
	case isVersion:
		return src.errAt(c.at, "Invalid comparator for attribute %s: %s", c.attr.name, c.op)
	case c.ent == entAttribute && g.badOp != "":
		return src.errAt(c.at, g.badOp, c.op)
	case c.ent == entTag && g.badTagOp != "":
		return src.errAt(c.at, g.badTagOp, c.op)
	default:
		return src.errAt(c.at, "Invalid comparator '%s' not one of '%s%s", c.op, python.ReprSet(ops), end)
	}
	return g.checkValues(src, c)
}

// checkValues refuses a single value that is a list, patterns that the database
// would not run, and ids that are no integers.
func (g *grammar) checkValues(src source, c *condition) error {
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
		if isText && len(s) > maxPatternBytes && (c.op == opLike || c.op == opILike) {
			return src.errAt(c.at, "Pattern is %d bytes long; at most %d are allowed.", len(s), maxPatternBytes)
		}
		if c.attr != nil && c.attr.kind == attrID {
			n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
			if err != nil {
				return src.errAt(c.at, "Invalid experiment ID '%s'. Experiment ID must be a valid integer.", s)
			}
			c.values[i] = n
		}
	}
	return nil
}
