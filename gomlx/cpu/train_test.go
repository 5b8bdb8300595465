package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
)

// losses trains for some steps and returns the loss of each step.
func losses(t *testing.T, b compute.Backend, net network, steps int, dims ...int) []float64 {
	t.Helper()
	trainer := newTrainer(b, net, 0.05)
	var list []float64
	for i := range steps {
		metrics, err := trainer.TrainStep(batch(uint64(i%4), dims...))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, float64(metrics[0].Value().(float32)))
	}
	return list
}

func TestTraining(t *testing.T) {
	for name, n := range nets {
		want := losses(t, mustNew(t, gobackend.New, ""), n.net, 20, n.dims...)
		for _, config := range []string{"parallelism=1", "parallelism=3"} {
			got := losses(t, mustNew(t, New, config), n.net, 20, n.dims...)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-4*(1+math.Abs(want[i])) {
					t.Fatalf("%s, %s: losses %v, want %v", name, config, got, want)
				}
			}
			if again := losses(t, mustNew(t, New, config), n.net, 20, n.dims...); !slices.Equal(got, again) {
				t.Errorf("%s, %s: losses %v, then %v", name, config, got, again)
			}
		}
		if want[19] >= want[3] {
			t.Errorf("%s learned nothing: %v", name, want)
		}
	}
}

// nets has networks and the shapes of their inputs.
var nets = map[string]struct {
	net  network
	dims []int
}{
	"quickstart": {classifier, []int{4, 1, 12, 12}},
	"strided":    {strided, []int{3, 13, 11, 2}},
	"mlp":        {mlp, []int{16, 20}},
}

// TestGradients compares the gradients of the loss with respect to all weights.
func TestGradients(t *testing.T) {
	for name, n := range nets {
		want := gradients(t, mustNew(t, gobackend.New, ""), n.net, n.dims...)
		got := gradients(t, mustNew(t, New, ""), n.net, n.dims...)
		for i := range want {
			for j, x := range want[i] {
				if !near(got[i][j], x) {
					t.Fatalf("%s: element %d of gradient %d is %v, want %v", name, j, i, got[i][j], x)
				}
			}
		}
	}
}

func gradients(t *testing.T, b compute.Backend, net network, dims ...int) [][]float32 {
	t.Helper()
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	exec, err := model.NewExec(b, store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
		scope.Store().SetTraining(x.Graph(), true)
		y := net(scope, x)
		return scope.BuildTrainableVariablesGradientsGraph(graph.ReduceAllSum(graph.Mul(y, graph.Sigmoid(y))))
	})
	if err != nil {
		t.Fatal(err)
	}
	outs, err := exec.Call(batch(7, dims...).Inputs[0])
	if err != nil {
		t.Fatal(err)
	}
	var lists [][]float32
	for _, o := range outs {
		lists = append(lists, tensors.MustCopyFlatData[float32](o))
	}
	return lists
}

// TestCheckpoint continues with weights that were saved and loaded.
func TestCheckpoint(t *testing.T) {
	b, dir := mustNew(t, New, ""), t.TempDir()
	trainer := newTrainer(b, mlp, 0.05)
	if _, err := trainer.TrainStep(batch(1, 16, 20)); err != nil {
		t.Fatal(err)
	}
	saved, err := checkpoint.Build(trainer.Store()).Dir(dir).Done()
	if err != nil {
		t.Fatal(err)
	}
	if err := saved.Save(); err != nil {
		t.Fatal(err)
	}
	restored := model.NewStore()
	if _, err := checkpoint.Load(restored).Dir(dir).Immediate().Done(); err != nil {
		t.Fatal(err)
	}
	var outs [][]float32
	for _, store := range []*model.Store{trainer.Store(), restored} {
		exec, err := model.NewExec(b, store, mlp)
		if err != nil {
			t.Fatal(err)
		}
		y, err := exec.Call1(batch(2, 5, 20).Inputs[0])
		if err != nil {
			t.Fatal(err)
		}
		outs = append(outs, tensors.MustCopyFlatData[float32](y))
	}
	if len(outs[0]) != 50 || !slices.Equal(outs[0], outs[1]) {
		t.Errorf("the model returns %v, and %v once it is loaded again", outs[0], outs[1])
	}
}

// strided is a network with channels as the last axis, strides, padding, dilation and pooling.
func strided(scope *model.Scope, x *graph.Node) *graph.Node {
	x = activation.Relu(layers.Convolution(scope.In("conv1"), x).Channels(6).KernelSize(3).Strides(2).PadSame().Done())
	x = activation.Relu(layers.Convolution(scope.In("conv2"), x).Channels(4).KernelSize(3).Dilations(2).PadSame().Done())
	x = graph.MeanPool(x).Window(2).Done()
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	return layers.DenseWithBias(scope.In("output"), x, 10)
}

// mlp is a network with dropout.
func mlp(scope *model.Scope, x *graph.Node) *graph.Node {
	x = activation.Relu(layers.DenseWithBias(scope.In("hidden"), x, 32))
	x = layers.DropoutStatic(scope, x, 0.3)
	x = graph.Tanh(layers.DenseWithBias(scope.In("second"), x, 17))
	return layers.DenseWithBias(scope.In("output"), x, 10)
}
