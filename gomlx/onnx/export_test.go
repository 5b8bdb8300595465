package onnx_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
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
	"github.com/gomlx/gomlx/ml/layers/attention"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/millrace-ml/millrace/gomlx/onnx"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// nets has models of common layers and the shapes of one example.
var nets = []struct {
	name    string
	example []int
	fn      func(scope *model.Scope, x *Node) *Node
}{
	{"mlp", []int{6}, func(s *model.Scope, x *Node) *Node {
		x = activation.Relu(layers.DenseWithBias(s.In("a"), x, 8))
		x = layers.DropoutStatic(s, x, 0.5) // Inactive during inference.
		x = Tanh(layers.DenseWithBias(s.In("b"), x, 5))
		x = activation.Gelu(layers.DenseWithBias(s.In("c"), x, 5))
		return Softmax(x)
	}},
	{"channels first", []int{2, 9, 8}, func(s *model.Scope, x *Node) *Node {
		x = activation.Relu(layers.Convolution(s.In("a"),
			x).Channels(4).KernelSize(3).ChannelsAxis(images.ChannelsFirst).PadSame().Done())
		x = MaxPool(x).ChannelsAxis(images.ChannelsFirst).Window(2).Done()
		return layers.DenseWithBias(s.In("b"), Reshape(x, x.Shape().Dimensions[0], -1), 3)
	}},
	{"channels last", []int{9, 8, 2}, func(s *model.Scope, x *Node) *Node {
		x = Sigmoid(layers.Convolution(s.In("a"), x).Channels(4).KernelSize(3).Strides(2).Done())
		x = MeanPool(x).Window(2).Done()
		return ReduceMean(x, 1, 2)
	}},
	{"normalised", []int{5, 6}, func(s *model.Scope, x *Node) *Node {
		x = norm.LayerNorm(s.In("norm"), x, -1).Done()
		return Concatenate([]*Node{ReduceMax(x, 1), Sqrt(ReduceSum(Square(x), 2))}, 1)
	}},
	{"attention", []int{5, 8}, func(s *model.Scope, x *Node) *Node {
		return attention.SelfAttention(s.In("att"), x, 2, 4).Done()
	}},
	{"where", []int{4}, func(_ *model.Scope, x *Node) *Node {
		g := x.Graph()
		y := Where(GreaterThan(x, Scalar(g, dtypes.Float32, 0)), x, Neg(Exp(x)))
		position := Iota(g, shapes.Make(dtypes.Float32, 1, 4), 1)
		return Concatenate([]*Node{
			y, Add(x, BroadcastToDims(position, x.Shape().Dimensions...)),
			Clip(x, Scalar(g, dtypes.Float32, -0.5), Scalar(g, dtypes.Float32, 0.5)), Slice(x, AxisRange(), AxisRange(1, 3)),
		}, 1)
	}},
}

func TestExport(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, net := range nets {
		store := model.NewStore()
		store.SetParam(model.ParamInitialSeed, int64(1))
		for _, batch := range []int{1, 7} {
			dims := append([]int{batch}, net.example...)
			flat := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
			for i := range flat {
				flat[i] = rng.Float32()*4 - 2
			}
			want, err := model.CallOnce(gobackend.GetBackend(), store, net.fn, tensors.FromFlatDataAndDimensions(flat, dims...))
			if err != nil {
				t.Fatalf("%s: %v", net.name, err)
			}
			got := predict(t, net.name, store, net.fn, net.example, &mlflow.Tensor{Shape: dims, Data: flat})
			w := tensors.MustCopyFlatData[float32](want)
			if len(got) != len(w) {
				t.Fatalf("%s: %d numbers, want %d", net.name, len(got), len(w))
			}
			for i := range w {
				if math.Abs(float64(w[i]-got[i])) > 1e-5*(1+math.Abs(float64(w[i]))) {
					t.Errorf("%s, batch of %d: element %d is %v, GoMLX says %v", net.name, batch, i, got[i], w[i])
					break
				}
			}
		}
	}
}

