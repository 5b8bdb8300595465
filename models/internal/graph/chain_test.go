package graph

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestChain joins elementwise steps, with operands that broadcast in different ways.
func TestChain(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		gate := d.sigmoid("gate", "y")
		d.pair("a", kernel.Mul, "x", gate)
		d.norm("n", "a", 3)
		d.pair("b", kernel.Sub, "n", d.constant("row", 70))
		d.pair("c", kernel.Div, "b", d.constant("number", 1))
		d.pair("z", kernel.Max, d.relu("r", "c"), "gate")
	})
	steps(t, planned, 1)
	for _, shape := range [][]int{{2, 3, 50, 70}, {70}, {1}, {3, 1, 1}, {2, 3, 1, 1}, {50, 1}, {2, 1, 1, 70}, {4}, {0}, {9, 2, 3, 50, 70}} {
		agree(t, planned, plain, random(2, 3, 50, 70), random(shape...))
	}
	agree(t, planned, plain, random(2, 4, 50, 70), random(1))
	agree(t, planned, plain, random(70), random(1))
	agree(t, planned, plain, random(0, 3, 50, 70), random(1))
	agree(t, planned, plain, &tensor{Shape: []int{2}, Data: []int32{1, 2}}, random(1))
}

// TestChainNumbers has numbers on either side.
func TestChainNumbers(t *testing.T) {
	t.Parallel()
	three := float32(3)
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		d.step("a", Binary{Op: kernel.Sub, Number: &three}, func(v []*tensor) (*tensor, error) {
			return kernel.Arith(kernel.Sub, v[0], kernel.Scalar(three))
		}, "x")
		d.step("z", Binary{Op: kernel.Div, Number: &three, Reversed: true}, func(v []*tensor) (*tensor, error) {
			return kernel.Arith(kernel.Div, kernel.Scalar(three), v[0])
		}, "a")
	})
	steps(t, planned, 1)
	for _, shape := range [][]int{{}, {1}, {5000}, {0}} {
		agree(t, planned, plain, random(shape...), random(1))
	}
}

// TestChainShared keeps a value that a step outside of the chain reads, and one that is an output.
func TestChainShared(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z", "b", "turned"}, func(d *draft) {
		d.relu("a", "x")
		d.opaque("turned", "a")
		d.sigmoid("b", "a")
		d.pair("c", kernel.Add, "b", "y")
		d.pair("z", kernel.Mul, "c", "c")
	})
	steps(t, planned, 4)
	agree(t, planned, plain, random(40, 70), random(40, 70))
}

// TestChainLong has more steps than a chain can have.
func TestChainLong(t *testing.T) {
	t.Parallel()
	const count = 3*maxChain + 2
	planned, plain := both(t, []string{fmt.Sprint("v", count)}, func(d *draft) {
		last := "x"
		for i := range count {
			last = d.pair(fmt.Sprint("v", i+1), kernel.Add, last, "y")
		}
	})
	steps(t, planned, 4)
	agree(t, planned, plain, random(40, 70), random(70))
}

// TestChainsAtRandom builds programs of elementwise steps at random.
func TestChainsAtRandom(t *testing.T) {
	t.Parallel()
	shapes := [][]int{{3, 4, 5}, {5}, {4, 1}, {1}, {3, 1, 5}, {2, 3, 4, 5}}
	for seed := range uint64(200) {
		outputs := []string{"v9"}
		build := func(d *draft) {
			r := rand.New(rand.NewPCG(seed, 3))
			names := []string{"x", "y"}
			for i := range 10 {
				name := fmt.Sprint("v", i)
				a, b := names[r.IntN(len(names))], names[r.IntN(len(names))]
				switch r.IntN(5) {
				case 0:
					d.relu(name, a)
				case 1:
					d.sigmoid(name, a)
				case 2:
					d.opaque(name, d.relu(name+"r", a))
				default:
					d.pair(name, []kernel.Op{kernel.Add, kernel.Sub, kernel.Mul, kernel.Max}[r.IntN(4)], a, b)
				}
				names = append(names, name)
			}
		}
		if seed%3 == 0 {
			outputs = append(outputs, "v4")
		}
		planned, plain := both(t, outputs, build)
		r := rand.New(rand.NewPCG(seed, 4))
		agree(t, planned, plain, random(shapes[r.IntN(len(shapes))]...), random(shapes[r.IntN(len(shapes))]...))
	}
}

