package guide

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/mlflow"
)

// features is the number of columns that describe a tumour.
const features = 30

// dropout is the share of a hidden layer's outputs that training sets to zero. The model
// reads it from its hyperparameters.
const dropout = 0.3

// Classifier is the page's BreastCancerModel: three linear layers with dropout between
// them. It maps scaled features [batch, 30] to logits [batch, 1]. A logit above 0 means
// malignant. The weights have the shapes of PyTorch's weights.
func Classifier(scope *model.Scope, x *graph.Node) *graph.Node {
	x = activation.Relu(linear(scope.In("fc1"), x, 30))
	x = layers.DropoutFromScope(scope, x)
	x = activation.Relu(linear(scope.In("fc2"), x, 15))
	x = layers.DropoutFromScope(scope, x)
	return linear(scope.In("fc3"), x, 1)
}

func linear(scope *model.Scope, x *graph.Node, outputs int) *graph.Node {
	scope = trainer.TorchInit(scope, x.Shape().Dimensions[1])
	return layers.DenseWithLayout(scope, x, compute.DenseLayoutOutputsInput, true, outputs)
}

func exported(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
	return []*graph.Node{Classifier(scope, inputs[0])}
}

var (
	inputs  = []mlflow.TensorSpec{{Name: "features", DType: "float32", Shape: []int{-1, features}}}
	outputs = []mlflow.TensorSpec{{Name: "logits"}}
)
