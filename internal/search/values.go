package search

import (
	"math"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

// Comparators as written in SQL.
const (
	opLike      = "LIKE"
	opILike     = "ILIKE"
	opRLike     = "RLIKE"
	opIn        = "IN"
	opNotIn     = "NOT IN"
	opIsNull    = "IS NULL"
	opIsNotNull = "IS NOT NULL"
)

// Sets of comparators, in the order in which messages print them.
var (
	opsNumber = []string{"!=", "<", "<=", "=", ">", ">="}
	opsString = []string{"!=", "=", opILike, opIn, opLike, opNotIn}
	opsID     = []string{"!=", "=", opIn, opNotIn}
	opsText   = []string{"!=", "=", opILike, opIsNotNull, opIsNull, opLike}
)

// Messages for a comparator that a type lacks. %[1]s is the comparator, %[2]s the
// name of the field and %[3]s the set of comparators. The quotes in MLflow's own
// messages do not always match.
const (
	badOp          = "Invalid comparator '%[1]s' not one of '%[3]s"
	badOpQuoted    = badOp + "'"
	badOpTag       = "Invalid comparator for tag: %[1]s"
	badOpAttribute = "Invalid comparator for attribute: %[1]s"
	badOpID        = "Invalid comparator for %[2]s: %[1]s"
	badOpVersion   = "Invalid comparator for attribute %[2]s: %[1]s"
)

// valueType defines the comparators and the values of a field in filters.
type valueType struct {
	ops   []string
	badOp string // the message for another comparator
	// lists is whether IN and NOT IN are supported.
	lists bool
	// parse reads the value or the list of values that c is compared with.
	parse func(g *grammar, src source, c *condition, v atom) ([]any, error)
	// convert turns a string into an argument of the query, after the comparator was
	// checked. It may be nil.
	convert func(src source, at int, s string) (any, error)
}

var (
	textValue     = &valueType{ops: opsString, badOp: badOpQuoted, parse: parseText(badText, false)}
	textListValue = &valueType{ops: opsString, badOp: badOpQuoted, lists: true, parse: parseText(badText, true)}
	numberValue   = &valueType{ops: opsNumber, badOp: badOp, parse: parseNumber}
	// timeValue is a number of milliseconds, which has no fraction.
	timeValue = &valueType{ops: opsNumber, badOp: badOp, parse: parseInteger}
	// idValue is an integer that is written in quotes.
	idValue = &valueType{ops: opsID, badOp: badOpID, lists: true, parse: parseText(badText, true), convert: convertID}
	// versionValue is an integer that is written with or without quotes.
	versionValue = &valueType{ops: opsNumber, badOp: badOpVersion, parse: parseVersion}

	metricValue  = &valueType{ops: opsNumber, badOp: badOp, parse: parseMetric}
	paramValue   = &valueType{ops: opsText, badOp: badOpQuoted, parse: parseKeyed}
	runTagValue  = &valueType{ops: opsText, badOp: badOp, parse: parseKeyed}
	tagValue     = &valueType{ops: opsText, badOp: badOpTag, parse: parseKeyed}
	datasetValue = &valueType{ops: opsString, badOp: badOp, lists: true, parse: parseText(badDataset, true)}
)

// Messages for a value that is neither a string nor a list.
const (
	badText    = "Expected a quoted string value for attributes. Got value %s"
	badDataset = "Expected a quoted string value for dataset attributes. Got value %s"
)

func (v atom) isNumber() bool { return v.kind == atomInt || v.kind == atomFloat }
func (v atom) isText() bool   { return v.kind == atomString || v.kind == atomIdent }

// parseText returns a parser of strings and, if lists is set, of lists of strings. bad
// is the message for other values.
func parseText(bad string, lists bool) func(*grammar, source, *condition, atom) ([]any, error) {
	return func(g *grammar, src source, _ *condition, v atom) ([]any, error) {
		switch {
		case v.isText():
			return quotedText(src, v)
		case v.kind == atomList && !lists:
			return nil, noList(g, src, v)
		case v.kind == atomList:
			return stringList(src, v)
		}
		return nil, src.errAt(v.pos, bad, v.text)
	}
}

func noList(g *grammar, src source, v atom) error {
	return src.errAt(v.pos, "Only %s attributes support comparison with a list of quoted string values.", g.listAttrs())
}

// parseKeyed parses the value of a param or a tag.
func parseKeyed(_ *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.isText() {
		return quotedText(src, v)
	}
	return nil, src.errAt(v.pos, "Expected a quoted string value for %s (e.g. 'my-value'). Got value %s", c.ent, v.text)
}

func quotedText(src source, v atom) ([]any, error) {
	s, ok := unquote(v.text, '\'')
	if !ok {
		s, ok = unquote(v.text, '"')
	}
	if !ok {
		return nil, src.errAt(v.pos, "Parameter value is either not quoted or unidentified quote "+
			"types used for string value %s. Use either single or double quotes.", v.text)
	}
	return []any{s}, nil
}

func parseMetric(_ *grammar, src source, _ *condition, v atom) ([]any, error) {
	x, err := strconv.ParseFloat(v.text, 64)
	switch {
	case !v.isNumber():
	case math.IsInf(x, 0): // MLflow compares with infinity instead, which gives another result.
		return nil, tooLarge(src, v)
	case err == nil:
		return []any{x}, nil
	}
	return nil, src.errAt(v.pos, "Expected numeric value type for metric. Found %s", v.text)
}

// tooLarge returns the error for a number that is out of the range of float64.
func tooLarge(src source, v atom) error {
	text := v.text
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return src.errAt(v.pos, "The number %s is too large: numbers of 64 bits end at 1.8e308.", text)
}

// parseNumber parses the value of a numeric attribute. Integers are exact.
func parseNumber(g *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.kind == atomFloat {
		if x, err := strconv.ParseFloat(v.text, 64); err == nil && !math.IsInf(x, 0) {
			return []any{x}, nil
		}
	}
	return parseInteger(g, src, c, v)
}

// wholeNumber returns what a column of integers is compared with instead of a number. A fraction
// becomes the integer next to it. No integer equals it, but MariaDB rounds it with some plans, so
// that it becomes a number that no column has.
func wholeNumber(op string, x float64) any {
	switch fraction := x != math.Trunc(x); {
	case fraction && (op == "<" || op == ">="):
		x = math.Ceil(x)
	case fraction && (op == ">" || op == "<="):
		x = math.Floor(x)
	case fraction:
		return int64(math.MinInt64)
	}
	if math.Abs(x) < 1<<53 {
		return int64(x)
	}
	return x
}

func parseInteger(_ *grammar, src source, c *condition, v atom) ([]any, error) {
	if !v.isNumber() {
		return nil, src.errAt(v.pos, "Expected numeric value type for numeric attribute: %s. Found %s", c.key, v.text)
	}
	if v.kind == atomInt {
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			return []any{n}, nil
		}
	}
	return nil, src.errAt(v.pos, "Invalid value for numeric attribute '%s': '%s'", c.key, v.text)
}

