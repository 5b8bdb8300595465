package search

import (
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

var modelVersionGrammar = &grammar{
	table:     "mv",
	id:        "name",
	prefixes:  registryPrefixes,
	badPrefix: registeredModelGrammar.badPrefix,
	attrs: []attr{
		{name: "name", column: "name", lists: true},
		{name: "run_id", column: "run_id", lists: true},
		{name: "source_path", column: "source"},
		{name: "version_number", column: "version", kind: attrVersion},
	},
	keyed: map[entity]keyed{
		entTag: {table: "model_version_tags", owner: "name", key: "`key`", value: "value", on: " AND x.version = mv.version AND x.workspace = mv.workspace"},
	},
	badNull:  registryNull,
	badTagOp: registeredModelGrammar.badTagOp,
	badOp:    registeredModelGrammar.badOp,
	badValue: registeredModelGrammar.badValue,
	upper:    true,
}

// modelVersionOrder is what model versions can be sorted by.
var modelVersionOrder = &grammar{
	table:     "mv",
	prefixes:  registryPrefixes,
	badPrefix: registeredModelGrammar.badPrefix,
	attrs: []attr{
		{name: "name", column: "name"},
		{name: "version_number", column: "version", kind: attrVersion},
		{name: "creation_timestamp", column: "creation_time", kind: attrTime},
		{name: "last_updated_timestamp", column: "last_updated_time", kind: attrTime},
	},
}

// ModelVersions compiles a search of the table model_versions under the alias mv.
func ModelVersions(d Dialect, filter string, orderBy []string) (*Query, error) {
	q := &Query{}
	var err error
	if q.Where, err = modelVersionGrammar.registryWhere(d, filter); err != nil {
		return nil, err
	}
	if len(orderBy) == 0 {
		orderBy = []string{"last_updated_timestamp DESC", "name ASC", "version_number DESC"}
	}
	keys, err := modelVersionOrder.sortKeys(orderBy)
	if err != nil {
		return nil, err
	}
	o := &builder{d: d}
	seen := map[string]bool{}
	for i, k := range keys {
		if k.ent != entAttribute {
			return nil, source(orderBy[i]).errAt(0, "Invalid order by key '%s' specified. Valid keys are %s", k.key, python.ReprSet(modelVersionOrder.attrNames(true)))
		}
		if seen[k.attr.column] {
			return nil, source(orderBy[i]).errAt(0, "`order_by` contains duplicate fields: %s", python.ReprList(orderBy))
		}
		seen[k.attr.column] = true
		o.orderTerm("mv."+k.attr.column, k.descending)
	}
	if !seen["name"] {
		o.orderTerm("mv.name", false)
	}
	if !seen["version"] {
		o.orderTerm("mv.version", true)
	}
	q.OrderBy = o.fragment()
	return q, nil
}

// versionNumber reads a version's number, which may be in quotes.
func versionNumber(src source, f field, v atom) ([]any, error) {
	text, shown := v.text, v.text
	if v.kind == atomString || v.kind == atomIdent {
		quoted := false
		if text, quoted = unquote(v.text, '\''); !quoted {
			text, quoted = unquote(v.text, '"')
		}
		if !quoted {
			return nil, src.errAt(v.pos, "Parameter value is either not quoted or unidentified quote "+
				"types used for string value %s. Use either single or double quotes.", v.text)
		}
		shown = python.Repr(text)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil, src.errAt(v.pos, "Invalid value for numeric attribute '%s': %s", f.key, shown)
	}
	return []any{n}, nil
}
