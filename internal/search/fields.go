package search

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

type entity int

const (
	entAttribute entity = iota
	entMetric
	entParam
	entTag
	entDataset
	entMetadata
	entSpan
	entFeedback
	entExpectation
	entIssue
)

func (e entity) String() string {
	return [...]string{
		"attribute", "metric", "parameter", "tag", "dataset", "request_metadata", "span", "feedback", "expectation",
		"issue",
	}[e]
}

// attr is an attribute of the searched table. Its row in a grammar is all that
// filters and order_by need: to add an attribute, add a row.
type attr struct {
	name string
	// aliases are other names; filterAliases are other names in filters only.
	aliases, filterAliases []string
	column                 string
	// values defines the comparators and the values of filters.
	values *valueType
	// tag is the tag that filters compare instead of the column; "" for most attributes.
	tag string
	use usage
}

// usage says where an attribute can be named.
type usage int

const (
	anywhere usage = iota
	filterOnly
	orderOnly
)

// hasName reports whether name is a name of the attribute in filters, or in
// order_by if ordering is set.
func (a *attr) hasName(name string, ordering bool) bool {
	return slices.Contains(a.names(ordering), name)
}

// names returns the names of the attribute in filters, or in order_by if ordering
// is set.
func (a *attr) names(ordering bool) []string {
	switch {
	case ordering && a.use == filterOnly, !ordering && a.use == orderOnly:
		return nil
	case ordering:
		return append([]string{a.name}, a.aliases...)
	default:
		return slices.Concat([]string{a.name}, a.aliases, a.filterAliases)
	}
}

// keyed is a table of named values that belong to the searched rows.
type keyed struct {
	table, owner, key, value string
	// on is an additional condition on the owner, in SQL. x is this table.
	on string
	// nan is a boolean column that marks a NaN, which is stored as 0.
	nan string
	// byValue is the index that begins with the key and the beginning of the value, or "".
	byValue string
	// values defines the comparators and the values of filters.
	values *valueType
}

// grammar defines what a search of one table can name.
type grammar struct {
	table    string            // alias of the searched table
	id       string            // its primary key
	prefixes map[string]entity // before the first dot
	// badPrefix is the message for any other prefix, with a %s.
	badPrefix string
	// badKey is the message for a name that is no attribute, with a %s for it and one for the
	// names of all, unless it is "".
	badKey string
	attrs  []attr
	keyed  map[entity]keyed
	// nullable are the entities that IS NULL is supported for. badNull is the
	// message for the others, with %[1]s for the entity and %[2]s for the key.
	nullable []entity
	badNull  string
	// foldOps is whether comparators may be written in lower case.
	foldOps bool
	// quoteStrays is whether the message for unexpected parts quotes them.
	quoteStrays bool
	// describe, if not nil, sets the attr of fields that are no attributes but have types or
	// columns of their own.
	describe func(field) field
}

// field is a resolved name.
type field struct {
	ent  entity
	key  string // as written, without quotes
	attr *attr  // if ent is entAttribute, or if describe has set it
}

// valuesOf returns the type of the values of a field.
func (g *grammar) valuesOf(f field) *valueType {
	switch {
	case f.attr != nil:
		return f.attr.values
	case f.ent == entDataset:
		return datasetValue
	default:
		return g.keyed[f.ent].values
	}
}

func (g *grammar) attr(name string, ordering bool) *attr {
	for i := range g.attrs {
		if a := &g.attrs[i]; a.hasName(name, ordering) {
			return a
		}
	}
	return nil
}

func (g *grammar) attrNames(ordering bool) []string {
	var names []string
	for i := range g.attrs {
		names = append(names, g.attrs[i].names(ordering)...)
	}
	sort.Strings(names)
	return names
}

// listAttrs returns the names of the attributes that IN is supported for, in
// Python's spelling.
func (g *grammar) listAttrs() string {
	var names []string
	for _, a := range g.attrs {
		if a.values != nil && a.values.lists {
			names = append(names, a.name)
		}
	}
	return python.ReprList(names)
}

// resolve splits a name at its first dot and looks up both parts.
func (g *grammar) resolve(src source, at int, name string, ordering bool) (field, error) {
	f := field{key: name}
	if prefix, key, dotted := strings.Cut(name, "."); dotted {
		bare, _ := unquote(prefix, '`')
		ent, ok := g.prefixes[bare]
		if !ok {
			return f, src.errAt(at, g.badPrefix, bare)
		}
		f.ent, f.key = ent, key
	}
	f.key = unquoteKey(f.key)
	switch f.ent {
	case entAttribute:
		if f.attr = g.attr(f.key, ordering); f.attr == nil {
			return f, src.errAt(at, cmp.Or(g.badKey, "Invalid attribute key '%s' specified. Valid keys are '%s'"),
				f.key, python.ReprSet(g.attrNames(ordering)))
		}
	case entDataset:
		if !slices.Contains(datasetKeys, f.key) {
			return f, src.errAt(at, "Invalid dataset key '%s' specified. Valid keys are '%s'",
				f.key, python.ReprSet(datasetKeys))
		}
	default:
		if g.describe != nil {
			f = g.describe(f)
		}
	}
	return f, nil
}

// unquoteKey removes the quotes of a key: single or double quotes, then backticks.
func unquoteKey(key string) string {
	bare, ok := unquote(key, '\'')
	if !ok {
		bare, _ = unquote(key, '"')
	}
	bare, _ = unquote(bare, '`')
	return bare
}
