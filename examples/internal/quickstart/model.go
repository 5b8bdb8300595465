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
	side    = 28 // Pixels of an image, each way.
	classes = 10
)

// Classifier is the page's ImageClassifier: two convolutions and a linear layer.
// It maps images [batch, 1, 28, 28] to logits [batch, 10]. Its weights have the
// shapes that PyTorch's have.
func Classifier(scope *model.Scope, image *graph.Node) *graph.Node {
	x := conv3(scope.In("conv1"), image, 8)
	x = conv3(scope.In("conv2"), x, 16)
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	fc := trainer.TorchInit(scope.In("fc"), x.Shape().Dimensions[1])
	return layers.DenseWithLayout(fc, x, compute.DenseLayoutOutputsInput, true, classes)
}

// conv3 is a convolution of 3 by 3 pixels and a rectifier.
func conv3(scope *model.Scope, x *graph.Node, channels int) *graph.Node {
	scope = trainer.TorchInit(scope, 9*x.Shape().Dimensions[1])
	return activation.Relu(layers.Convolution(scope, x).Channels(channels).KernelSize(3).ChannelsAxis(images.ChannelsFirst).NoPadding().Done())
}
