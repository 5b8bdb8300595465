package search

var experimentGrammar = &grammar{
	table:     "e",
	id:        "experiment_id",
	prefixes:  map[string]entity{"attribute": entAttribute, "tag": entTag, "tags": entTag},
	badPrefix: "Invalid entity type '%s'. Valid entity types are ('attribute', 'tag', 'tags')",
	attrs: []attr{
		{name: "name", column: "name", values: textValue},
		{name: "experiment_id", column: "experiment_id", values: idValue},
		{name: "creation_time", column: "creation_time", values: timeValue},
		{name: "last_update_time", column: "last_update_time", values: timeValue},
	},
	keyed: map[entity]keyed{
		entTag: {table: "experiment_tags", owner: "experiment_id", key: "`key`", value: "value", values: tagValue},
	},
	nullable: []entity{entTag},
	badNull:  "IS NULL / IS NOT NULL is only supported for tags, not for %[1]s '%[2]s'",
}

// Experiments compiles a search of the table experiments under the alias e.
func Experiments(d Dialect, filter string, orderBy []string) (*Query, error) {
	g := experimentGrammar
	src, conds, err := g.conditions(filter)
	if err != nil {
		return nil, err
	}
	q := &Query{}
	if q.Where, err = g.where(d, src, conds); err != nil {
		return nil, err
	}
	if len(orderBy) == 0 {
		orderBy = []string{"creation_time DESC", "experiment_id ASC"}
	}
	keys, err := g.sortKeys(orderBy)
	if err != nil {
		return nil, err
	}
	o := &builder{d: d}
	byID := false
	for i, k := range keys {
		if k.ent != entAttribute {
			return nil, source(orderBy[i]).errAt(0, "Invalid order_by entity: %s", k.ent)
		}
		byID = byID || k.attr.name == "experiment_id"
		o.orderTerm("e."+k.attr.column, k.descending)
	}
	if !byID {
		o.write(", e.experiment_id DESC")
	}
	q.OrderBy = o.fragment()
	return q, nil
}
