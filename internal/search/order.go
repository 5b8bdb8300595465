package search

import (
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

// sortKey is one item of order_by.
type sortKey struct {
	field
	descending bool
	// expr, if not nil, is ordered by instead of the field.
	expr *Fragment
}

// sortKeys parses order_by. Each item is a name with an optional ASC or DESC.
func (g *grammar) sortKeys(orderBy []string) ([]sortKey, error) {
	if err := checkOrderByCount(len(orderBy)); err != nil {
		return nil, err
	}
	keys := make([]sortKey, 0, len(orderBy))
	for _, item := range orderBy {
		k, err := g.sortKey(item)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func (g *grammar) sortKey(item string) (sortKey, error) {
	var k sortKey
	name, descending, err := sortItem(item)
	if err != nil {
		return k, err
	}
	k.descending = descending
	k.field, err = g.resolve(source(item), 0, name, true)
	return k, err
}

// sortItem splits an item of order_by into its name and direction.
func sortItem(item string) (name string, descending bool, err error) {
	src := source(item)
	if len(item) > maxOrderByBytes {
		return "", false, invalid("order_by item is %d bytes long; at most %d are allowed.", len(item), maxOrderByBytes)
	}
	tokens, err := lex(src)
	if err != nil {
		return "", false, err
	}
	parts := atoms(src, tokens)
	unparsed := func(at int) error {
		return src.errAt(at, "Invalid order_by clause '%s'. Could not be parsed.", item)
	}
	if len(parts) == 0 || parts[0].kind != atomIdent || strings.TrimSpace(item) != item {
		return "", false, unparsed(0)
	}
	if len(parts) > 1 {
		order := parts[1]
		switch {
		case len(parts) > 2 || (order.kind != atomKeyword && order.kind != atomIdent):
			return "", false, unparsed(order.pos)
		case order.isKeyword("DESC"):
			descending = true
		case order.isKeyword("ASC"):
		case order.kind == atomIdent:
			return "", false, src.errAt(order.pos, "Invalid ordering key in order_by clause '%s'.", item)
		default:
			return "", false, unparsed(order.pos)
		}
	}
	return parts[0].text, descending, nil
}

// duplicateOrder returns the error for item i of order_by, whose field is also that
// of another item.
func duplicateOrder(orderBy []string, i int) error {
	return source(orderBy[i]).errAt(0, "`order_by` contains duplicate fields: %s", python.ReprList(orderBy))
}
