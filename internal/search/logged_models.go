package search

import (
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
)

// LoggedModels compiles a search of the table logged_models under the alias lm.
func LoggedModels(
	d Dialect, filter string, orderBy []mlflow.LoggedModelOrderBy, datasets []mlflow.LoggedModelDataset,
) (*Query, error) {
	for _, ds := range datasets {
		if ds.DatasetName == "" {
			return nil, invalid("`dataset_name` in the `datasets` clause must be specified.")
		}
	}
	if len(datasets) > maxDatasets {
		return nil, invalid("datasets has %d items; at most %d are allowed.", len(datasets), maxDatasets)
	}
	conds, err := modelConditions(filter)
	if err != nil {
		return nil, err
	}
	if err := checkOnDatasets(conds, len(datasets)); err != nil {
		return nil, err
	}
	q := &Query{}
	b := &builder{d: d}
	hasMetric := false
	for i := range conds {
		c := &conds[i]
		b.and()
		switch c.ent {
		case entAttribute:
			b.compare("lm."+c.attr.column, c.op, c.values)
		case entMetric:
			hasMetric = true
			b.onMetric(c, datasets)
		default:
			b.exists(loggedModelGrammar, loggedModelGrammar.keyed[c.ent], c.key, c.op, c.values)
		}
	}
	if len(datasets) > 0 && !hasMetric {
		b.and()
		b.onMetric(nil, datasets)
	}
	q.Where = b.fragment()
	q.OrderBy, err = modelOrder(d, orderBy)
	return q, err
}

// checkOnDatasets bounds the size of the query, in which every clause on a metric
// repeats the datasets.
func checkOnDatasets(conds []condition, datasets int) error {
	n := 0
	for _, c := range conds {
		if c.ent == entMetric {
			n++
		}
	}
	if n*datasets > maxOnDatasets {
		return invalid("Filter string has %d comparisons of metrics, each on %d datasets; together at most %d are allowed.",
			n, datasets, maxOnDatasets)
	}
	return nil
}

// onMetric writes the condition that the model has a metric that matches c, unless c
// is nil, and that was measured on one of the datasets, if there are any.
func (b *builder) onMetric(c *condition, datasets []mlflow.LoggedModelDataset) {
	b.write("EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id = lm.model_id")
	if c != nil {
		b.write(" AND x.metric_name = ? AND ")
		b.args = append(b.args, c.key)
		b.compare("x.metric_value", c.op, c.values)
	}
	for i, ds := range datasets {
		b.write([]string{" AND (", " OR "}[min(i, 1)], "x.dataset_name = ? AND x.dataset_digest ")
		b.args = append(b.args, ds.DatasetName)
		if ds.DatasetDigest == "" {
			b.write("IS NULL")
			continue
		}
		b.write("= ?")
		b.args = append(b.args, ds.DatasetDigest)
	}
	if len(datasets) > 0 {
		b.write(")")
	}
	b.write(")")
}

func modelConditions(filter string) ([]condition, error) {
	if filter == "" {
		return nil, nil
	}
	f, err := parse(filter)
	if err != nil {
		return nil, err
	}
	src := f.src
	if f.empty || f.second > 0 || len(f.clauses)+len(f.strays) == 0 {
		return nil, src.errAt(f.second, "Invalid filter string: %s. Expected a single SQL expression.",
			python.Repr(filter))
	}
	stop := len(filter)
	if len(f.strays) > 0 {
		stop = f.strays[0].at
	}
	var conds []condition
	for _, c := range f.clauses {
		if c.left.pos > stop {
			break
		}
		cond, err := modelCondition(src, c)
		if err != nil {
			return nil, err
		}
		conds = append(conds, cond)
	}
	if len(f.strays) > 0 {
		return nil, src.errAt(stop, "Invalid filter string: %s. Expected a list of comparisons separated by 'AND' "+
			"(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').", python.Repr(filter))
	}
	return conds, nil
}

func modelCondition(src source, c clause) (condition, error) {
	g := loggedModelGrammar
	at := c.left.pos
	cond := condition{op: strings.ToUpper(strings.Join(strings.Fields(c.op), " ")), at: at}
	if c.unary() {
		return cond, src.errAt(at, "Invalid comparison: %s. Expected a comparison with 3 tokens.", c.text(src))
	}
	prefix := "attributes"
	cond.key = c.left.text
	if m := modelName.FindStringSubmatch(c.left.text); m != nil {
		prefix, cond.key = m[1], m[2]
	}
	ent, ok := g.prefixes[prefix]
	if !ok {
		return cond, src.errAt(at, "Invalid entity type: %s. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
			python.Repr(prefix))
	}
	cond.ent, cond.key = ent, strings.Trim(cond.key, "`")
	if ent == entAttribute {
		if cond.attr = g.attr(cond.key, false); cond.attr == nil {
			return cond, src.errAt(at, "Invalid attribute key '%s' specified. Valid keys are '%s'",
				cond.key, python.ReprSet(g.attrNames(false)))
		}
		cond.key = cond.attr.name
	}
	t := g.valuesOf(cond.field)
	if !slices.Contains(t.ops, cond.op) {
		return cond, src.errAt(at, t.badOp, python.Repr(cond.op), prefix+"."+cond.key, python.ReprTuple(t.ops))
	}
	var err error
	cond.values, err = t.parse(g, src, &cond, c.right)
	return cond, err
}

// modelOrder writes the ORDER BY list of a search of logged models, which sorts by
// the latest value of a metric.
func modelOrder(d Dialect, orderBy []mlflow.LoggedModelOrderBy) (Fragment, error) {
	if err := checkOrderByCount(len(orderBy)); err != nil {
		return Fragment{}, err
	}
	b := &builder{d: d}
	byTime, byID := false, false
	for _, ob := range orderBy {
		prefix, key, dotted := strings.Cut(ob.FieldName, ".")
		if dotted {
			if prefix != "metrics" {
				return Fragment{}, invalid("Invalid order by field name: %s. Only metrics are supported.", ob.FieldName)
			}
			b.modelMetricTerm(ob, key)
			continue
		}
		a := loggedModelGrammar.attr(ob.FieldName, true)
		if a == nil {
			return Fragment{}, invalid("Invalid order by field name: %s", ob.FieldName)
		}
		byTime = byTime || a.name == "creation_timestamp_ms"
		byID = byID || a.name == "model_id"
		b.orderTerm("lm."+a.column, !ascending(ob))
	}
	if !byTime {
		b.orderTerm("lm.creation_timestamp_ms", true)
	}
	if !byID {
		b.write(", lm.model_id")
	}
	return b.fragment(), nil
}

func (b *builder) modelMetricTerm(ob mlflow.LoggedModelOrderBy, key string) {
	expr := "(SELECT x.metric_value FROM logged_model_metrics x" +
		" WHERE x.model_id = lm.model_id AND x.metric_name = ?"
	args := []any{key}
	if ob.DatasetName != "" {
		expr += " AND x.dataset_name = ?"
		args = append(args, ob.DatasetName)
	}
	if ob.DatasetDigest != "" {
		expr += " AND x.dataset_digest = ?"
		args = append(args, ob.DatasetDigest)
	}
	expr += " ORDER BY x.metric_timestamp_ms DESC, x.metric_step DESC, x.run_id LIMIT 1)"
	before := b.sql.Len()
	b.orderTerm(expr, !ascending(ob))
	for range strings.Count(b.sql.String()[before:], expr) {
		b.args = append(b.args, args...)
	}
}
