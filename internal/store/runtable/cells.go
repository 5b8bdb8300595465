package runtable

import (
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// runCells loads the cells of a table of runs.
type runCells struct {
	columns []mlflow.RunColumn
	maxText int
}

// tableRow is a row with its cells.
type tableRow struct {
	row   mlflow.RunRow
	cells []any
	group *runGroup
}

// loadTable loads the rows and cells of a table into out, as many as fit into a page.
func (t tx) loadTable(tree []treeRow, c *runCells, out *mlflow.RunTableResponse) error {
	list := make([]tableRow, len(tree))
	for i, r := range tree {
		list[i].row = mlflow.RunRow{RunID: r.id, Depth: r.depth, Children: r.children, Open: r.open, Context: r.context}
		list[i].cells, list[i].group = make([]any, len(c.columns)), r.group
		if r.group != nil {
			list[i].row.Group = &mlflow.RunGroup{Key: r.group.key, Values: make([]any, len(out.GroupedBy))}
		}
	}
	loaded, err := base.LoadPage(list, base.RunsBytes, func(part []tableRow, b *base.Budget) error {
		return base.FirstError(
			func() error { return t.loadCells(part, c, b) },
			func() error { return t.loadGroups(part, c, out.GroupedBy, b) },
		)
	})
	if err != nil {
		return err
	}
	out.Columns = make([][]any, len(c.columns))
	for _, r := range list[:loaded] {
		out.Rows = append(out.Rows, r.row)
		for i, v := range r.cells {
			out.Columns[i] = append(out.Columns[i], v)
		}
	}
	return nil
}

// loadCells loads the rows of runs, which have only an id.
func (t tx) loadCells(part []tableRow, c *runCells, b *base.Budget) error {
	at := make(map[string]*tableRow, len(part))
	ids := make([]string, 0, len(part))
	for i := range part {
		if part[i].group != nil {
			continue
		}
		clear(part[i].cells)
		at[part[i].row.RunID], ids = &part[i], append(ids, part[i].row.RunID)
	}
	if len(ids) == 0 {
		return nil
	}
	return base.FirstError(
		func() error { return t.loadRows(at, ids, c, b) },
		func() error { return t.loadLastMetrics(at, ids, c, b) },
		func() error { return t.loadTexts("params", "params", at, ids, c, b) },
		func() error { return t.loadTexts("tags", "tags", at, ids, c, b) },
		func() error { return t.loadDatasetNames(at, ids, c, b) },
		func() error { return t.loadComputed(at, ids, c, b) },
	)
}

// keys returns the columns of a kind by key.
func (c *runCells) keys(is func(mlflow.RunColumn) bool) (byKey map[string][]int, keys []string) {
	byKey = map[string][]int{}
	for i, column := range c.columns {
		if is(column) {
			byKey[column.Key] = append(byKey[column.Key], i)
		}
	}
	for key := range byKey {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return byKey, keys
}

func (t tx) loadRows(at map[string]*tableRow, ids []string, c *runCells, b *base.Budget) error {
	query := `SELECT ` + base.RunColumns + ` FROM runs r WHERE r.run_uuid IN (?...)`
	return t.Each(query, []any{ids}, func(rows *sql.Rows) error {
		info, err := base.ScanRunInfo(rows)
		if err != nil {
			return err
		}
		r := at[info.RunID]
		r.row.ExperimentID, r.row.RunName, r.row.UserID = info.ExperimentID, info.RunName, info.UserID
		r.row.Status, r.row.LifecycleStage = info.Status, info.LifecycleStage
		r.row.StartTime, r.row.EndTime = info.StartTime, info.EndTime
		for i, column := range c.columns {
			if column.Kind == "attributes" {
				r.cells[i] = attributeCell(info, column.Key)
			}
		}
		return b.Charge(base.RunSize+16*len(c.columns), info.RunName)
	})
}

// attributeCell returns an attribute of a run, or nil if it has none or if it is not in
// the row of the run.
func attributeCell(info *mlflow.RunInfo, key string) any {
	number := func(n int64) any {
		if n == 0 {
			return nil
		}
		return n
	}
	switch key {
	case "run_id":
		return info.RunID
	case "run_name":
		return info.RunName
	case "user_id":
		return textCell(info.UserID)
	case "status":
		return string(info.Status)
	case "lifecycle_stage":
		return string(info.LifecycleStage)
	case "start_time":
		return number(info.StartTime)
	case "end_time":
		return number(info.EndTime)
	case "duration":
		if info.StartTime > 0 && info.EndTime > 0 {
			return info.EndTime - info.StartTime
		}
	}
	return nil
}

func textCell(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (t tx) loadLastMetrics(at map[string]*tableRow, ids []string, c *runCells, b *base.Budget) error {
	byKey, keys := c.keys(search.IsLast)
	if len(keys) == 0 {
		return nil
	}
	return t.EachUncached(
		"SELECT run_uuid, `key`, value, is_nan FROM latest_metrics WHERE run_uuid IN (?...) AND `key` IN (?...)",
		[]any{ids, keys},
		func(rows *sql.Rows) error {
			var id, key string
			var value float64
			var isNaN bool
			if err := rows.Scan(&id, &key, &value, &isNaN); err != nil {
				return err
			}
			for _, i := range byKey[key] { // MySQL may return other keys, which differ in case.
				at[id].cells[i] = mlflow.Float(base.FromColumn(value, isNaN))
			}
			return b.Charge(base.PairSize)
		},
	)
}

// loadTexts loads the values of params or tags from a table.
func (t tx) loadTexts(kind, table string, at map[string]*tableRow, ids []string, c *runCells, b *base.Budget) error {
	byKey, keys := c.keys(func(column mlflow.RunColumn) bool {
		return column.Kind == kind || kind == "tags" && column == sourceColumn
	})
	if kind == "tags" && byKey[sourceColumn.Key] != nil {
		byKey, keys = withSource(byKey, keys, c)
	}
	if len(keys) == 0 {
		return nil
	}
	return t.EachUncached(
		"SELECT run_uuid, `key`, substr(coalesce(value, ''), 1, "+strconv.Itoa(c.maxText)+") FROM "+table+
			" WHERE run_uuid IN (?...) AND `key` IN (?...)",
		[]any{ids, keys},
		base.ScanPair(func(id, key, value string) error {
			for _, i := range byKey[key] {
				at[id].cells[i] = value
			}
			return b.Charge(base.PairSize, value)
		}),
	)
}

// sourceColumn is the column of the program of a run, which is a tag.
var sourceColumn = mlflow.RunColumn{Kind: "attributes", Key: "source"}

// withSource replaces the column of the source by its tag.
func withSource(byKey map[string][]int, keys []string, c *runCells) (map[string][]int, []string) {
	var tags []int
	for _, i := range byKey[sourceColumn.Key] {
		if c.columns[i] == sourceColumn {
			byKey[search.TagSource] = append(byKey[search.TagSource], i)
		} else {
			tags = append(tags, i)
		}
	}
	byKey[sourceColumn.Key] = tags
	return byKey, append(keys, search.TagSource)
}

// maxDatasetNames is the number of names of datasets in a cell.
const maxDatasetNames = 10

// loadDatasetNames loads the names of the datasets that runs used.
func (t tx) loadDatasetNames(at map[string]*tableRow, ids []string, c *runCells, b *base.Budget) error {
	byKey, _ := c.keys(func(column mlflow.RunColumn) bool {
		return column == mlflow.RunColumn{Kind: "attributes", Key: "dataset"}
	})
	if len(byKey) == 0 {
		return nil
	}
	names := map[string][]string{}
	err := t.Each(
		`SELECT i.destination_id, d.name FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
			WHERE i.destination_type = 'RUN' AND i.destination_id IN (?...) AND i.source_type = 'DATASET'
			GROUP BY i.destination_id, d.name ORDER BY i.destination_id, d.name`,
		[]any{ids},
		func(rows *sql.Rows) error {
			var id, name string
			if err := rows.Scan(&id, &name); err != nil {
				return err
			}
			if len(names[id]) < maxDatasetNames {
				names[id] = append(names[id], name)
			}
			return b.Charge(base.PairSize, name)
		},
	)
	for id, list := range names {
		for _, i := range byKey["dataset"] {
			at[id].cells[i] = strings.Join(list, ", ")
		}
	}
	return err
}

// loadComputed loads the aggregates of metrics.
func (t tx) loadComputed(at map[string]*tableRow, ids []string, c *runCells, b *base.Budget) error {
	var list strings.Builder
	var args []any
	var columns []int
	for i, column := range c.columns {
		if column.Kind != "metrics" || search.IsLast(column) {
			continue
		}
		value := search.ColumnValue(t.Dialect.Search, column)
		list.WriteString(", " + value.SQL)
		args = append(args, value.Args...)
		columns = append(columns, i)
	}
	if len(columns) == 0 {
		return nil
	}
	return t.EachUncached(
		"SELECT r.run_uuid"+list.String()+" FROM runs r WHERE r.run_uuid IN (?...)", base.Concat(args, []any{ids}),
		func(rows *sql.Rows) error {
			var id string
			values := make([]sql.NullFloat64, len(columns))
			dest := []any{&id}
			for i := range values {
				dest = append(dest, &values[i])
			}
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			for i, v := range values {
				if v.Valid {
					at[id].cells[columns[i]] = mlflow.Float(v.Float64)
				}
			}
			return b.Charge(base.PairSize * len(columns))
		},
	)
}
