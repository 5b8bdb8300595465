package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

func one(v compute.Value, err error) ([]compute.Value, error) { return []compute.Value{v}, err }

func TestProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 120 {
		// The axes are batch, kept and summed axes in any order.
		batch, summed := sizes(r, 2, 3), sizes(r, 2, 30)
		aKept, bKept := sizes(r, 2, 20), sizes(r, 2, 20)
		a, aBatch, aSummed := shuffled(r, batch, summed, aKept)
		b, bBatch, bSummed := shuffled(r, batch, summed, bKept)
		compare(t, fmt.Sprintf("product %d: %v by %v, batch %v %v, summed %v %v", n, a, b, aBatch, bBatch, aSummed, bSummed),
			func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
				return one(f.DotGeneral(in[0], aSummed, aBatch, in[1], bSummed, bBatch, compute.DotGeneralConfig{}))
			}, random(r, a...), random(r, b...))
	}
}

func sizes(r *rand.Rand, axes, limit int) []int {
	list := make([]int, r.IntN(axes+1))
	for i := range list {
		list[i] = 1 + r.IntN(limit)
	}
	return list
}

// shuffled returns the dimensions in a random order and the positions of the batch and summed axes.
func shuffled(r *rand.Rand, batch, summed, kept []int) (dims, batchAxes, summedAxes []int) {
	all := slices.Concat(batch, summed, kept)
	order := r.Perm(len(all))
	dims = make([]int, len(all))
	for i, at := range order {
		dims[at] = all[i]
	}
	return dims, order[:len(batch)], order[len(batch) : len(batch)+len(summed)]
}

func TestElementwise(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 200 {
		dims := sizes(r, 4, 24/(1+n%4))
		some := slices.Clone(dims)
		for i := range some {
			if r.IntN(2) == 0 {
				some[i] = 1
			}
		}
		if r.IntN(5) == 0 {
			some = nil
		}
		a, b := random(r, dims...), random(r, some...)
		if x := a.flat.([]float32); n%7 == 0 {
			x[0], x[len(x)-1] = float32(math.NaN()), float32(math.Inf(1))
		}
		compare(t, fmt.Sprintf("chain %d: %v, %v", n, dims, some), chain, a, b)
	}
}

// chain applies all elementwise operations to values and results, in both orders.
func chain(f compute.Function, in []compute.Value) ([]compute.Value, error) {
	var outs []compute.Value
	var first error
	keep := func(v compute.Value, err error) compute.Value {
		if err != nil && first == nil {
			first = err
		}
		outs = append(outs, v)
		return v
	}
	a, b := in[0], in[1]
	for _, op := range []func(x, y compute.Value) (compute.Value, error){f.Add, f.Sub, f.Mul, f.Div, f.Max, f.Min} {
		x := keep(op(a, b))
		y := keep(op(b, a))
		keep(op(x, y))
		keep(op(x, x))
		if first != nil {
			return nil, first
		}
	}
	last := outs[0]
	for _, op := range []func(x compute.Value) (compute.Value, error){f.Neg, f.Abs, f.Sqrt, f.Exp, f.Log, f.Tanh} {
		last = keep(op(last))
		if first != nil {
			return nil, first
		}
	}
	return outs, first
}

func TestSign(t *testing.T) {
	x := tensorOf{
		[]float32{1.5, -2, 0, float32(math.Inf(-1)), 3, 4, 5, 6, -7, -8, float32(math.Copysign(0, -1))},
		[]int{11},
	}
	compare(t, "sign",
		func(f compute.Function, in []compute.Value) ([]compute.Value, error) { return one(f.Sign(in[0])) }, x)
}

func TestReductions(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for n := range 200 {
		dims := sizes(r, 5, 12)
		var axes []int
		for i := range dims {
			if r.IntN(2) == 0 {
				axes = append(axes, i)
			}
		}
		compare(t, fmt.Sprintf("reduction %d: %v by %v", n, dims, axes),
			func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
				s, err := f.ReduceSum(in[0], axes...)
				if err != nil {
					return nil, err
				}
				m, err := f.ReduceMax(in[0], axes...)
				if err != nil {
					return nil, err
				}
				l, err := f.ReduceMin(in[0], axes...)
				return []compute.Value{s, m, l}, err
			}, random(r, dims...))
	}
}

func TestRearrangements(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for n := range 200 {
		dims := append(sizes(r, 4, 9), 1+r.IntN(20))
		order := r.Perm(len(dims))
		reversed := order[:1+r.IntN(len(order))]
		starts, limits, steps := make([]int, len(dims)), make([]int, len(dims)), make([]int, len(dims))
		for i, d := range dims {
			starts[i] = r.IntN(d)
			limits[i], steps[i] = starts[i]+1+r.IntN(d-starts[i]), 1+r.IntN(3)
		}
		to := append([]int{3}, dims...)
		to = append(to, 2)
		axes := make([]int, len(dims))
		for i := range axes {
			axes[i] = i + 1
		}
		compare(t, fmt.Sprintf("rearrangement %d: %v, %v, %v %v %v", n, dims, order, starts, limits, steps),
			func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
				a, err := f.Transpose(in[0], order...)
				if err != nil {
					return nil, err
				}
				b, err := f.Slice(in[0], starts, limits, steps)
				if err != nil {
					return nil, err
				}
				c, err := f.Reverse(in[0], reversed...)
				if err != nil {
					return nil, err
				}
				d, err := f.BroadcastInDim(in[0], shapes.Make(dtypes.Float32, to...), axes)
				if err != nil {
					return nil, err
				}
				e, err := f.Neg(d)
				return []compute.Value{a, b, c, d, e}, err
			}, random(r, dims...))
	}
}

// TestEmpty uses tensors without elements, for which the Go backend panics.
func TestEmpty(t *testing.T) {
	outs, err := run(mustNew(t, New, ""), func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		outs, err := chain(f, in)
		if err != nil {
			return nil, err
		}
		signs, err := f.Sign(in[0])
		if err != nil {
			return nil, err
		}
		sums, err := f.ReduceSum(in[0], 1)
		if err != nil {
			return nil, err
		}
		product, err := f.DotGeneral(in[0], []int{1}, nil, in[0], []int{1}, nil, compute.DotGeneralConfig{})
		return append(outs, signs, sums, product), err
	}, []tensorOf{{[]float32{}, []int{3, 0}}, {[]float32{2}, nil}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(outs); !slices.Equal(outs[n-2], make([]float32, 3)) || !slices.Equal(outs[n-1], make([]float32, 9)) {
		t.Errorf("the sums are %v and %v", outs[n-2], outs[n-1])
	}
}
