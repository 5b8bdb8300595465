package search

import "strconv"

// Tags that MLflow sets and that searches read.
const (
	tagRunName        = "mlflow.runName"
	tagDatasetContext = "mlflow.data.context"
)

// datasetKeys are the keys of datasets.
var datasetKeys = []string{"context", "digest", "name"}

var runGrammar = &grammar{
	table: "r",
	id:    "run_uuid",
	prefixes: map[string]entity{
		"metric": entMetric, "metrics": entMetric,
		"param": entParam, "params": entParam, "parameter": entParam, "parameters": entParam,
		"tag": entTag, "tags": entTag,
		"attribute": entAttribute, "attributes": entAttribute, "attr": entAttribute, "run": entAttribute,
		"dataset": entDataset, "datasets": entDataset,
	},
	badPrefix: "Invalid entity type '%s'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
	attrs: []attr{
		{name: "run_id", column: "run_uuid", values: textListValue},
		{
			name: "run_name", filterAliases: []string{"run name", "Run name", "Run Name"},
			column: "name", values: textValue, tag: tagRunName,
		},
		{name: "status", column: "status", values: textValue},
		{name: "user_id", column: "user_id", values: textValue},
		{name: "artifact_uri", column: "artifact_uri", values: textValue},
		{name: "start_time", aliases: []string{"created", "Created"}, column: "start_time", values: numberValue},
		{name: "end_time", column: "end_time", values: numberValue},
	},
	keyed: map[entity]keyed{
		entMetric: {
			table: "latest_metrics", owner: "run_uuid", key: "`key`", value: "value", nan: "is_nan", values: metricValue,
		},
		entParam: {
			table: "params", owner: "run_uuid", key: "`key`", value: "value", byValue: "millrace_params_by_value",
			values: paramValue,
		},
		entTag: {
			table: "tags", owner: "run_uuid", key: "`key`", value: "value", byValue: "millrace_tags_by_value",
			values: runTagValue,
		},
	},
	nullable:    []entity{entTag, entParam},
	badNull:     "IS NULL / IS NOT NULL is only supported for tags and params, not for '%[1]s' '%[2]s'",
	foldOps:     true,
	quoteStrays: true,
}

// Runs compiles a search of the table runs under the alias r.
func Runs(d Dialect, filter string, orderBy []string) (*Query, error) {
	g := runGrammar
	src, conds, err := g.conditions(filter)
	if err != nil {
		return nil, err
	}
	keys, err := g.sortKeys(orderBy)
	if err != nil {
		return nil, err
	}
	q := &Query{}
	if err := q.runOrder(d, keys, orderBy); err != nil {
		return nil, err
	}
	if q.Where, err = g.where(d, src, conds); err != nil {
		return nil, err
	}
	q.Narrowers = g.narrowers(d, conds)
	return q, nil
}

// runOrder writes the ORDER BY list of a search of runs, and what it needs. In both
// directions, the runs without a metric come last, and the runs where it is NaN before them.
func (q *Query) runOrder(d Dialect, keys []sortKey, orderBy []string) error {
	g := runGrammar
	c, j, probed, o := &builder{d: d}, &builder{d: d}, &builder{d: d}, &builder{d: d}
	type named struct {
		ent entity
		key string
	}
	seen := map[named]bool{}
	n := 0
	for i, k := range keys {
		if k.expr != nil {
			alias := "s" + strconv.Itoa(i)
			c.write(", ", k.expr.SQL, " AS ", alias)
			c.args = append(c.args, k.expr.Args...)
			o.orderTerm(alias, k.descending)
			continue
		}
		name := named{k.ent, k.key}
		var column string
		switch k.ent {
		case entAttribute:
			name.key = k.attr.name
			column = g.table + "." + k.attr.column
		case entDataset:
			return source(orderBy[i]).errAt(0, "Invalid identifier type '%s'", k.ent)
		default:
			table := g.keyed[k.ent]
			alias := j.joinKeyed(g, table, k.key, n)
			probed.probeKeyed(g, table, k.key, n)
			column = alias + "." + table.value
			n++
			if table.nan != "" {
				if o.sql.Len() > 0 {
					o.write(", ")
				}
				o.write("CASE WHEN ", alias, ".", table.nan, " THEN 1 WHEN ", column, " IS NULL THEN 2 ELSE 0 END")
			}
		}
		if seen[name] && len(orderBy) == 0 {
			return invalid("sort names a column of %s '%s' twice.", k.ent, k.key)
		}
		if seen[name] {
			return duplicateOrder(orderBy, i)
		}
		seen[name] = true
		o.orderTerm(column, k.descending)
	}
	if !seen[named{entAttribute, "start_time"}] {
		o.orderTerm("r.start_time", true)
	}
	if o.sql.Len() > 0 {
		o.write(", ")
	}
	o.write("r.run_uuid")
	q.Columns, q.Joins, q.ProbedJoins, q.OrderBy = c.fragment(), j.fragment(), probed.fragment(), o.fragment()
	q.Ranking, q.ByNewest = rankingOf(d, keys), byNewest(keys)
	return nil
}

// dataset writes the condition that a run uses a dataset that matches.
func (b *builder) dataset(g *grammar, c *condition) {
	b.write("EXISTS (SELECT 1 FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id")
	column := "d." + c.key
	if c.key == "context" {
		b.write(" JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = '", tagDatasetContext, "'")
		column = "t.value"
	}
	b.write(
		" WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = ",
		g.table, ".",
		g.id, " AND ",
	)
	b.compare(column, c.op, c.values)
	b.write(b.d.Probe, ")")
}
