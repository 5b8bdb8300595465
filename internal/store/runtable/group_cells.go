package runtable

import (
	"math"

	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// loadGroups loads the rows of groups.
func (t tx) loadGroups(part []tableRow, c *runCells, by []mlflow.RunColumn, b *base.Budget) error {
	var groups []*runGroup
	var rows []*tableRow
	var first []string
	at := map[string]*tableRow{}
	for i := range part {
		if g := part[i].group; g != nil {
			groups, rows = append(groups, g), append(rows, &part[i])
			at[g.runs[0]], first = &part[i], append(first, g.runs[0])
		}
	}
	if len(groups) == 0 {
		return nil
	}
	stats, err := t.groupStats(groups, c)
	if err != nil {
		return err
	}
	for i, r := range rows {
		for j := range stats[i] {
			r.cells[j] = stats[i][j].cell()
			if err := b.Charge(groupCellSize, stats[i][j].text); err != nil {
				return err
			}
		}
	}
	labels := &runCells{columns: by, maxText: c.maxText}
	return t.eachRow(first, labels, func(r *tableRow) { copy(at[r.row.RunID].row.Group.Values, r.cells) })
}

// groupCellSize is the approximate size of a cell of a group.
const groupCellSize = 200

// groupStats summarizes the cells of the runs of groups, by group and column.
func (t tx) groupStats(groups []*runGroup, c *runCells) ([][]cellStats, error) {
	stats := make([][]cellStats, len(groups))
	var ids []string
	of := map[string][]cellStats{}
	for i, g := range groups {
		stats[i] = make([]cellStats, len(c.columns))
		for _, id := range g.runs {
			of[id] = stats[i]
		}
		ids = append(ids, g.runs...)
	}
	err := t.eachRow(ids, c, func(r *tableRow) {
		for i, v := range r.cells {
			of[r.row.RunID][i].add(v)
		}
	})
	return stats, err
}

// cellStats summarizes cells: texts, or numbers by Welford's method.
type cellStats struct {
	finite      int
	mean, m2    float64
	least, most float64
	infinite    *float64 // any number that is not finite
	text        string
	texts       map[string]struct{}
}

func (s *cellStats) add(cell any) {
	switch v := cell.(type) {
	case string:
		if s.texts == nil {
			s.text, s.texts = v, map[string]struct{}{}
		}
		s.texts[v] = struct{}{}
	case int64:
		s.addNumber(float64(v))
	case mlflow.Float:
		s.addNumber(float64(v))
	}
}

func (s *cellStats) addNumber(x float64) {
	// The columns of MLflow's tables have the greatest number in the place of infinity.
	if math.IsNaN(x) || math.Abs(x) >= math.MaxFloat64 {
		s.infinite = &x
		return
	}
	if s.finite++; s.finite == 1 {
		s.mean, s.least, s.most = x, x, x
		return
	}
	delta := x - s.mean
	s.mean += delta / float64(s.finite)
	s.m2 += delta * (x - s.mean)
	s.least, s.most = min(s.least, x), max(s.most, x)
}

// cell returns the cell of a group.
func (s *cellStats) cell() any {
	number := func(x float64) *mlflow.Float { f := mlflow.Float(x); return &f }
	switch {
	case len(s.texts) > 1:
		return &mlflow.RunGroupCell{Distinct: len(s.texts)}
	case len(s.texts) == 1:
		return s.text
	case s.finite > 1:
		std := math.Sqrt(s.m2 / float64(s.finite-1))
		return &mlflow.RunGroupCell{
			Mean: number(s.mean), Std: number(std), Min: number(s.least), Max: number(s.most), Runs: s.finite,
		}
	case s.finite == 1:
		return &mlflow.RunGroupCell{Mean: number(s.mean), Min: number(s.mean), Max: number(s.mean), Runs: 1}
	case s.infinite != nil:
		return &mlflow.RunGroupCell{Mean: number(*s.infinite)}
	}
	return nil
}
