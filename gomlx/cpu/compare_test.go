package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"

	"github.com/millrace-ml/millrace/internal/simd"
)

// graphOf builds a computation from its parameters.
type graphOf func(f compute.Function, in []compute.Value) ([]compute.Value, error)

// tensorOf is an input of a test.
type tensorOf struct {
	flat any
	dims []int
}

// random returns a tensor of small integers, whose sums do not depend on the order.
func random(r *rand.Rand, dims ...int) tensorOf {
	x := make([]float32, simd.Product(dims))
	for i := range x {
		x[i] = float32(r.IntN(9) - 4)
	}
	return tensorOf{x, dims}
}

// run returns the results of a computation on a backend. All results must be float32.
func run(b compute.Backend, build graphOf, in []tensorOf) ([][]float32, error) {
	builder := b.Builder("test")
	main := builder.Main()
	var params []compute.Value
	var buffers []compute.Buffer
	for i, x := range in {
		shape := shapes.Make(dtypeOf(x.flat), x.dims...)
		p, err := main.Parameter(fmt.Sprint("x", i), shape, nil)
		if err != nil {
			return nil, err
		}
		buffer, err := b.BufferFromFlatData(0, x.flat, shape)
		if err != nil {
			return nil, err
		}
		params, buffers = append(params, p), append(buffers, buffer)
	}
	outs, err := build(main, params)
	if err != nil {
		return nil, err
	}
	if err := main.Return(outs, nil); err != nil {
		return nil, err
	}
	exec, err := builder.Compile()
	if err != nil {
		return nil, err
	}
	results, err := exec.Execute(buffers, nil, 0)
	if err != nil {
		return nil, err
	}
	lists := make([][]float32, len(results))
	for i, r := range results {
		lists[i] = make([]float32, exec.Outputs()[i].Size())
		if err := r.ToFlatData(lists[i]); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

func dtypeOf(flat any) dtypes.DType {
	switch flat.(type) {
	case []int32:
		return dtypes.Int32
	case []bool:
		return dtypes.Bool
	}
	return dtypes.Float32
}

// compare checks that a computation has the same results as on the Go backend. It returns false if the Go backend
// cannot run the computation.
func compare(t *testing.T, what string, build graphOf, in ...tensorOf) bool {
	t.Helper()
	want, err := run(mustNew(t, gobackend.New, ""), build, in)
	if err != nil {
		return false
	}
	for _, config := range []string{"parallelism=1", "parallelism=3"} {
		got, err := run(mustNew(t, New, config), build, in)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for i := range want {
			if n := slices.IndexFunc(indices(want[i]), func(n int) bool { return !near(got[i][n], want[i][n]) }); n >= 0 {
				t.Fatalf("%s, %s: element %d of result %d is %v, want %v", what, config, n, i, got[i][n], want[i][n])
			}
		}
	}
	return true
}

func indices(list []float32) []int {
	n := make([]int, len(list))
	for i := range n {
		n[i] = i
	}
	return n
}

func near(a, b float32) bool {
	x, y := float64(a), float64(b)
	return x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-4*(1+math.Abs(y))
}
