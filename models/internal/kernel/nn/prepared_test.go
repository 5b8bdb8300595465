package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// reference computes a convolution and its epilogue in float64.
func reference(t *testing.T, x, weight, bias, add *kernel.Tensor, w Window, groups int) []float64 {
	t.Helper()
	want, err := Conv(x, weight, bias, w, groups)
	if err == nil && add != nil {
		want, err = kernel.Arith(kernel.Add, want, add)
	}
	if err != nil {
		t.Fatal(err)
	}
	return want.Data.([]float64)
}

// TestPreparedConv compares prepared convolutions of all forms with those of float64.
func TestPreparedConv(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 400 {
		groups, axes := 1+r.IntN(3), 1+r.IntN(2)
		w := Window{}
		shape, weight := []int{1 + r.IntN(3), groups * (1 + r.IntN(3))}, []int{groups * (1 + r.IntN(20)), 0}
		if r.IntN(4) == 0 {
			groups = shape[1] // Each channel has its own kernel.
			weight[0] = groups * (1 + r.IntN(2))
		}
		weight[1] = shape[1] / groups
		for range axes {
			shape, weight = append(shape, 12+r.IntN(30)), append(weight, 1+r.IntN(4))
			w.Strides, w.Dilations = append(w.Strides, 1+r.IntN(3)), append(w.Dilations, 1+r.IntN(3))
		}
		for range 2 * axes {
			w.Pads = append(w.Pads, r.IntN(4))
		}
		checkPrepared(t, r, shape, weight, w, groups)
	}
}

func checkPrepared(t *testing.T, r *rand.Rand, shape, weight []int, w Window, groups int) {
	t.Helper()
	x32, x64 := twice(r, shape)
	k32, k64 := twice(r, weight)
	b32, b64 := twice(r, weight[:1])
	conv, err := PrepareConv(k32, b32, w, groups)
	if err != nil {
		t.Fatal(err)
	}
	sizes, err := conv.Shape(shape)
	if err != nil {
		t.Fatal(err)
	}
	e := kernel.Epilogue{Act: []kernel.Activation{simd.ActNone, simd.ActReLU, simd.ActSigmoid}[r.IntN(3)]}
	var add, out *kernel.Tensor
	if r.IntN(2) == 0 {
		e.Add, add = twice(r, sizes)
	}
	if r.IntN(2) == 0 {
		out, _ = twice(r, sizes)
	}
	got, err := conv.Run(x32, e, out)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil && got != out {
		t.Fatal("the result is not in the given tensor")
	}
	list := got.Data.([]float32)
	for i, v := range reference(t, x64, k64, b64, add, w, groups) {
		switch e.Act {
		case simd.ActReLU:
			v = max(v, 0)
		case simd.ActSigmoid:
			v = kernel.Sigmoid(v)
		}
		if math.Abs(float64(list[i])-v) > 1e-4 {
			t.Fatalf("%v by %v, %+v, %d groups, %+v: element %d is %v, want %v", shape, weight, w, groups, e, i, list[i], v)
		}
	}
}

// TestPreparedConvRefuses tries tensors that do not fit.
func TestPreparedConvRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	weight, wide := twice(r, []int{4, 2, 3, 3})
	x, _ := twice(r, []int{1, 2, 9, 9})
	other, _ := twice(r, []int{1, 4, 7, 8})
	if _, err := PrepareConv(wide, nil, Window{}, 1); err == nil {
		t.Error("a weight of float64 is accepted")
	}
	if _, err := PrepareConv(weight, nil, Window{}, 3); err == nil {
		t.Error("three groups of four channels are accepted")
	}
	conv, err := PrepareConv(weight, nil, Window{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conv.Run(x, kernel.Epilogue{}, other); err == nil {
		t.Error("a result of another shape is accepted")
	}
	if _, err := conv.Run(x, kernel.Epilogue{Add: other}, nil); err == nil {
		t.Error("a sum of different shapes is accepted")
	}
	if _, err := conv.Run(x, kernel.Epilogue{Bias: make([]float32, 3)}, nil); err == nil {
		t.Error("a bias of three numbers for four channels is accepted")
	}
	if _, err := conv.Run(other, kernel.Epilogue{}, nil); err == nil {
		t.Error("an image of four channels is accepted for a weight of two")
	}
}
