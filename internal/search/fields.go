package search

import (
	"slices"
	"sort"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

// Comparators as written in SQL.
const (
	opLike      = "LIKE"
	opILike     = "ILIKE"
	opIn        = "IN"
	opNotIn     = "NOT IN"
	opIsNull    = "IS NULL"
	opIsNotNull = "IS NOT NULL"
)

// Sets of comparators, sorted as messages print them.
var (
	opsNumber = []string{"!=", "<", "<=", "=", ">", ">="}
	opsString = []string{"!=", "=", opILike, opIn, opLike, opNotIn}
	opsID     = []string{"!=", "=", opIn, opNotIn}
	opsText   = []string{"!=", "=", opILike, opIsNotNull, opIsNull, opLike}
)

type entity int

const (
	entAttribute entity = iota
	entMetric
	entParam
	entTag
	entDataset
)

func (e entity) String() string {
	return [...]string{"attribute", "metric", "parameter", "tag", "dataset"}[e]
}

type attrKind int

const (
	attrText    attrKind = iota
	attrNumber           // a number, written without quotes
	attrTime             // a whole number, written without quotes
	attrID               // an integer column whose values are written in quotes
	attrRunName          // the run name, which filters look up among the tags
	attrVersion          // a whole number, written with or without quotes
)

// attr is an attribute that a search can name.
type attr struct {
	name    string
	aliases []string
	column  string
	kind    attrKind
	lists   bool // IN and NOT IN
	// notOrderAliases: order_by does not know the aliases.
	notOrderAliases bool
}

func (a *attr) numeric() bool { return a.kind == attrNumber || a.kind == attrTime }

// keyed is a table of named values that belong to the searched rows.
type keyed struct {
	table, owner, key, value string
	// on is what else belongs to a row's key, in SQL: x is this table.
	on  string
	nan string // boolean column that marks a NaN stored as 0
}

// grammar is what one entity lets a search name.
type grammar struct {
	table    string            // alias of the searched table
	id       string            // its primary key
	prefixes map[string]entity // before the first dot
	// badPrefix is the message for any other prefix, with a %s.
	badPrefix string
	attrs     []attr
	keyed     map[entity]keyed
	// nullable are the entities that IS NULL works on; badNull is the message
	// for the others, with %[1]s for the entity and %[2]s for the key.
	nullable []entity
	badNull  string
	badTagOp string // the message for a comparator that tags lack, if not the usual one
	badOp    string // the same for attributes
	// badValue is the message for an attribute's value that is not text, if not
	// the usual one.
	badValue string
	// upper: comparators may be written in lower case.
	upper bool
	// quoteStrays: name the pieces that make no sense in quotes.
	quoteStrays bool
}

// field is a resolved name.
type field struct {
	ent  entity
	key  string // as written, without quotes
	attr *attr  // if ent is entAttribute
}

func (g *grammar) attr(name string, ordering bool) *attr {
	for i := range g.attrs {
		a := &g.attrs[i]
		if a.name == name || (slices.Contains(a.aliases, name) && (!ordering || !a.notOrderAliases)) {
			return a
		}
	}
	return nil
}

func (g *grammar) attrNames(ordering bool) []string {
	var names []string
	for _, a := range g.attrs {
		names = append(names, a.name)
		if !ordering || !a.notOrderAliases {
			names = append(names, a.aliases...)
		}
	}
	sort.Strings(names)
	return names
}

func (g *grammar) listAttrs() string {
	var names []string
	for _, a := range g.attrs {
		if a.lists {
			names = append(names, a.name)
		}
	}
	return "['" + strings.Join(names, "', '") + "']"
}

// resolve splits a name at its first dot and looks up both halves.
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
			return f, src.errAt(at, "Invalid attribute key '%s' specified. Valid keys are '%s'", f.key, python.ReprSet(g.attrNames(ordering)))
		}
	case entDataset:
		if !slices.Contains(datasetKeys, f.key) {
			return f, src.errAt(at, "Invalid dataset key '%s' specified. Valid keys are '%s'", f.key, python.ReprSet(datasetKeys))
		}
	}
	return f, nil
}

// unquoteKey takes the quotes off a key: single or double, then backticks.
func unquoteKey(key string) string {
	bare, ok := unquote(key, '\'')
	if !ok {
		bare, _ = unquote(key, '"')
	}
	bare, _ = unquote(bare, '`')
	return bare
}
