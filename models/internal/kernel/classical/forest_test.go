package classical

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// randomForest returns trees over a few features whose values coincide often. compare has the comparisons to choose
// from.
func randomForest(r *rand.Rand, compare []kernel.Op) *Forest {
	f := &Forest{Targets: 1 + r.IntN(3)}
	for range 1 + r.IntN(20) {
		f.Roots = append(f.Roots, len(f.Nodes))
		f.Nodes = append(f.Nodes, Branch{})
		for at := len(f.Nodes) - 1; at < len(f.Nodes); at++ {
			n := &f.Nodes[at]
			if n.Leaf = r.IntN(3) == 0 || len(f.Nodes) > 500; n.Leaf {
				for range r.IntN(3) {
					n.Votes = append(n.Votes, Vote{r.IntN(f.Targets), r.Float64()})
				}
				continue
			}
			n.Compare, n.Feature = compare[r.IntN(len(compare))], r.IntN(4)
			n.Value = []float64{0, 0.1, -0.1, 1, math.Inf(-1), math.Inf(1), 1e300, float64(float32(0.1))}[r.IntN(8)]
			n.True, n.False = len(f.Nodes), len(f.Nodes)+1
			f.Nodes = append(f.Nodes, Branch{}, Branch{})
		}
	}
	return f
}

// TestForest compares the walks without branches with those that follow the nodes one by one.
func TestForest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		compare := []kernel.Op{kernel.LessEqual, kernel.Less}
		if i%3 == 0 {
			compare = []kernel.Op{kernel.LessEqual, kernel.Less, kernel.Greater, kernel.GreaterEqual, kernel.Equal, kernel.NotEqual}
		}
		f := randomForest(r, compare)
		if err := f.Check(); err != nil {
			t.Fatal(err)
		}
		if f.narrow == nil && i%3 > 0 {
			t.Fatal("a forest has no compact form")
		}
		rows, columns := 1+r.IntN(200), f.Features+r.IntN(2)
		x32, x64 := make([]float32, rows*columns), make([]float64, rows*columns)
		for j := range x32 {
			v := []float64{0, 0.1, -0.1, 1, math.Inf(1), math.Inf(-1), math.NaN(), r.Float64()}[r.IntN(8)]
			x32[j], x64[j] = float32(v), v
		}
		for _, x := range []*kernel.Tensor{{Shape: []int{rows, columns}, Data: x32}, {Shape: []int{rows, columns}, Data: x64}} {
			compareForest(t, f, x, []kernel.Join{kernel.JoinAdd, kernel.JoinMin, kernel.JoinMax}[i%3])
		}
	}
}

func compareForest(t *testing.T, f *Forest, x *kernel.Tensor, join kernel.Join) {
	t.Helper()
	base := make([]float64, f.Targets)
	for i := range base {
		base[i] = float64(i)
	}
	out, err := f.Score(x, base, join)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		t.Fatal(err)
	}
	got, in, n := out.Data.([]float64), wide.Data.([]float64), x.Shape[1]
	for i := range x.Shape[0] {
		want := make([]float64, f.Targets)
		for j := range want {
			want[j] = firstOf(join)
		}
		f.scoreRow(in[i*n:(i+1)*n], want, join)
		for j, v := range want {
			if v+base[j] != got[i*f.Targets+j] {
				t.Fatalf("row %v, target %d: %v, want %v", in[i*n:(i+1)*n], j, got[i*f.Targets+j], v+base[j])
			}
		}
	}
}
