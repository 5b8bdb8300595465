package search

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// maxSorts is the most columns that a table is ordered by.
const maxSorts = 5

// Kinds of columns.
const (
	kindAttribute = "attributes"
	kindMetric    = "metrics"
	kindParam     = "params"
	kindTag       = "tags"
)

// TagSource is the tag with the program of a run.
const TagSource = "mlflow.source.name"

// tableAttributes are the attributes that a table of runs can show.
var tableAttributes = []string{
	"run_id", "run_name", "status", "user_id", "start_time", "end_time", "duration", "source", "dataset",
	"lifecycle_stage",
}

// CheckColumn returns an error for a column that no table of runs has.
func CheckColumn(c mlflow.RunColumn) error {
	kinds := []string{kindAttribute, kindMetric, kindParam, kindTag}
	aggregates := []string{"", "last", "first", "min", "max"}
	switch {
	case !slices.Contains(kinds, c.Kind):
		return invalid("Invalid kind of column '%s': it is one of attributes, metrics, params and tags.", c.Kind)
	case c.Kind == kindAttribute && !slices.Contains(tableAttributes, c.Key):
		return invalid("Invalid attribute '%s' of a table of runs. Valid attributes are %v.", c.Key, tableAttributes)
	case c.Kind != kindMetric && (c.Aggregate != "" || c.By != ""):
		return invalid("The column '%s.%s' has no aggregate, because only metrics have one.", c.Kind, c.Key)
	case !slices.Contains(aggregates, c.Aggregate):
		return invalid("Invalid aggregate '%s': it is one of last, first, min and max.", c.Aggregate)
	case c.By != "" && c.Aggregate != "min" && c.Aggregate != "max":
		return invalid("The column 'metrics.%s' needs the aggregate min or max to use the best step of '%s'.", c.Key, c.By)
	}
	return nil
}

// IsLast reports whether a column of a metric shows its last value.
func IsLast(c mlflow.RunColumn) bool {
	return c.Kind == kindMetric && c.By == "" && (c.Aggregate == "" || c.Aggregate == "last")
}

// RunTable compiles a search of the table runs under the alias r, which may be ordered
// by columns of a table. Columns of the query is empty or begins with a comma.
func RunTable(d Dialect, filter string, sorts []mlflow.RunSort, orderBy []string) (*Query, error) {
	if len(sorts) == 0 {
		return Runs(d, filter, orderBy)
	}
	if len(orderBy) > 0 {
		return nil, invalid("Give either sort or order_by.")
	}
	if len(sorts) > maxSorts {
		return nil, invalid("sort has %d items; at most %d are allowed.", len(sorts), maxSorts)
	}
	q, err := Runs(d, filter, nil)
	if err != nil {
		return nil, err
	}
	keys := make([]sortKey, len(sorts))
	for i, s := range sorts {
		if err := CheckColumn(s.Column); err != nil {
			return nil, err
		}
		keys[i] = tableSortKey(d, s)
	}
	return q, q.runOrder(d, keys, nil)
}

// tableSortKey returns the sort key of a column. Those that order_by can name are the
// same as there.
func tableSortKey(d Dialect, s mlflow.RunSort) sortKey {
	k := sortKey{field: field{key: s.Column.Key}, descending: s.Descending}
	switch {
	case IsLast(s.Column):
		k.ent = entMetric
	case s.Column.Kind == kindParam:
		k.ent = entParam
	case s.Column.Kind == kindTag:
		k.ent = entTag
	case s.Column.Kind == kindAttribute && s.Column.Key == "source":
		k.ent, k.key = entTag, TagSource
	case s.Column.Kind == kindAttribute && runGrammar.attr(k.key, true) != nil:
		k.attr = runGrammar.attr(k.key, true)
	default:
		expr := ColumnValue(d, s.Column)
		k.expr = &expr
	}
	return k
}

