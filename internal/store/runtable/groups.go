package runtable

import (
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Bounds of groups. Up to maxGroupedRuns runs with maxGroupedValues params or tags are
// grouped, and up to search.MaxGroupColumns columns describe a group.
const (
	maxGroupedRuns   = 10_000
	maxGroupedValues = 1_000_000
)

// runGroup is a group of runs, in the order of the table.
type runGroup struct {
	key  string
	runs []string
}

// groupRows returns the visible rows of a part of a table of groups. If there are too
// many runs or values, it leaves out.Grouped unset.
func (t tx) groupRows(r *runTable, out *mlflow.RunTableResponse) ([]treeRow, error) {
	in := r.in.Groups
	runs, err := t.orderedRuns(r.query, r.plan, r.maxGrouped+1, 0)
	if err != nil || len(runs) > r.maxGrouped {
		return nil, err
	}
	prints, by, err := t.fingerprints(runs, in)
	if errors.Is(err, errTooManyValues) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	groups := groupsOf(runs, prints)
	if err := t.orderByMean(groups, r.in.Sort); err != nil {
		return nil, err
	}
	rows := visibleGroups(groups, in)
	out.Grouped, out.GroupedBy = true, by
	out.Matching, out.Total = int64(len(runs)), int64(len(rows))
	from := min(r.in.Offset, out.Total)
	return rows[from:min(from+int64(r.limit), out.Total)], nil
}

// groupsOf puts runs with equal fingerprints into groups, in the order of their first
// runs.
func groupsOf(runs []treeRow, prints map[string]fingerprint) []*runGroup {
	var groups []*runGroup
	known := map[fingerprint]*runGroup{}
	for _, run := range runs {
		p := prints[run.id]
		g := known[p]
		if g == nil {
			g = &runGroup{key: hex.EncodeToString(p[:8])}
			known[p], groups = g, append(groups, g)
		}
		g.runs = append(g.runs, run.id)
	}
	return groups
}

func visibleGroups(groups []*runGroup, in *mlflow.RunGroups) (rows []treeRow) {
	open, folded := base.SetOf(in.Open), base.SetOf(in.Folded)
	for _, g := range groups {
		isOpen := (in.OpenAll || open[g.key]) && !folded[g.key]
		depth := 1
		if in.Under == "" {
			rows = append(rows, treeRow{group: g, children: len(g.runs), open: isOpen})
		} else {
			isOpen, depth = in.Under == g.key, 0
		}
		if isOpen {
			for _, id := range g.runs {
				rows = append(rows, treeRow{id: id, depth: depth})
			}
		}
	}
	return rows
}

// fingerprint is the sum of the digests of the values of a run. The order of the values
// does not matter.
type fingerprint [sha256.Size]byte

func (f *fingerprint) add(kind, key, value string) {
	sum := sha256.Sum256([]byte(kind + "\x00" + key + "\x00" + value))
	for i := range f {
		f[i] ^= sum[i]
	}
}

var errTooManyValues = errors.New("too many values to group runs by")

// fingerprints returns the fingerprints of runs, and the columns whose values tell groups
// apart.
func (t tx) fingerprints(runs []treeRow, in *mlflow.RunGroups) (map[string]fingerprint, []mlflow.RunColumn, error) {
	f := &printer{prints: make(map[string]*fingerprint, len(runs)), keys: map[string]*keyValues{}, left: maxGroupedValues}
	for _, run := range runs {
		f.prints[run.id] = &fingerprint{}
	}
	for part := range slices.Chunk(runs, judgedAtOnce) {
		ids := make([]string, len(part))
		for i, run := range part {
			ids[i] = run.id
		}
		if err := t.printPart(f, ids, in); err != nil {
			return nil, nil, err
		}
	}
	prints := make(map[string]fingerprint, len(runs))
	for id, p := range f.prints {
		prints[id] = *p
	}
	if in.AllParams {
		return prints, f.labels(), nil
	}
	return prints, in.By, nil
}

// printer collects fingerprints, and what it learns about the keys of params.
type printer struct {
	prints map[string]*fingerprint
	keys   map[string]*keyValues
	left   int
}

func (t tx) printPart(f *printer, ids []string, in *mlflow.RunGroups) error {
	if in.AllParams {
		return t.printTexts(f, "params", ids, nil, base.SetOf(in.But))
	}
	var attributes []mlflow.RunColumn
	byKind := map[string][]string{}
	for _, c := range in.By {
		if c.Kind == "attributes" {
			attributes = append(attributes, c)
		} else {
			byKind[c.Kind] = append(byKind[c.Kind], c.Key)
		}
	}
	for _, kind := range []string{"params", "tags"} {
		if len(byKind[kind]) > 0 {
			if err := t.printTexts(f, kind, ids, byKind[kind], nil); err != nil {
				return err
			}
		}
	}
	if len(attributes) == 0 {
		return nil
	}
	return t.eachCells(ids, attributes, func(id string, cells []any) {
		for i, v := range cells {
			if text, isText := v.(string); isText {
				f.prints[id].add("attributes", attributes[i].Key, text)
			}
		}
	})
}

// printTexts adds the values of params or tags, of some keys or of all but some.
func (t tx) printTexts(f *printer, table string, ids, keys []string, but map[string]bool) error {
	query := "SELECT run_uuid, `key`, coalesce(" + t.Dialect.Digest + ", '') FROM " + table + " WHERE run_uuid IN (?...)"
	args := []any{ids}
	if keys != nil {
		query += " AND `key` IN (?...)"
		args = append(args, keys)
	}
	wanted := base.SetOf(keys)
	return t.EachUncached(query, args, base.ScanPair(func(id, key, value string) error {
		if f.left--; f.left < 0 {
			return errTooManyValues
		}
		if but[key] || keys != nil && !wanted[key] { // MySQL may return other keys, which differ in case.
			return nil
		}
		f.prints[id].add(table, key, value)
		f.learn(key, value)
		return nil
	}))
}

func (f *printer) learn(key, value string) {
	k := f.keys[key]
	if k == nil {
		f.keys[key] = &keyValues{key: key, runs: 1, least: value}
		return
	}
	k.runs++
	k.varies = k.varies || k.least != value
}

// labels returns the params that differ. If none does, groups differ by the params that
// some runs do not have.
func (f *printer) labels() []mlflow.RunColumn {
	var varying, missing []mlflow.RunColumn
	for key, k := range f.keys {
		c := mlflow.RunColumn{Kind: "params", Key: key}
		if k.varies {
			varying = append(varying, c)
		} else if int(k.runs) < len(f.prints) {
			missing = append(missing, c)
		}
	}
	if len(varying) == 0 {
		varying = missing
	}
	slices.SortFunc(varying, func(a, b mlflow.RunColumn) int { return cmp.Compare(a.Key, b.Key) })
	return varying[:min(len(varying), search.MaxGroupColumns)]
}

// eachCells loads cells of runs, some runs at a time, and passes them on.
func (t tx) eachCells(ids []string, columns []mlflow.RunColumn, use func(id string, cells []any)) error {
	c := &runCells{columns: columns, maxText: maxGroupText}
	return t.eachRow(ids, c, func(r *tableRow) { use(r.row.RunID, r.cells) })
}

// maxGroupText is the length of the longest text that tells groups apart by an attribute.
const maxGroupText = 10_000

func (t tx) eachRow(ids []string, c *runCells, use func(*tableRow)) error {
	for part := range slices.Chunk(ids, base.LoadChunk) {
		rows := make([]tableRow, len(part))
		for i, id := range part {
			rows[i].row.RunID, rows[i].cells = id, make([]any, len(c.columns))
		}
		if err := t.loadCells(rows, c, base.Unlimited()); err != nil {
			return err
		}
		for i := range rows {
			use(&rows[i])
		}
	}
	return nil
}

// orderByMean orders groups by the mean of their runs if the table is ordered by numbers.
// Groups without a number come last.
func (t tx) orderByMean(groups []*runGroup, sorts []mlflow.RunSort) error {
	if len(sorts) == 0 || sorts[0].Column.Kind != "metrics" && sorts[0].Column.Key != "duration" {
		return nil
	}
	means := make(map[*runGroup]sql.NullFloat64, len(groups))
	stats, err := t.groupStats(groups, &runCells{columns: []mlflow.RunColumn{sorts[0].Column}})
	if err != nil {
		return err
	}
	for i, g := range groups {
		s := &stats[i][0]
		means[g] = sql.NullFloat64{Float64: s.mean, Valid: s.finite > 0}
	}
	slices.SortStableFunc(groups, func(a, b *runGroup) int {
		x, y := means[a], means[b]
		if !x.Valid || !y.Valid {
			return cmp.Compare(btoi(!x.Valid), btoi(!y.Valid))
		}
		if sorts[0].Descending {
			x, y = y, x
		}
		return cmp.Compare(x.Float64, y.Float64)
	})
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
