package search

import (
	"github.com/millrace-ml/millrace/internal/python"
)

var modelVersionGrammar = &grammar{
	table:     "mv",
	id:        "name",
	prefixes:  registryPrefixes,
	badPrefix: registryBadPrefix,
	attrs: []attr{
		{name: "name", column: "name", values: registryListValue},
		{name: "run_id", column: "run_id", values: registryListValue, use: filterOnly},
		{name: "source_path", column: "source", values: registryValue, use: filterOnly},
		{name: "version_number", column: "version", values: versionValue},
		{name: "creation_timestamp", column: "creation_time", use: orderOnly},
		{name: "last_updated_timestamp", column: "last_updated_time", use: orderOnly},
	},
	keyed: map[entity]keyed{
		entTag: {
			table: "model_version_tags", owner: "name", key: "`key`", value: "value",
			on: " AND x.version = mv.version AND x.workspace = mv.workspace", values: tagValue,
		},
	},
	badNull: registryBadNull,
	foldOps: true,
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
	keys, err := modelVersionGrammar.sortKeys(orderBy)
	if err != nil {
		return nil, err
	}
	o := &builder{d: d}
	seen := map[string]bool{}
	for i, k := range keys {
		if k.ent != entAttribute {
			return nil, source(orderBy[i]).errAt(0, "Invalid order by key '%s' specified. Valid keys are %s",
				k.key, python.ReprSet(modelVersionGrammar.attrNames(true)))
		}
		if seen[k.attr.column] {
			return nil, duplicateOrder(orderBy, i)
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
