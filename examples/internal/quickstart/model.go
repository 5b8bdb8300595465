package quickstart

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/millrace-ml/millrace/examples/internal/trainer"
)

const (
	side    = 28 // The pixels of an image in each direction.
	classes = 10
)

// network has the layers of the page's ImageClassifier: two convolutions and a linear
// layer. It maps images [batch, 1, 28, 28] to logits [batch, 10]. Its weights have the
// shapes of PyTorch's weights.
var network = trainer.Stack{
	{Class: "Conv2d", Name: "conv1", Apply: conv3(8)},
	{Class: "ReLU", Apply: relu},
	{Class: "Conv2d", Name: "conv2", Apply: conv3(16)},
	{Class: "ReLU", Apply: relu},
	{Class: "Flatten", Apply: flatten},
	{Class: "Linear", Name: "fc", Apply: linear},
}

// Classifier builds the graph of the network.
func Classifier(scope *model.Scope, image *graph.Node) *graph.Node {
	return network.Apply(scope, image)
}

// conv3 returns a convolution with a kernel of 3 by 3 pixels.
func conv3(channels int) func(*model.Scope, *graph.Node) *graph.Node {
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		scope = trainer.TorchInit(scope, 9*x.Shape().Dimensions[1])
		return layers.Convolution(scope, x).Channels(channels).KernelSize(3).
			ChannelsAxis(images.ChannelsFirst).NoPadding().Done()
	}
}

func relu(_ *model.Scope, x *graph.Node) *graph.Node { return activation.Relu(x) }

func flatten(_ *model.Scope, x *graph.Node) *graph.Node {
	return graph.Reshape(x, x.Shape().Dimensions[0], -1)
}

func linear(scope *model.Scope, x *graph.Node) *graph.Node {
	scope = trainer.TorchInit(scope, x.Shape().Dimensions[1])
	return layers.DenseWithLayout(scope, x, compute.DenseLayoutOutputsInput, true, classes)
}