// TestExportBatchNorm exports batch normalization of the last axis and of the channels of an image. GoMLX's own
// backend computes the reference without the operation that is exported.
func TestExportBatchNorm(t *testing.T) {
	t.Parallel()
	for name, net := range map[string]struct {
		example []int
		axis    int
	}{"features": {[]int{3}, -1}, "channels first": {[]int{3, 4, 5}, 1}, "channels last": {[]int{4, 5, 3}, -1}} {
		fn := func(useBackend bool) func(s *model.Scope, x *Node) *Node {
			return func(s *model.Scope, x *Node) *Node {
				return norm.BatchNorm(s, x, net.axis).UseBackendInference(useBackend).Done()
			}
		}
		store, dims := model.NewStore(), append([]int{2}, net.example...)
		flat := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
		for i := range flat {
			flat[i] = float32(i%11) / 4
		}
		reference := func() []float32 {
			y, err := model.CallOnce(
				gobackend.GetBackend(), store, fn(false), tensors.FromFlatDataAndDimensions(flat, dims...))
			if err != nil {
				t.Fatal(err)
			}
			return tensors.MustCopyFlatData[float32](y)
		}
		reference() // Creates the variables.
		for variable, value := range map[string][]float32{
			"mean": {0.5, -1, 2}, "variance": {4, 0.25, 1}, "scale": {1, 2, -3}, "offset": {0, 0.5, 1},
		} {
			if err := store.GetVariable("/batch_normalization/" + variable).SetValue(tensors.FromValue(value)); err != nil {
				t.Fatal(err)
			}
		}
		got, want := predict(t, name, store, fn(true), net.example, &mlflow.Tensor{Shape: dims, Data: flat}), reference()
		for i := range want {
			if math.Abs(float64(want[i]-got[i])) > 1e-5*(1+math.Abs(float64(want[i]))) {
				t.Fatalf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

func predict(
	t *testing.T, name string, store *model.Store, fn func(*model.Scope, *Node) *Node, example []int, x *mlflow.Tensor,
) []float32 {
	t.Helper()
	outputs := []mlflow.TensorSpec{{Name: "y"}}
	file, err := onnx.Export(store, func(s *model.Scope, in []*Node) []*Node { return []*Node{fn(s, in[0])} },
		[]mlflow.TensorSpec{{Name: "x", DType: "float32", Shape: append([]int{-1}, example...)}}, outputs)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if outputs[0].DType != "float32" || outputs[0].Shape[0] != -1 {
		t.Errorf("%s: the output is %+v", name, outputs[0])
	}
	m, err := models.ReadONNX(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	y, err := m.Predict(t.Context(), x)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out, err := y.Float32s()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	inputs := []mlflow.TensorSpec{{Name: "x", DType: "float32", Shape: []int{-1, 3}}}
	for name, test := range map[string]struct {
		fn   func(x *Node) *Node
		says string
	}{
		"a sum over the batch": {ReduceAllSum, "batch"},
		"the batch's size":     {func(x *Node) *Node { return MulScalar(x, x.Shape().Dimensions[0]) }, "batch"},
		"sorting":              {func(x *Node) *Node { return Sort(x, 1, true) }, "the model"},
	} {
		_, err := onnx.Export(model.NewStore(), func(_ *model.Scope, in []*Node) []*Node { return []*Node{test.fn(in[0])} },
			inputs, []mlflow.TensorSpec{{Name: "y"}})
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := onnx.Export(model.NewStore(),
		func(_ *model.Scope, in []*Node) []*Node { return []*Node{FFT(ConvertDType(in[0], dtypes.Complex64))} }, inputs,
		[]mlflow.TensorSpec{{Name: "y"}})
	if !errors.Is(err, compute.ErrNotImplemented) {
		t.Errorf("complex numbers: %v", err)
	}
}