// ColumnValue returns the scalar subquery or expression with the value of a column of a
// run under the alias r. The column is an attribute of the run or of its datasets, or an
// aggregate of a metric.
func ColumnValue(d Dialect, c mlflow.RunColumn) Fragment {
	b := &builder{d: d}
	switch {
	case c.Kind == kindMetric && c.By != "":
		b.atBest(c)
	case c.Kind == kindMetric:
		b.aggregate(c)
	case c.Key == "duration":
		b.write("CASE WHEN r.start_time > 0 AND r.end_time > 0 THEN r.end_time - r.start_time END")
	case c.Key == "dataset":
		b.write("(SELECT MIN(d.name) FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id" +
			" WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = r.run_uuid)")
	default:
		b.write("r." + c.Key)
	}
	return b.fragment()
}

// ofRun writes the FROM and WHERE of the values of a metric of the run. It names the
// index, because SQLite prefers the primary key, which covers the values of all runs.
func (b *builder) ofRun(alias, key string) {
	b.write(" FROM metrics ", alias, " INDEXED BY index_metrics_run_uuid_key_step")
	b.write(" WHERE ", alias, ".run_uuid = r.run_uuid AND ")
	b.compare(alias+".`key`", "=", []any{key})
}

func (b *builder) aggregate(c mlflow.RunColumn) {
	switch c.Aggregate {
	case "first":
		b.write("(SELECT CASE WHEN m.is_nan THEN NULL ELSE m.value END")
		b.ofRun("m", c.Key)
		b.write(" ORDER BY m.step, m.timestamp, m.value LIMIT 1)")
	case "min":
		b.write("(SELECT MIN(m.value)")
		b.ofRun("m", c.Key)
		b.write(" AND NOT m.is_nan)")
	default:
		b.write("(SELECT MAX(m.value)")
		b.ofRun("m", c.Key)
		b.write(" AND NOT m.is_nan)")
	}
}

// atBest writes the value of a metric at the first step where another is best. If the
// metric was logged at this step more than once, it is the value that was logged last.
func (b *builder) atBest(c mlflow.RunColumn) {
	direction := ""
	if c.Aggregate == "max" {
		direction = " DESC"
	}
	b.write("(SELECT CASE WHEN m.is_nan THEN NULL ELSE m.value END")
	b.ofRun("m", c.Key)
	b.write(" AND m.step = (SELECT o.step")
	b.ofRun("o", c.By)
	b.write(" AND NOT o.is_nan ORDER BY o.value", direction, ", o.step LIMIT 1)")
	b.write(" ORDER BY m.timestamp DESC, m.value DESC LIMIT 1)")
}

// MaxGroupColumns is the most columns that runs are grouped by.
const MaxGroupColumns = 20

// groupAttributes are the attributes that runs can be grouped by.
var groupAttributes = []string{"user_id", "status", "source", "dataset"}

// CheckGroups returns an error for groups that no table has.
func CheckGroups(g *mlflow.RunGroups) error {
	switch {
	case g == nil:
		return nil
	case g.AllParams == (len(g.By) > 0):
		return invalid("groups needs either by or all_params.")
	case !g.AllParams && len(g.But) > 0:
		return invalid("groups.but is for groups with all_params.")
	case len(g.By) > MaxGroupColumns:
		return invalid("groups.by can have at most %d items. Got %d.", MaxGroupColumns, len(g.By))
	}
	for i, c := range g.By {
		if err := CheckColumn(c); err != nil {
			return err
		}
		if c.Kind == kindMetric || c.Kind == kindAttribute && !slices.Contains(groupAttributes, c.Key) {
			return invalid(
				"Runs cannot be grouped by '%s.%s'. They can be grouped by params, tags and the attributes %v.",
				c.Kind, c.Key, groupAttributes,
			)
		}
		if slices.Contains(g.By[:i], c) {
			return invalid("groups.by has the column '%s.%s' twice.", c.Kind, c.Key)
		}
	}
	return nil
}
