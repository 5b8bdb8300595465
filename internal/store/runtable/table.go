package runtable

import (
	"context"
	"database/sql"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Bounds of a table. Up to maxTableRuns matching runs are counted and nested, which takes
// some microseconds and 200 bytes for each of them. Up to maxContext runs are added
// because a descendant matches.
const (
	maxTableRuns = 100_000
	maxContext   = 10_000
)

const tagParent = "mlflow.parentRunId"

// RunTable returns rows of a table of runs of the experiments, from in.Offset on, with
// the cells of the columns. There are up to limit rows; fewer if their cells are large.
// Texts of cells are cut after maxText characters.
func (s Tables) RunTable(
	ctx context.Context, experimentIDs []int64, limit, maxText int, in *mlflow.RunTableRequest,
) (out *mlflow.RunTableResponse, err error) {
	q, err := search.RunTable(s.Dialect.Search, in.Filter, in.Sort, in.OrderBy)
	if err != nil {
		return nil, err
	}
	for _, c := range in.Columns {
		if err := search.CheckColumn(c); err != nil {
			return nil, err
		}
	}
	if err := search.CheckGroups(in.Groups); err != nil {
		return nil, err
	}
	if experimentIDs, err = base.ReadableExperiments(ctx, s.Store, experimentIDs, access.Run); err != nil {
		return nil, err
	}
	if len(experimentIDs) == 0 {
		return &mlflow.RunTableResponse{}, nil
	}
	table := &runTable{
		query: q, in: in, limit: limit, scope: base.RunScope(experimentIDs, in.RunViewType),
		maxRuns: s.Limits.Runs, maxGrouped: s.Limits.Grouped,
	}
	err = s.ViewReplica(ctx, func(t tx) error {
		out = &mlflow.RunTableResponse{}
		rows, err := t.tableRows(table, out)
		if err != nil {
			return err
		}
		cells := &runCells{columns: in.Columns, maxText: maxText}
		return t.loadTable(rows, cells, out)
	})
	return out, err
}

// runTable is a request for rows.
type runTable struct {
	query *search.Query
	in    *mlflow.RunTableRequest
	limit int
	scope search.Fragment
	// maxRuns is the most runs that are counted and nested.
	maxRuns int
	// maxGrouped is the most runs that are grouped.
	maxGrouped int
}

// tableRows returns the rows of a part of a table, and counts all in out.
func (t tx) tableRows(r *runTable, out *mlflow.RunTableResponse) ([]treeRow, error) {
	if len(r.in.RunIDs) > 0 {
		return t.namedRows(r, out)
	}
	if r.in.Groups != nil {
		rows, err := t.groupRows(r, out)
		if err != nil || out.Grouped {
			return rows, err
		}
	}
	if r.in.Tree != nil {
		runs, err := t.treeRuns(r)
		if err != nil {
			return nil, err
		}
		if len(runs) <= r.maxRuns {
			out.Nested, out.Matching = true, int64(len(runs))
			if runs, err = t.withContext(r, runs); err != nil {
				return nil, err
			}
			rows := visibleRows(runs, r.in.Tree)
			out.Total = int64(len(rows))
			from := min(r.in.Offset, out.Total)
			return rows[from:min(from+int64(r.limit), out.Total)], nil
		}
	}
	return t.flatRows(r, out)
}

// namedRows returns the rows of the runs that the request names.
func (t tx) namedRows(r *runTable, out *mlflow.RunTableResponse) ([]treeRow, error) {
	found, err := db.CollectUncached(
		t.Tx, `SELECT r.run_uuid FROM runs r WHERE r.run_uuid IN (?...) AND `+r.scope.SQL,
		base.Concat([]any{r.in.RunIDs}, r.scope.Args), base.ScanOne[string],
	)
	known := base.SetOf(found)
	var rows []treeRow
	for _, id := range r.in.RunIDs {
		if known[id] {
			rows = append(rows, treeRow{id: id})
		}
	}
	out.Total, out.Matching = int64(len(rows)), int64(len(rows))
	return rows, err
}

// flatRows returns a page of a search, and counts the runs that it finds.
func (t tx) flatRows(r *runTable, out *mlflow.RunTableResponse) ([]treeRow, error) {
	condition := base.Both(r.scope, r.query.Where)
	// Without conditions, PostgreSQL and SQLite count rows of an index.
	err := t.countUncached(condition, r.maxRuns+1, &out.Total)
	if err != nil {
		return nil, err
	}
	if out.Total > int64(r.maxRuns) {
		out.Total, out.Bounded = int64(r.maxRuns), true
	}
	out.Matching = out.Total
	return t.orderedRuns(r, r.limit, r.in.Offset)
}

// orderedRuns returns the runs of a search in its order.
func (t tx) orderedRuns(r *runTable, limit int, offset int64) ([]treeRow, error) {
	q := r.query
	condition := base.Both(r.scope, q.Where)
	return db.CollectUncached(
		t.Tx, `SELECT r.run_uuid`+q.Columns.SQL+` FROM runs r `+q.Joins.SQL+` WHERE `+condition.SQL+
			` ORDER BY `+q.OrderBy.SQL+` LIMIT ? OFFSET ?`,
		base.Concat(q.Columns.Args, q.Joins.Args, condition.Args, q.OrderBy.Args, []any{limit, offset}),
		func(rows *sql.Rows, row *treeRow) error { return scanSorted(rows, &row.id) },
	)
}

// countUncached counts up to limit runs that meet a condition.
func (t tx) countUncached(condition search.Fragment, limit int, n *int64) error {
	counts, err := db.CollectUncached(
		t.Tx, `SELECT COUNT(*) FROM (SELECT 1 FROM runs r WHERE `+condition.SQL+` LIMIT ?) counted`,
		base.Concat(condition.Args, []any{limit}), base.ScanOne[int64],
	)
	if err == nil && len(counts) == 1 {
		*n = counts[0]
	}
	return err
}

// scanSorted scans the first columns of a row. The others are those that it is sorted by.
func scanSorted(rows *sql.Rows, dest ...any) error {
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	for range len(names) - len(dest) {
		dest = append(dest, new(sql.RawBytes))
	}
	return rows.Scan(dest...)
}

const withParent = `LEFT JOIN tags pt ON pt.run_uuid = r.run_uuid AND pt.` + "`key` = '" + tagParent + "' "

// treeRuns returns all runs of a search with their parents, and one more than the most
// that a tree has if there are too many.
func (t tx) treeRuns(r *runTable) ([]treeRun, error) {
	return t.orderedTree(r, base.Both(r.scope, r.query.Where), r.maxRuns+1)
}

func (t tx) orderedTree(r *runTable, condition search.Fragment, limit int) ([]treeRun, error) {
	q := r.query
	return db.CollectUncached(
		t.Tx, `SELECT r.run_uuid, coalesce(pt.value, '')`+q.Columns.SQL+` FROM runs r `+withParent+q.Joins.SQL+
			` WHERE `+condition.SQL+` ORDER BY `+q.OrderBy.SQL+` LIMIT ?`,
		base.Concat(q.Columns.Args, q.Joins.Args, condition.Args, q.OrderBy.Args, []any{limit}),
		func(rows *sql.Rows, run *treeRun) error { return scanSorted(rows, &run.id, &run.parent) },
	)
}

// withContext adds the ancestors of the runs that a search found, so that a run is found
// below its parents even if these do not match the filter.
func (t tx) withContext(r *runTable, runs []treeRun) ([]treeRun, error) {
	if r.query.Where.SQL == "" {
		return runs, nil // All visible runs are there.
	}
	known := make(map[string]bool, len(runs))
	for i := range runs {
		known[runs[i].id] = true
	}
	var added []string
	for missing := parentsOf(runs, known); len(missing) > 0 && len(added)+len(missing) <= maxContext; {
		in := base.OneOfMany(t.Dialect, "r.run_uuid", missing, false)
		found, err := db.CollectUncached(
			t.Tx, `SELECT r.run_uuid, coalesce(pt.value, '') FROM runs r `+withParent+
				` WHERE `+in.SQL+` AND `+r.scope.SQL, base.Concat(in.Args, r.scope.Args),
			func(rows *sql.Rows, run *treeRun) error { return rows.Scan(&run.id, &run.parent) },
		)
		if err != nil {
			return nil, err
		}
		for _, run := range found {
			added = append(added, run.id)
		}
		missing = parentsOf(found, known)
	}
	if len(added) == 0 {
		return runs, nil
	}
	// The ancestors are sorted like all other runs.
	either := base.AnyOf([]search.Fragment{r.query.Where, base.OneOfMany(t.Dialect, "r.run_uuid", added, false)})
	all, err := t.orderedTree(r, base.Both(r.scope, either), r.maxRuns+maxContext)
	isAdded := base.SetOf(added)
	for i := range all {
		all[i].context = isAdded[all[i].id]
	}
	return all, err
}

// parentsOf returns the parents of runs that are not known, and marks them as known.
func parentsOf(runs []treeRun, known map[string]bool) (list []string) {
	for _, run := range runs {
		if run.parent != "" && !known[run.parent] {
			known[run.parent] = true
			list = append(list, run.parent)
		}
	}
	return slices.Clip(list)
}
