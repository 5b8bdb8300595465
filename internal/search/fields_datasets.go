package search

var datasetGrammar = &grammar{
	table:     "ed",
	id:        "dataset_id",
	prefixes:  map[string]entity{"tags": entTag},
	badPrefix: "Invalid identifier token '%s' specified",
	badKey:    "Invalid attribute key '%s' specified. Valid keys are: %s",
	attrs: []attr{
		{name: "name", column: "name", values: datasetName},
		{name: "created_time", column: "created_time", values: timeValue},
		{name: "last_update_time", column: "last_update_time", values: timeValue},
		{name: "created_by", column: "created_by", values: datasetText, use: filterOnly},
		{name: "last_updated_by", column: "last_updated_by", values: datasetText, use: filterOnly},
	},
	keyed: map[entity]keyed{
		entTag: {
			table: "evaluation_dataset_tags", owner: "dataset_id", key: "`key`", value: "value", values: datasetTag,
		},
	},
	badNull: "Invalid comparator for %[1]s: IS NULL",
}

var (
	opsDataset  = []string{"!=", "=", opILike, opLike}
	datasetName = &valueType{
		ops: []string{"!=", "=", opILike, opIn, opLike}, badOp: badOpDataset, lists: true, parse: parseDatasetName,
	}
	datasetText = &valueType{ops: opsDataset, badOp: badOpDataset, parse: parseText(badText, false)}
	datasetTag  = &valueType{ops: opsDataset, badOp: badOpTag, parse: parseKeyed}
)

const badOpDataset = "Invalid comparator for string attribute: %[1]s"

// parseDatasetName parses the value of a name. NOT IN is not supported.
func parseDatasetName(g *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.kind == atomList && c.op != opIn {
		return nil, src.errAt(v.pos, "List values for 'name' are only supported with the IN comparator.")
	}
	return parseText(badText, true)(g, src, c, v)
}

// Datasets compiles a search of the table evaluation_datasets under the alias ed.
func Datasets(d Dialect, filter string, orderBy []string) (*Query, error) {
	g := datasetGrammar
	src, conds, err := g.conditions(filter)
	if err != nil {
		return nil, err
	}
	q := &Query{}
	if q.Where, err = g.where(d, src, conds); err != nil {
		return nil, err
	}
	if len(orderBy) == 0 {
		orderBy = []string{"created_time DESC"}
	}
	keys, err := g.sortKeys(orderBy)
	if err != nil {
		return nil, err
	}
	o := &builder{d: d}
	seen := map[string]bool{}
	for i, k := range keys {
		if k.ent != entAttribute {
			return nil, source(orderBy[i]).errAt(0, "Invalid order_by entity: %s", k.ent)
		}
		if !seen[k.attr.column] { // A repetition has no effect.
			o.orderTerm("ed."+k.attr.column, k.descending)
		}
		seen[k.attr.column] = true
	}
	o.write(", ed.dataset_id DESC")
	q.OrderBy = o.fragment()
	return q, nil
}
