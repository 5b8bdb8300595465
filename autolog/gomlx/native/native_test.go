package native_test

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
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/autolog/gomlx/native"
)

func backend(t *testing.T, config string) compute.Backend {
	t.Helper()
	b, err := native.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// random is a tensor of numbers from -1 to 1; a tenth of them is 0.
func random(rng *rand.Rand, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	flat := make([]float32, n)
	for i := range flat {
		if rng.IntN(10) > 0 {
			flat[i] = rng.Float32()*2 - 1
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

// same computes a graph on GoMLX's Go backend and on this one, and compares.
func same(t *testing.T, name string, fn func(in []*Node) []*Node, inputs ...*tensors.Tensor) {
	t.Helper()
	var results [2][]*tensors.Tensor
	for i, b := range []compute.Backend{gobackend.GetBackend(), backend(t, "")} {
		exec, err := NewExec(b, fn)
		if err != nil {
			t.Fatal(err)
		}
		args := make([]any, len(inputs))
		for j, in := range inputs {
			clone, err := in.Clone()
			if err != nil {
				t.Fatal(err)
			}
			args[j] = clone
		}
		if results[i], err = exec.Call(args...); err != nil {
			t.Errorf("%s on %s: %v", name, b.Name(), err)
			return
		}
	}
	for i, want := range results[0] {
		got := results[1][i]
		if !got.Shape().Equal(want.Shape()) {
			t.Errorf("%s: output %d is %s, want %s", name, i, got.Shape(), want.Shape())
			continue
		}
		w, g := tensors.MustCopyFlatData[float32](want), tensors.MustCopyFlatData[float32](got)
		for j := range w {
			if math.Abs(float64(w[j]-g[j])) > 1e-5*(1+math.Abs(float64(w[j]))) || g[j] != g[j] {
				t.Errorf("%s: output %d, element %d is %v, want %v", name, i, j, g[j], w[j])
				break
			}
		}
	}
}

func one(fn func(a, b *Node) *Node) func(in []*Node) []*Node {
	return func(in []*Node) []*Node { return []*Node{fn(in[0], in[1])} }
}

func TestElementwise(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, dims := range [][2][]int{
		{{3, 4}, {3, 4}},
		{{3, 4}, {1, 4}},
		{{3, 1}, {3, 4}},
		{{1, 4}, {3, 1}},
		{{2, 3, 4, 5}, {1, 3, 1, 1}},
		{{2, 3, 4, 5}, {1, 3, 1, 5}},
		{{1, 1}, {1, 1}},
		{{2, 1, 3}, {1, 4, 1}},
		{{300, 257}, {300, 257}},
		{{64, 8, 26, 26}, {1, 8, 1, 1}},
		{{0, 3}, {0, 3}},
	} {
		a, b := random(rng, dims[0]...), random(rng, dims[1]...)
		same(t, fmt.Sprint(dims), func(in []*Node) []*Node {
			x, y := in[0], in[1]
			out := slices.Clone(x.Shape().Dimensions)
			for i, d := range y.Shape().Dimensions {
				out[i] = max(out[i], d)
			}
			x, y = BroadcastToDims(x, out...), BroadcastToDims(y, out...)
			return []*Node{
				Add(x, y), Sub(x, y), Mul(x, y), Max(x, y), Min(x, y), Div(x, AddScalar(Abs(y), 1)), Neg(x), Sign(x), Abs(y),
				MaxScalar(x, 0.5), Sub(Scalar(x.Graph(), x.DType(), 1), y), Exp(x), Tanh(y), x,
			}
		}, a, b)
	}
}

func TestMovesAndSums(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	x := random(rng, 4, 3, 5, 6)
	same(t, "moves", func(in []*Node) []*Node {
		x := in[0]
		return []*Node{
			TransposeAllDims(x, 0, 1, 2, 3), TransposeAllDims(x, 3, 1, 0, 2), TransposeAllDims(x, 0, 2, 3, 1), Reshape(x, 12, 30),
			ReduceSum(x, 0), ReduceSum(x, 1, 3), ReduceSum(x, 0, 2, 3), ReduceAllSum(x), ReduceMax(x, 1), ReduceSum(x, 3), ReduceAllMean(x),
			Concatenate([]*Node{x, x}, 2), Slice(x, AxisRange(1, 3)), Reverse(x, 1),
		}
	}, x)
}

func TestConvolutions(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 60 {
		last := rng.IntN(2) == 1
		groups := 1 + rng.IntN(2)
		in, out, h, w := groups*(1+rng.IntN(5)), groups*(1+rng.IntN(6)), 5+rng.IntN(9), 5+rng.IntN(30)
		kh, kw, stride := 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(2)
		dilation := 1
		if stride == 1 {
			dilation += rng.IntN(2)
		}
		pad := rng.IntN(3)
		x, k := random(rng, 2, in, h, w), random(rng, out, in/groups, kh, kw)
		if last {
			x, k = random(rng, 2, h, w, in), random(rng, kh, kw, in/groups, out)
		}
		name := fmt.Sprintf("%d: last %t, %d->%d in %d groups, %dx%d by %dx%d, stride %d, dilation %d, pad %d", i, last, in, out, groups, h, w, kh, kw, stride, dilation, pad)
		same(t, name, one(func(x, k *Node) *Node {
			c := Convolve(x, k).ChannelGroupCount(groups).ChannelsAxis(images.ChannelsFirst)
			if last {
				c.ChannelsAxis(images.ChannelsLast)
			}
			if stride > 1 {
				c.Strides(stride)
			}
			if dilation > 1 {
				c.Dilations(dilation)
			}
			return c.PaddingPerDim([][2]int{{pad, pad}, {pad, 0}}).Done()
		}), x, k)
	}
}

func TestProducts(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	for _, m := range []int{1, 3, 64, 200} {
		for _, n := range []int{1, 10, 24, 77} {
			for _, k := range []int{1, 7, 300} {
				same(t, fmt.Sprint(m, n, k), one(func(a, b *Node) *Node { return Dot(a, b).Product() }), random(rng, m, k), random(rng, k, n))
			}
		}
	}
	same(t, "einsum", one(func(a, b *Node) *Node { return Einsum("bchd,bhec->bde", a, b) }), random(rng, 2, 3, 4, 5), random(rng, 2, 4, 6, 3))
	same(t, "batches", one(func(a, b *Node) *Node { return Einsum("bij,bkj->bik", a, b) }), random(rng, 3, 30, 20), random(rng, 3, 25, 20))
}

// losses trains a small network with convolutions, dropout and Adam.
func losses(t *testing.T, b compute.Backend) (out []float64) {
	t.Helper()
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	store.SetParam(layers.ParamDropoutRate, 0.3)
	net := func(scope *model.Scope, x *Node) *Node {
		x = activation.Relu(layers.Convolution(scope.In("conv"), x).Channels(5).KernelSize(3).ChannelsAxis(images.ChannelsFirst).PadSame().Done())
		x = Reshape(x, x.Shape().Dimensions[0], -1)
		x = layers.DropoutFromScope(scope, activation.Relu(layers.DenseWithBias(scope.In("hidden"), x, 20)))
		return layers.DenseWithBias(scope.In("out"), x, 4)
	}
	trainer := train.NewTrainer(b, store, net, loss.SparseCategoricalCrossEntropyLogits, optimizer.Adam().LearningRate(0.01).Done(), nil, nil)
	rng := rand.New(rand.NewPCG(9, 10))
	x := random(rng, 16, 1, 8, 8)
	y := make([]int32, 16)
	for i := range y {
		y[i] = int32(i % 4)
	}
	for range 20 {
		clone, err := x.Clone()
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := trainer.TrainStep(train.Batch{Inputs: []*tensors.Tensor{clone}, Labels: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(slices.Clone(y), 16, 1)}})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, shapes.ConvertTo[float64](metrics[0].Value()))
	}
	return out
}

func TestTraining(t *testing.T) {
	t.Parallel()
	want := losses(t, gobackend.GetBackend())
	if want[19] > want[0]/2 {
		t.Errorf("the network does not learn: %v", want)
	}
	for _, config := range []string{"", "parallelism=1", "parallelism=7"} {
		got := losses(t, backend(t, config))
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-4 {
				t.Fatalf("%q, step %d: loss %v, the Go backend's is %v", config, i, got[i], want[i])
			}
		}
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	for _, config := range []string{"parallelism=0", "parallelism=x", "threads=2"} {
		if _, err := native.New(config); err == nil {
			t.Errorf("New(%q) is fine with it", config)
		}
	}
	b, err := compute.NewWithConfig("native:parallelism=3")
	if err != nil || b.Name() != "native" {
		t.Errorf("%v, %v", b, err)
	}
}

// A buffer that was donated is gone, and one that was not stays.
func TestBuffers(t *testing.T) {
	t.Parallel()
	b := backend(t, "")
	builder := b.Builder("twice")
	f := builder.Main()
	shape := shapes.Make(dtypes.Float32, 3)
	x, err := f.Parameter("x", shape, nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := f.Add(x, x)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Return([]compute.Value{y, x, y}, nil); err != nil {
		t.Fatal(err)
	}
	exec, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	in, err := b.BufferFromFlatData(0, []float32{1, 2, 3}, shape)
	if err != nil {
		t.Fatal(err)
	}
	for _, donate := range []bool{false, true} {
		out, err := exec.Execute([]compute.Buffer{in}, []bool{donate}, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range [][]float32{{2, 4, 6}, {1, 2, 3}, {2, 4, 6}} {
			got := make([]float32, 3)
			if err := out[i].ToFlatData(got); err != nil || !slices.Equal(got, want) {
				t.Errorf("donated %t, output %d: %v, %v", donate, i, got, err)
			}
		}
	}
	if _, err := exec.Execute([]compute.Buffer{in}, nil, 0); err == nil {
		t.Error("a donated buffer was used again")
	}
}
