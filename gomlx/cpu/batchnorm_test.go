package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// normalizer is a batch normalization layer over all axes but featureAxis.
type normalizer func(scope *model.Scope, x *graph.Node, featureAxis int) *graph.Node

// layer is GoMLX's own layer, as its documentation uses it.
func layer(scope *model.Scope, x *graph.Node, featureAxis int) *graph.Node {
	return norm.BatchNorm(scope, x, featureAxis).Done()
}

// plainLayer is GoMLX's own layer without the operations of the backend. It is used for inference only, because its
// gradients treat the mean and the variance of the batch as constants.
func plainLayer(scope *model.Scope, x *graph.Node, featureAxis int) *graph.Node {
	return norm.BatchNorm(scope, x, featureAxis).UseBackendInference(false).Done()
}

// reference computes the layer during training of differentiable operations, from which GoMLX derives the gradient.
func reference(scope *model.Scope, x *graph.Node, featureAxis int) *graph.Node {
	g, scope := x.Graph(), scope.In(norm.BatchNormalizationScopeName)
	axis := graph.MustAdjustAxis(featureAxis, x)
	shape, dims, others := shapes.Make(x.DType(), x.Shape().Dimensions[axis]), make([]int, x.Rank()), []int(nil)
	for i := range dims {
		dims[i] = 1
		if i != axis {
			others = append(others, i)
		}
	}
	dims[axis] = shape.Dimensions[0]
	scale := scope.WithInitializer(initializer.One).VariableWithShape("scale", shape).NodeValue(g)
	offset := scope.WithInitializer(initializer.Zero).VariableWithShape("offset", shape).NodeValue(g)

	centered := graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, others...))
	variance := graph.ReduceAndKeep(graph.Square(centered), graph.ReduceMean, others...)
	y := graph.Div(centered, graph.Sqrt(graph.AddScalar(variance, 1e-3)))
	return graph.Add(graph.Mul(y, graph.Reshape(scale, dims...)), graph.Reshape(offset, dims...))
}

// normalized has networks with batch normalization of features, of channels as the first axis and of channels as the
// last axis.
var normalized = map[string]struct {
	net  func(n normalizer) network
	dims []int
}{
	"features": {func(n normalizer) network {
		return func(scope *model.Scope, x *graph.Node) *graph.Node {
			x = activation.Relu(n(scope.In("norm"), layers.DenseWithBias(scope.In("a"), x, 12), -1))
			return layers.DenseWithBias(scope.In("b"), x, 10)
		}
	}, []int{16, 20}},
	"channels first": {func(n normalizer) network {
		return func(scope *model.Scope, x *graph.Node) *graph.Node {
			x = n(scope.In("norm"), conv3(scope.In("a"), x, 5), 1)
			x = graph.MeanPool(x).ChannelsAxis(images.ChannelsFirst).Window(2).Done()
			return layers.DenseWithBias(scope.In("b"), graph.Reshape(x, x.Shape().Dimensions[0], -1), 10)
		}
	}, []int{4, 2, 9, 8}},
	"channels last": {func(n normalizer) network {
		return func(scope *model.Scope, x *graph.Node) *graph.Node {
			x = n(scope.In("in"), x, -1)
			x = layers.Convolution(scope.In("a"), x).Channels(6).KernelSize(3).PadSame().Done()
			x = activation.Relu(n(scope.In("norm"), x, -1))
			return layers.DenseWithBias(scope.In("b"), graph.ReduceMean(x, 1, 2), 10)
		}
	}, []int{4, 9, 8, 3}},
}

