package quickstart

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/examples/internal/idx"
	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/examples/internal/trainer/torchtest"
)

// generated returns the images that testdata/make_losses.py generates.
func generated(count int) *idx.Split {
	g := torchtest.Generator(2)
	s := &idx.Split{Images: &idx.Images{Rows: side, Cols: side}}
	for i := range count {
		class := i % classes
		s.Labels = append(s.Labels, byte(class))
		for r := range side {
			for k := range side {
				base := uint32(32)
				if (r*(class+1)+k*(10-class))%28 < 14 {
					base = 128
				}
				s.Images.Pixels = append(s.Images.Pixels, byte(base+g.Next()&63))
			}
		}
	}
	return s
}

func TestLossesArePyTorchs(t *testing.T) {
	t.Parallel()
	compareWithTorch(t, "quickstart", Classifier, 1e-3, []torchtest.Variable{
		{Path: "/conv1/conv/weights", FanIn: 9, Dims: []int{8, 1, 3, 3}},
		{Path: "/conv1/conv/biases", FanIn: 9, Dims: []int{8}},
		{Path: "/conv2/conv/weights", FanIn: 72, Dims: []int{16, 8, 3, 3}},
		{Path: "/conv2/conv/biases", FanIn: 72, Dims: []int{16}},
		{Path: "/fc/dense/weights", FanIn: 9216, Dims: []int{10, 9216}},
		{Path: "/fc/dense/biases", FanIn: 9216, Dims: []int{10}},
	})
}

// pooled is a network with max pooling. GoMLX's own Go backend does not implement its
// gradient.
func pooled(scope *model.Scope, x *graph.Node) *graph.Node {
	conv := func(scope *model.Scope, channels int) *layers.ConvBuilder {
		return layers.Convolution(scope, x).Channels(channels).KernelSize(5).ChannelsAxis(images.ChannelsFirst)
	}
	x = activation.Relu(conv(scope.In("conv1"), 6).PadSame().Done())
	x = graph.MaxPool(x).ChannelsAxis(images.ChannelsFirst).Window(2).Done()
	x = activation.Relu(conv(scope.In("conv2"), 16).NoPadding().Done())
	x = graph.MaxPool(x).ChannelsAxis(images.ChannelsFirst).Window(3).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	x = activation.Relu(layers.DenseWithLayout(scope.In("fc1"), x, compute.DenseLayoutOutputsInput, true, 84))
	return layers.DenseWithLayout(scope.In("fc2"), x, compute.DenseLayoutOutputsInput, true, classes)
}

func TestLossesWithPoolingArePyTorchs(t *testing.T) {
	t.Parallel()
	compareWithTorch(t, "pooled", pooled, 0.02, []torchtest.Variable{
		{Path: "/conv1/conv/weights", FanIn: 25, Dims: []int{6, 1, 5, 5}},
		{Path: "/conv1/conv/biases", FanIn: 25, Dims: []int{6}},
		{Path: "/conv2/conv/weights", FanIn: 150, Dims: []int{16, 6, 5, 5}},
		{Path: "/conv2/conv/biases", FanIn: 150, Dims: []int{16}},
		{Path: "/fc1/dense/weights", FanIn: 400, Dims: []int{84, 400}},
		{Path: "/fc1/dense/biases", FanIn: 400, Dims: []int{84}},
		{Path: "/fc2/dense/weights", FanIn: 84, Dims: []int{10, 84}},
		{Path: "/fc2/dense/biases", FanIn: 84, Dims: []int{10}},
	})
}

// compareWithTorch trains a network with the weights and images of the PyTorch program
// and compares the losses.
func compareWithTorch(t *testing.T, name string, net func(*model.Scope, *graph.Node) *graph.Node, rate float64, weights []torchtest.Variable) {
	t.Helper()
	backend, err := trainer.Backend()
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	g := torchtest.Generator(1)
	g.Start(t, store, weights)
	sgd := optimizer.StochasticGradientDescent().WithLearningRate(rate).WithDecay(false)
	gomlxTrainer := train.NewTrainer(backend, store, net, loss.SparseCategoricalCrossEntropyLogits, sgd, nil, nil)
	var all []train.Batch
	for batch, err := range batches("generated", generated(640), 64).Iter() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, batch)
	}
	torchtest.Compare(t, name, func(i int) float64 {
		batch, err := all[i%len(all)].Clone()
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := gomlxTrainer.TrainStep(batch)
		if err != nil {
			t.Fatal(err)
		}
		return shapes.ConvertTo[float64](metrics[0].Value())
	})
}
