package layers

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/level"
	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

// TestBlock compares blocks of all sizes, with all endings, with sums in float64.
func TestBlock(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for rows := 1; rows <= blockRows; rows++ {
			for cols := 1; cols <= blockCols; cols++ {
				for range 2 {
					checkBlock(t, r, rows, cols, 1+r.IntN(20))
				}
			}
		}
	})
}

func checkBlock(t *testing.T, r *rand.Rand, rows, cols, k int) {
	t.Helper()
	x := block{rows: rows, cols: cols, k: k, aRow: k, aStep: 1, bRow: cols + r.IntN(5), cRow: cols + r.IntN(5)}
	if r.IntN(2) == 0 {
		x.aRow, x.aStep = 1, rows
	}
	if level.Level == level.AVX2 {
		x.bRow = simd.RoundUp(cols, 8)
	}
	x.a, x.b = simdtest.Random(t, r, rows*k), simdtest.Random(t, r, (k-1)*x.bRow+min(x.bRow, simd.RoundUp(cols, 8)))
	if level.Level != level.AVX2 {
		x.b = x.b[len(x.b)-(k-1)*x.bRow-cols:]
	}
	x.c = simdtest.Random(t, r, (rows-1)*x.cRow+cols)
	x.more = r.IntN(2) == 0
	e := &ending{clamp: r.IntN(2) == 0, low: -1, high: 0.5}
	if r.IntN(2) == 0 {
		e.rowBias = simdtest.Random(t, r, rows)
	}
	if r.IntN(2) == 0 {
		e.colBias = simdtest.Random(t, r, cols)
	}
	if r.IntN(2) == 0 {
		e.add = simdtest.Random(t, r, len(x.c))
	}
	if r.IntN(4) > 0 {
		x.end = e
	}
	want := make([]float64, len(x.c))
	for i, v := range x.c {
		want[i] = float64(v)
	}
	for i := range rows {
		for j := range cols {
			at := i*x.cRow + j
			if !x.more {
				want[at] = 0
			}
			for n := range k {
				want[at] += float64(x.a[i*x.aRow+n*x.aStep]) * float64(x.b[n*x.bRow+j])
			}
			if x.end == nil {
				continue
			}
			if e.rowBias != nil {
				want[at] += float64(e.rowBias[i])
			}
			if e.colBias != nil {
				want[at] += float64(e.colBias[j])
			}
			if e.add != nil {
				want[at] += float64(e.add[at])
			}
			if e.clamp {
				want[at] = min(max(want[at], -1), 0.5)
			}
		}
	}
	x.run()
	simdtest.CheckClose(t, []int{rows, cols, k}, x.c, want, k)
}
