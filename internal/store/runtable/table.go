package runtable

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
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
// Texts of cells are cut after maxText characters. Equal requests at once are executed once, so
// the table must not be changed.
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
	request, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%v %d %d %s", experimentIDs, limit, maxText, request)
	out, _, err = s.shared.Do(ctx, key, func() (out *mlflow.RunTableResponse, err error) {
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
	})
	return out, err
}

// runTable is a request for rows.
type runTable struct {
	query *search.Query
	in    *mlflow.RunTableRequest
	limit int
	scope search.Fragment
	plan  base.RunPlan
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
	var err error
	if r.plan, err = t.Plan(r.query, r.scope, base.AllRuns); err != nil {
		return nil, err
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
	// Without conditions, PostgreSQL and SQLite count rows of an index.
	found := search.Fragment{
		SQL:  `SELECT 1 FROM ` + r.plan.From.SQL + ` WHERE ` + r.plan.Where.SQL,
		Args: base.Concat(r.plan.From.Args, r.plan.Where.Args),
	}
	n, err := t.CountUpTo(found, r.maxRuns+1)
	if err != nil {
		return nil, err
	}
	out.Total = int64(n)
	if out.Total > int64(r.maxRuns) {
		out.Total, out.Bounded = int64(r.maxRuns), true
	}
	out.Matching = out.Total
	page := func(p base.RunPlan, limit, offset int) ([]treeRow, error) {
		return t.orderedRuns(r.query, p, limit, int64(offset))
	}
	return base.PageOfRuns(t.Transaction, r.query, r.scope, r.plan, r.limit, int(r.in.Offset), page)
}

// orderedRuns returns the runs of a search in its order.
func (t tx) orderedRuns(q *search.Query, p base.RunPlan, limit int, offset int64) ([]treeRow, error) {
	return db.CollectUncached(
		t.Tx, `SELECT r.run_uuid`+q.Columns.SQL+` FROM `+p.From.SQL+` `+p.Joins.SQL+` WHERE `+p.Where.SQL+
			` ORDER BY `+p.OrderBy.SQL+` LIMIT ? OFFSET ?`,
		base.Concat(q.Columns.Args, p.From.Args, p.Joins.Args, p.Where.Args, p.OrderBy.Args, []any{limit, offset}),
		func(rows *sql.Rows, row *treeRow) error { return scanSorted(rows, &row.id) },
	)
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
	return t.orderedTree(r.query, r.plan, r.maxRuns+1)
}

func (t tx) orderedTree(q *search.Query, p base.RunPlan, limit int) ([]treeRun, error) {
	return db.CollectUncached(
		t.Tx, `SELECT r.run_uuid, coalesce(pt.value, '')`+q.Columns.SQL+` FROM `+p.From.SQL+` `+withParent+p.Joins.SQL+
			` WHERE `+p.Where.SQL+` ORDER BY `+p.OrderBy.SQL+` LIMIT ?`,
		base.Concat(q.Columns.Args, p.From.Args, p.Joins.Args, p.Where.Args, p.OrderBy.Args, []any{limit}),
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
	plan := base.PlanAll(r.query, r.scope)
	plan.Where = base.Both(r.scope, either)
	all, err := t.orderedTree(r.query, plan, r.maxRuns+maxContext)
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