// TestBatchNormTraining compares the losses of training and the gradients with those of the reference on GoMLX's own
// backend.
func TestBatchNormTraining(t *testing.T) {
	for name, n := range normalized {
		want := losses(t, mustNew(t, gobackend.New, ""), n.net(reference), 20, n.dims...)
		for _, config := range []string{"parallelism=1", "parallelism=3"} {
			got := losses(t, mustNew(t, New, config), n.net(layer), 20, n.dims...)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-4*(1+math.Abs(want[i])) {
					t.Fatalf("%s, %s: losses %v, want %v", name, config, got, want)
				}
			}
		}
		if want[19] >= want[3] {
			t.Errorf("%s learned nothing: %v", name, want)
		}
		wantGradients := gradients(t, mustNew(t, gobackend.New, ""), n.net(reference), n.dims...)
		gotGradients := gradients(t, mustNew(t, New, ""), n.net(layer), n.dims...)
		if !slices.EqualFunc(gotGradients, wantGradients, func(a, b []float32) bool { return slices.EqualFunc(a, b, near) }) {
			t.Errorf("%s: gradients %v, want %v", name, gotGradients, wantGradients)
		}
	}
}

// TestBatchNormInference evaluates trained networks with and without the operation of the backend.
func TestBatchNormInference(t *testing.T) {
	for name, n := range normalized {
		b := mustNew(t, New, "")
		trainer := newTrainer(b, n.net(layer), 0.05)
		for i := range 8 {
			if _, err := trainer.TrainStep(batch(uint64(i), n.dims...)); err != nil {
				t.Fatal(err)
			}
		}
		predict := func(b compute.Backend, net network) []float32 {
			exec, err := model.NewExec(b, trainer.Store(), (func(*model.Scope, *graph.Node) *graph.Node)(net))
			if err != nil {
				t.Fatal(err)
			}
			y, err := exec.Call1(batch(99, n.dims...).Inputs[0])
			if err != nil {
				t.Fatal(err)
			}
			return tensors.MustCopyFlatData[float32](y)
		}
		got, want := predict(b, n.net(layer)), predict(b, n.net(plainLayer))
		if !slices.EqualFunc(got, want, near) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestBatchNormNumbers compares with numbers that were computed with the formulas of PyTorch's batch_norm and checked
// by finite differences. The features are the columns of x, and the loss is the sum of the squared results, weighted
// by 1, 2 and 3.
func TestBatchNormNumbers(t *testing.T) {
	x, scale, offset := []float64{1, -2, 4, 0.5, 2.5, 3}, []float64{2, -1}, []float64{0.5, 1}
	for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
		outs, err := graph.CallOnceN(mustNew(t, New, ""), func(x, scale, offset *graph.Node) []*graph.Node {
			x, scale, offset = graph.ConvertDType(x, dtype), graph.ConvertDType(scale, dtype), graph.ConvertDType(offset, dtype)
			y, mean, variance := graph.InternalBatchNormForTraining(x, scale, offset, 1e-5, 1)
			weights := graph.ConvertDType(graph.Const(x.Graph(), [][]float64{{1}, {2}, {3}}), dtype)
			sum := graph.ReduceAllSum(graph.Mul(graph.Square(y), weights))
			outs := append([]*graph.Node{y, mean, variance}, graph.Gradient(sum, x, scale, offset)...)
			for i, o := range outs {
				outs[i] = graph.ConvertDType(o, dtypes.Float64)
			}
			return outs
		}, tensors.FromFlatDataAndDimensions(x, 3, 2), scale, offset)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range wantBatchNorm {
			got := tensors.MustCopyFlatData[float64](outs[i])
			if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= 2e-5*(1+math.Abs(b)) }) {
				t.Errorf("%s, result %d: %v, want %v", dtype, i, got, want)
			}
		}
	}
}

// wantBatchNorm has the results of TestBatchNormNumbers.
var wantBatchNorm = [][]float64{
	{-1.949482, 2.224743, 2.949482, 1, 0.5, -0.2247434}, // The normalized x.
	{2.5, 0.5},      // The mean.
	{1.5, 4.166667}, // The variance.
	{0.5167451, 0.3999956, 0.516916, -0.7999981, -1.033661, 0.4000024}, // The gradient with respect to x,
	{19.22462, -7.100998}, // to the scale
	{10.89896, 7.101026},  // and to the offset.
}