// TestMemory runs steps that return their argument, a part of it, or both, and steps that are not pure.
func TestMemory(t *testing.T) {
	t.Parallel()
	kept := random(2000)
	planned, plain := both(t, []string{"z", "front", "whole", "kept"}, func(d *draft) {
		d.pair("a", kernel.Add, "x", "y")
		s := Step{Name: "parts", Pure: true}
		slot, err := d.Find("a")
		if err != nil {
			t.Fatal(err)
		}
		s.Reads, s.Writes = []int{slot}, []int{d.Define("front"), d.Define("whole"), d.Define("back")}
		s.Run = func(_ context.Context, v []*tensor) ([]*tensor, error) {
			list := v[0].Data.([]float32)
			return []*tensor{
				{Shape: []int{1000}, Data: list[:1000]}, {Shape: v[0].Shape, Data: list}, {Shape: []int{1000}, Data: list[1000:]},
			}, nil
		}
		d.Append(s)
		d.relu("b", "back")
		d.opaque("c", d.step("c2", nil, func(v []*tensor) (*tensor, error) { return kernel.Reshape(v[0], []int{10, 100}) }, "b"))
		d.step("z", nil, func(v []*tensor) (*tensor, error) { return kernel.Reshape(v[0], []int{1000}) }, "c")
		d.Append(Step{Name: "kept", Writes: []int{d.Define("kept")}, Run: func(context.Context, []*tensor) ([]*tensor, error) {
			return []*tensor{kept}, nil
		}})
	})
	want := slices.Clone(kept.Data.([]float32))
	agree(t, planned, plain, random(2000), random(2000))
	if !slices.Equal(want, kept.Data.([]float32)) {
		t.Error("the memory of a step that is not pure was given away")
	}
}

// TestMemoryOfMany has more results than are compared one by one, of which each is a part of the argument.
func TestMemoryOfMany(t *testing.T) {
	t.Parallel()
	var outputs []string
	for i := range 20 {
		outputs = append(outputs, fmt.Sprint("part", i))
	}
	planned, plain := both(t, append(outputs[5:], "z"), func(d *draft) {
		d.pair("a", kernel.Add, "x", "y")
		slot, err := d.Find("a")
		if err != nil {
			t.Fatal(err)
		}
		s := Step{Name: "parts", Pure: true, Reads: []int{slot}}
		for _, name := range outputs {
			s.Writes = append(s.Writes, d.Define(name))
		}
		s.Run = func(_ context.Context, v []*tensor) (out []*tensor, err error) {
			for i := range outputs {
				out = append(out, &tensor{Shape: []int{2000}, Data: v[0].Data.([]float32)[2000*i : 2000*(i+1)]})
			}
			return out, nil
		}
		d.Append(s)
		d.opaque("z", d.step("square", nil, func(v []*tensor) (*tensor, error) {
			return kernel.Reshape(v[0], []int{40, 50})
		}, "part1"))
	})
	agree(t, planned, plain, random(40000), random(40000))
}

// TestMaxLive computes values that are too large, in a chain that falls back to its steps.
func TestMaxLive(t *testing.T) {
	t.Parallel()
	p, _ := both(t, []string{"z"}, func(d *draft) {
		d.step("z", nil, func([]*tensor) (*tensor, error) {
			return &tensor{Shape: []int{MaxLive + 1}, Data: make([]struct{}, 0)}, nil
		}, "x")
	})
	if _, err := p.Run(t.Context(), []*tensor{random(1), random(1)}); mlflow.AsError(err) == nil {
		t.Error(err)
	}
}