func parseVersion(g *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.kind == atomList {
		return nil, noList(g, src, v)
	}
	text, shown := v.text, v.text
	if v.isText() {
		values, err := quotedText(src, v)
		if err != nil {
			return nil, err
		}
		text = values[0].(string)
		shown = python.Repr(text)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil, src.errAt(v.pos, "Invalid value for numeric attribute '%s': %s", c.key, shown)
	}
	return []any{n}, nil
}

func convertID(src source, at int, s string) (any, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return nil, src.errAt(at, "Invalid experiment ID '%s'. Experiment ID must be a valid integer.", s)
	}
	return n, nil
}

// listItem is a member of a list in parentheses.
type listItem string

// stringList parses a list of quoted strings. MLflow parses it as a Python tuple:
// backslashes are escapes, and adjacent strings are concatenated.
func stringList(src source, v atom) ([]any, error) {
	const expected = "While parsing a list in the query, expected a non-empty list of string values, but got "
	text := strings.TrimSpace(v.text[1 : len(v.text)-1])
	if text == "" {
		return nil, src.errAt(v.pos, expected+"empty list")
	}
	var items []any
	for text != "" {
		first, _, _ := strings.Cut(text, ",")
		if _, err := strconv.ParseFloat(strings.TrimSpace(first), 64); err == nil {
			return nil, src.errAt(v.pos, "While parsing a list in the query, expected string value, punctuation, "+
				"or whitespace, but got different type in list: %s", v.text)
		}
		var item strings.Builder
		rest := text
		for rest != "" && (rest[0] == '\'' || rest[0] == '"') {
			n := pythonString(rest, &item)
			if n == 0 {
				break
			}
			rest = strings.TrimLeft(rest[n:], " \t\r\n")
		}
		if len(rest) == len(text) || (rest != "" && rest[0] != ',') {
			return nil, src.errAt(v.pos, expected+"ill-formed list.")
		}
		items = append(items, listItem(item.String()))
		text = strings.TrimLeft(strings.TrimPrefix(rest, ","), " \t\r\n")
	}
	return items, nil
}

// pythonString appends the value of the quoted string at the start of s. It returns
// the length of the string in s, or 0 if the string is not closed.
func pythonString(s string, out *strings.Builder) int {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return i + 1
		case c == '\\' && i+1 < len(s):
			i++
			if escaped := strings.IndexByte(`nrt\'"`, s[i]); escaped >= 0 {
				out.WriteByte("\n\r\t\\'\""[escaped])
			} else {
				out.WriteString(s[i-1 : i+1])
			}
		default:
			out.WriteByte(c)
		}
	}
	return 0
}
