package search

import "strings"

// tagIsPrompt marks registered models that are prompts. Searches do not return them
// unless the filter names the tag.
const tagIsPrompt = "mlflow.prompt.is_prompt"

// The grammars of registered models and of model versions share these.
var (
	registryPrefixes  = map[string]entity{"attribute": entAttribute, "tag": entTag, "tags": entTag}
	registryListValue = &valueType{
		ops: opsString, badOp: badOpAttribute, lists: true, parse: parseText(badRegistryText, true),
	}
	registryValue = &valueType{ops: opsString, badOp: badOpAttribute, parse: parseText(badRegistryText, false)}
)

const (
	registryBadPrefix = "Invalid entity type '%s'. Valid entity types are ('attribute', 'tag', 'tags')"
	registryBadNull   = "IS NULL / IS NOT NULL is not supported in searches of the registry, here for %[1]s '%[2]s'"
	badRegistryText   = "Expected a quoted string value or a list of quoted string values for attributes. Got value %s"
)

var registeredModelGrammar = &grammar{
	table:     "rm",
	id:        "name",
	prefixes:  registryPrefixes,
	badPrefix: registryBadPrefix,
	attrs: []attr{
		{name: "name", column: "name", values: registryListValue},
		{name: "timestamp", aliases: []string{"last_updated_timestamp"}, column: "last_updated_time", use: orderOnly},
	},
	keyed: map[entity]keyed{
		entTag: {
			table: "registered_model_tags", owner: "name", key: "`key`", value: "value",
			on: " AND x.workspace = rm.workspace", values: tagValue,
		},
	},
	badNull: registryBadNull,
	foldOps: true,
}

// RegisteredModels compiles a search of the table registered_models under the
// alias rm.
func RegisteredModels(d Dialect, filter string, orderBy []string) (*Query, error) {
	q := &Query{}
	var err error
	if q.Where, err = registeredModelGrammar.registryWhere(d, filter); err != nil {
		return nil, err
	}
	if err := checkOrderByCount(len(orderBy)); err != nil {
		return nil, err
	}
	o := &builder{d: d}
	seen := map[string]bool{}
	for i, item := range orderBy {
		name, descending, err := sortItem(item)
		if err != nil {
			return nil, err
		}
		a := registeredModelGrammar.attr(name, true)
		if a == nil {
			return nil, source(item).errAt(0,
				"Invalid order by key '%s' specified. Valid keys are '{'name', 'timestamp'}'", name)
		}
		if seen[a.column] {
			return nil, duplicateOrder(orderBy, i)
		}
		seen[a.column] = true
		o.orderTerm("rm."+a.column, descending)
	}
	if !seen["name"] {
		o.orderTerm("rm.name", false)
	}
	q.OrderBy = o.fragment()
	return q, nil
}

// registryWhere writes the conditions of a filter of the registry. It returns
// prompts if the first condition on the tag that marks them selects prompts, and
// models otherwise.
func (g *grammar) registryWhere(d Dialect, filter string) (Fragment, error) {
	src, conds, err := g.conditions(filter)
	if err != nil {
		return Fragment{}, err
	}
	prompts := false
	for i := range conds {
		if conds[i].ent == entTag && conds[i].key == tagIsPrompt && len(conds[i].values) == 1 {
			value, _ := conds[i].values[0].(string)
			prompts = conds[i].op == "=" && strings.EqualFold(value, "true") ||
				conds[i].op == "!=" && strings.EqualFold(value, "false")
			break
		}
	}
	kept := conds[:0]
	for _, c := range conds {
		if prompts || c.ent != entTag || c.key != tagIsPrompt {
			kept = append(kept, c)
		} else if err := g.checkOp(src, &c); err != nil {
			return Fragment{}, err
		}
	}
	where, err := g.where(d, src, kept)
	if err != nil || prompts {
		return where, err
	}
	b := &builder{d: d, args: where.Args}
	b.write(where.SQL)
	b.and()
	b.write("NOT EXISTS (SELECT 1 FROM ", g.keyed[entTag].table, " p WHERE p.workspace = ", g.table, ".workspace",
		" AND p.name = ", g.table, ".name AND p.`key` = ? AND p.value = 'true')")
	b.args = append(b.args, tagIsPrompt)
	return b.fragment(), nil
}
