package search

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
)

// LoggedModels compiles a search of the table logged_models under the alias lm.
func LoggedModels(d Dialect, filter string, orderBy []mlflow.LoggedModelOrderBy, datasets []mlflow.LoggedModelDataset) (*Query, error) {
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
	onMetric := false
	for i := range conds {
		c := &conds[i]
		b.and()
		switch c.ent {
		case entAttribute:
			b.compare("lm."+c.attr.column, c.op, c.values)
		case entMetric:
			onMetric = true
			b.modelMetric(c, datasets)
		default:
			b.exists(modelGrammar, modelGrammar.keyed[c.ent], c.key, c.op, c.values)
		}
	}
	if len(datasets) > 0 && !onMetric {
		b.and()
		b.modelMetric(nil, datasets)
	}
	q.Where = b.fragment()
	q.OrderBy, err = modelOrder(d, orderBy)
	return q, err
}

// checkOnDatasets limits the size of the SQL, in which every clause on a metric
// repeats the datasets.
func checkOnDatasets(conds []condition, datasets int) error {
	n := 0
	for _, c := range conds {
		if c.ent == entMetric {
			n++
		}
	}
	if n*datasets > maxOnDatasets {
		return invalid("Filter string has %d comparisons of metrics, each on %d datasets; together at most %d are allowed.", n, datasets, maxOnDatasets)
	}
	return nil
}

// modelMetric writes that the model has a metric that meets the condition, if
// there is one, and was measured on one of the datasets, if there are any.
func (b *builder) modelMetric(c *condition, datasets []mlflow.LoggedModelDataset) {
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
		return nil, src.errAt(f.second, "Invalid filter string: %s. Expected a single SQL expression.", python.Repr(filter))
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
	ent, ok := modelGrammar.prefixes[prefix]
	if !ok {
		return cond, src.errAt(at, "Invalid entity type: %s. Expected one of ['attributes', 'metrics', 'params', 'tags'].", python.Repr(prefix))
	}
	cond.ent, cond.key = ent, strings.Trim(cond.key, "`")
	if ent == entAttribute {
		if cond.attr = modelGrammar.attr(cond.key, false); cond.attr == nil {
			return cond, src.errAt(at, "Invalid attribute key '%s' specified. Valid keys are '%s'", cond.key, python.ReprSet(modelGrammar.attrNames(false)))
		}
		cond.key = cond.attr.name
	}
	numeric := ent == entMetric || (cond.attr != nil && cond.attr.numeric())
	ops := modelOpsString
	if numeric {
		ops = modelOpsNumber
	}
	if !slices.Contains(ops, cond.op) {
		return cond, src.errAt(at, "Invalid comparison operator for %s.%s: %s. Expected one of %s.", prefix, cond.key,
			python.Repr(cond.op), "('"+strings.Join(ops, "', '")+"')")
	}
	var err error
	cond.values, err = modelValue(src, &cond, c.right, numeric)
	return cond, err
}

// modelValue reads what a field of a logged model is compared with. MLflow
// fails with an internal error on most of what is refused here.
func modelValue(src source, c *condition, v atom, numeric bool) ([]any, error) {
	isList := v.kind == atomList
	if isList != (c.op == opIn || c.op == opNotIn) {
		return nil, src.errAt(v.pos, "Invalid value for %s '%s' with comparator %s: %s", c.ent, c.key, c.op, v.text)
	}
	if numeric {
		x, err := strconv.ParseFloat(v.text, 64)
		if math.IsInf(x, 0) {
			return nil, tooLarge(src, v)
		}
		if err != nil || math.IsNaN(x) {
			return nil, src.errAt(v.pos, "Expected numeric value type for %s '%s'. Found %s", c.ent, c.key, v.text)
		}
		if c.ent == entAttribute && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return []any{int64(x)}, nil
		}
		return []any{x}, nil
	}
	values := []any{v.text}
	if isList {
		var err error
		if values, err = stringList(src, v); err != nil {
			return nil, err
		}
	} else if bare, ok := unquote(v.text, '"'); ok {
		values[0] = bare
	} else {
		values[0] = strings.Trim(v.text, "'")
	}
	for i, value := range values {
		if item, ok := value.(listItem); ok {
			values[i] = string(item)
		}
		s, _ := values[i].(string)
		if len(s) > maxPatternBytes && (c.op == opLike || c.op == opILike) {
			return nil, src.errAt(v.pos, "Pattern is %d bytes long; at most %d are allowed.", len(s), maxPatternBytes)
		}
		if c.attr == nil || c.attr.kind != attrID {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil || c.op == opLike || c.op == opILike {
			return nil, src.errAt(v.pos, "Attribute '%s' is compared with an integer by =, !=, IN or NOT IN. Found %s", c.key, v.text)
		}
		values[i] = n
	}
	return values, nil
}

// modelOrder writes the ORDER BY list of a search of logged models. A metric
// counts with its latest value.
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
		a := modelGrammar.attr(ob.FieldName, true)
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
	expr := "(SELECT x.metric_value FROM logged_model_metrics x WHERE x.model_id = lm.model_id AND x.metric_name = ?"
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
