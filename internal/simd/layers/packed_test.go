package layers

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

// TestPackedFilter changes the form of weights and reads them back. A form that no image has used is not kept.
func TestPackedFilter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 50 {
		groups, out, depth := 1+r.IntN(3), 1+r.IntN(130), 1+r.IntN(300)
		weight := simdtest.Random(t, r, groups*out*depth)
		f := newPackedFilter(weight, groups, out, depth)
		check := func(rows, columns bool) {
			t.Helper()
			if !slices.Equal(f.weight(), weight) {
				t.Fatalf("%d groups of %d by %d: the weight differs", groups, out, depth)
			}
			if got := f.rows.Load() != nil; got != rows {
				t.Fatalf("rows are stored: %v, want %v", got, rows)
			}
			if got := f.columns.Load() != nil; got != columns {
				t.Fatalf("columns are stored: %v, want %v", got, columns)
			}
		}
		check(true, false)
		want := *f.rows.Load()
		f.columnPanels(groups - 1)
		check(false, true)
		if !slices.Equal(f.rowPanels(), want) {
			t.Fatal("the rows differ after a change of the form")
		}
		check(true, true)
		g := newPackedFilter(weight, groups, out, depth)
		g.rowPanels()
		g.columnPanels(0)
		if g.rows.Load() == nil {
			t.Fatal("rows that images have used are not kept")
		}
	}
}
