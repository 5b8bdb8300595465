package quickstart

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/millrace-ml/millrace/examples/internal/idx"
	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/mlflow"
)

// exported is the classifier with the signature that the export needs.
func exported(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
	return []*graph.Node{Classifier(scope, inputs[0])}
}

// scaled returns pixels as numbers from 0 to 1, as torchvision's ToTensor does.
func scaled(pixels []byte) []float32 {
	out := make([]float32, len(pixels))
	for i, p := range pixels {
		out[i] = float32(p) / 255
	}
	return out
}

// batches returns a dataset with images [batch, 1, 28, 28] and labels [batch, 1].
func batches(title string, data *idx.Split, size int) *trainer.Examples {
	return &trainer.Examples{
		Title: title, Shape: []int{1, side, side}, Count: data.Images.Len(), Size: size,
		Features: func(from, to int) []float32 { return scaled(data.Images.Pixels[from*side*side : to*side*side]) },
		Labels: func(from, to int) *tensors.Tensor {
			labels := make([]int32, 0, to-from)
			for _, l := range data.Labels[from:to] {
				labels = append(labels, int32(l))
			}
			return tensors.FromFlatDataAndDimensions(labels, to-from, 1)
		},
	}
}

// describe returns descriptions of both splits for the inputs of the run. Their digests
// depend on the bytes of the files.
func describe(o *Options, data *idx.Set) (map[string]*mlflow.Dataset, error) {
	out := map[string]*mlflow.Dataset{}
	for purpose, split := range map[string]*idx.Split{"training": &data.Train, "test": &data.Test} {
		features := &mlflow.Tensor{Shape: []int{split.Images.Len(), side, side}, Data: split.Images.Pixels}
		targets := &mlflow.Tensor{Shape: []int{len(split.Labels)}, Data: split.Labels}
		d, err := mlflow.NewDataset(o.Dataset+"-"+purpose, o.Source, features, targets)
		if err != nil {
			return nil, err
		}
		out[purpose] = d
	}
	return out, nil
}
