package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/internal/simd"
)

// classifier is the network of MLflow's PyTorch quickstart.
func classifier(scope *model.Scope, image *graph.Node) *graph.Node {
	x := conv3(scope.In("conv1"), image, 8)
	x = conv3(scope.In("conv2"), x, 16)
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	return layers.DenseWithLayout(scope.In("fc"), x, compute.DenseLayoutOutputsInput, true, 10)
}

func conv3(scope *model.Scope, x *graph.Node, channels int) *graph.Node {
	return activation.Relu(layers.Convolution(scope,
		x).Channels(channels).KernelSize(3).ChannelsAxis(images.ChannelsFirst).NoPadding().Done())
}

type network func(scope *model.Scope, x *graph.Node) *graph.Node

// newTrainer returns a trainer of a classifier with reproducible weights.
func newTrainer(b compute.Backend, net network, rate float64) *train.Trainer {
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	sgd := optimizer.StochasticGradientDescent().WithLearningRate(rate).WithDecay(false)
	accuracy := metric.NewBaseMetric("Accuracy", "acc", metric.AccuracyMetricType, metric.SparseCategoricalAccuracyGraph,
		nil)
	return train.NewTrainer(b, store, (func(*model.Scope, *graph.Node) *graph.Node)(net),
		loss.SparseCategoricalCrossEntropyLogits, sgd, []metric.Interface{accuracy}, nil)
}

// batch returns random examples of ten classes.
func batch(seed uint64, dims ...int) train.Batch {
	r := rand.New(rand.NewPCG(seed, 1))
	x, y := make([]float32, simd.Product(dims)), make([]int32, dims[0])
	for i := range x {
		x[i] = r.Float32()
	}
	for i := range y {
		y[i] = int32(r.IntN(10))
	}
	return train.Batch{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, dims...)},
		Labels: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(y, dims[0], 1)},
	}
}

func mustNew(t testing.TB, constructor compute.Constructor, config string) compute.Backend {
	t.Helper()
	b, err := constructor(config)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func benchmarkStep(b *testing.B, net network, dims ...int) {
	for name, constructor := range map[string]compute.Constructor{BackendName: New, gobackend.BackendName: gobackend.New} {
		b.Run(name, func(b *testing.B) {
			trainer := newTrainer(mustNew(b, constructor, "parallelism=1"), net, 1e-3)
			step := func() {
				if _, err := trainer.TrainStep(batch(1, dims...)); err != nil {
					b.Fatal(err)
				}
			}
			step()
			step()
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// BenchmarkQuickstartStep runs a training step of MLflow's PyTorch quickstart.
func BenchmarkQuickstartStep(b *testing.B) { benchmarkStep(b, classifier, 64, 1, 28, 28) }

// BenchmarkSmallStep runs a training step of a network in which the overhead exceeds the arithmetic.
func BenchmarkSmallStep(b *testing.B) { benchmarkStep(b, mlp, 32, 20) }
