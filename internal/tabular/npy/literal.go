package npy

import (
	"strconv"
	"strings"
)

// maxLiteral is the depth to which a literal may be nested.
const maxLiteral = 8

// parseLiteral reads those literals of Python that headers have: dicts with strings as
// keys, tuples, lists, strings, integers and booleans.
func parseLiteral(text string) (any, error) {
	p := &literal{rest: text}
	v := p.value(maxLiteral)
	p.space()
	if p.failed || p.rest != "" {
		return nil, errDamaged
	}
	return v, nil
}

type literal struct {
	rest   string
	failed bool
}

func (p *literal) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n\x00") }

// take passes over a word if it comes next.
func (p *literal) take(word string) bool {
	p.space()
	rest, found := strings.CutPrefix(p.rest, word)
	p.rest = rest
	return found
}

func (p *literal) fail() any {
	p.failed = true
	return nil
}

func (p *literal) value(depth int) any {
	switch {
	case depth == 0 || p.failed:
		return p.fail()
	case p.take("{"):
		return p.dict(depth - 1)
	case p.take("("):
		return p.list(")", depth-1)
	case p.take("["):
		return p.list("]", depth-1)
	case p.take("True"):
		return true
	case p.take("False"):
		return false
	case strings.HasPrefix(p.rest, "'"), strings.HasPrefix(p.rest, `"`):
		return p.text()
	}
	return p.integer()
}

func (p *literal) text() any {
	quote := p.rest[:1]
	text, rest, found := strings.Cut(p.rest[1:], quote)
	if !found || strings.Contains(text, `\`) {
		return p.fail()
	}
	p.rest = rest
	return text
}

func (p *literal) integer() any {
	end := len(p.rest) - len(strings.TrimLeft(p.rest, "-0123456789"))
	n, err := strconv.ParseInt(p.rest[:end], 10, 64)
	if err != nil {
		return p.fail()
	}
	p.rest = strings.TrimPrefix(p.rest[end:], "L") // Python 2 wrote long integers so.
	return n
}

func (p *literal) list(end string, depth int) any {
	list := []any{}
	for !p.failed && !p.take(end) {
		list = append(list, p.value(depth))
		if !p.take(",") && !strings.HasPrefix(p.rest, end) {
			return p.fail()
		}
	}
	return list
}

func (p *literal) dict(depth int) any {
	dict := map[string]any{}
	for !p.failed && !p.take("}") {
		key, ok := p.value(depth).(string)
		if !ok || !p.take(":") {
			return p.fail()
		}
		dict[key] = p.value(depth)
		if !p.take(",") && !strings.HasPrefix(p.rest, "}") {
			return p.fail()
		}
	}
	return dict
}
