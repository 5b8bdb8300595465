// Package torchtest compares the losses of a training with those of PyTorch in
// testdata/losses.json. Both programs start with the same weights, which a small random
// number generator generates.
package torchtest

import (
	_ "embed"
	"encoding/json"
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// tolerance is the largest accepted difference from PyTorch's loss.
const tolerance = 1e-4

//go:embed testdata/losses.json
var recorded []byte

// Generator is a linear congruential generator of 24-bit numbers.
type Generator uint32

// Next returns the next number.
func (g *Generator) Next() uint32 {
	*g = *g*1664525 + 1013904223
	return uint32(*g) >> 8
}

// Variable is a variable of a model. FanIn is the number of inputs of each output of its
// layer.
type Variable struct {
	Path  string
	FanIn int
	Dims  []int
}

// Start creates the variables with random values, in the given order.
func (g *Generator) Start(t *testing.T, store *model.Store, variables []Variable) {
	t.Helper()
	for _, v := range variables {
		bound := float32(1 / math.Sqrt(float64(v.FanIn)))
		n := 1
		for _, d := range v.Dims {
			n *= d
		}
		flat := make([]float32, n)
		for i := range flat {
			flat[i] = (float32(g.Next())/(1<<23) - 1) * bound
		}
		if _, err := store.CreateVariable(v.Path, tensors.FromFlatDataAndDimensions(flat, v.Dims...)); err != nil {
			t.Fatal(err)
		}
	}
}

// Compare compares the losses that step returns with PyTorch's losses of the given name.
func Compare(t *testing.T, name string, step func(i int) float64) {
	t.Helper()
	var all map[string][]float64
	if err := json.Unmarshal(recorded, &all); err != nil {
		t.Fatal(err)
	}
	if len(all[name]) == 0 {
		t.Fatalf("no losses of %q are recorded", name)
	}
	worst := 0.0
	for i, want := range all[name] {
		got := step(i)
		if off := math.Abs(got - want); off > tolerance || math.IsNaN(got) {
			t.Fatalf("step %d: loss %v, PyTorch's is %v", i, got, want)
		} else if off > worst {
			worst = off
		}
	}
	t.Logf("%s: %d losses, the farthest from PyTorch's by %.1e", name, len(all[name]), worst)
}
