package models

import (
	"math"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// onnxMLOps are classical models, as skl2onnx writes them.
var onnxMLOps = map[string]onnxOp{
	"ai.onnx.ml.LinearClassifier": {"classlabels_ints classlabels_strings coefficients intercepts multi_class post_transform", 1, 1, 2, onnxLinearClassifier},
	"ai.onnx.ml.LinearRegressor":  {"coefficients intercepts post_transform targets", 1, 1, 1, onnxLinearRegressor},
	"ai.onnx.ml.Normalizer":       {"norm", 1, 1, 1, onnxNormalizer},
	"ai.onnx.ml.Scaler":           {"offset scale", 1, 1, 1, onnxScaler},
	"ai.onnx.ml.ZipMap":           {"classlabels_int64s classlabels_strings", 1, 1, 1, func(c *onnxCall) (results, error) { return results{c.in(0)}, nil }},
}

// linear computes the scores of a linear model: rows of features times a
// coefficient for every pair of score and feature.
func (c *onnxCall) linear(scores int) (*tensor, error) {
	x, err := kernel.Cast(c.in(0), "float32")
	if err != nil {
		return nil, err
	}
	coefficients, intercepts := c.floats("coefficients"), c.floats("intercepts")
	if len(x.Shape) == 1 {
		x = &tensor{Shape: []int{1, x.Shape[0]}, Data: x.Data}
	}
	if len(x.Shape) != 2 || scores < 1 || len(coefficients) != scores*x.Shape[1] {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d coefficients for %d scores of shape %v", len(coefficients), scores, x.Shape)
	}
	var bias *tensor
	if len(intercepts) > 0 {
		bias = &tensor{Shape: []int{len(intercepts)}, Data: intercepts}
		if len(intercepts) != scores {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d intercepts for %d scores", len(intercepts), scores)
		}
	}
	return kernel.Linear(x, &tensor{Shape: []int{scores, x.Shape[1]}, Data: coefficients}, bias)
}

func (c *onnxCall) floats(name string) []float32 {
	if a := c.node.attributes[name]; a != nil {
		return a.floats
	}
	return nil
}

// onnxLinearClassifier returns the label of the highest score of every row, and
// all scores after the post transform.
func onnxLinearClassifier(c *onnxCall) (results, error) {
	labels := nothing()
	if a := c.node.attributes["classlabels_ints"]; a != nil && len(a.ints) > 0 {
		labels = &tensor{Shape: []int{len(a.ints)}, Data: a.ints}
	} else if a := c.node.attributes["classlabels_strings"]; a != nil {
		labels = &tensor{Shape: []int{len(a.strings)}, Data: a.strings}
	}
	if n := len(c.floats("intercepts")); n == 1 && labels.Len() == 2 {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "a classifier of two classes with one score")
	}
	scores, err := c.linear(labels.Len())
	if err != nil {
		return nil, err
	}
	best, err := kernel.ArgBest(scores, 1, false, false, false)
	if err != nil {
		return nil, err
	}
	label, err := kernel.Gather(labels, best, 0)
	if err != nil {
		return nil, err
	}
	switch post := c.str("post_transform", "NONE"); post {
	case "NONE":
	case "LOGISTIC":
		scores, err = kernel.Map(scores, kernel.Sigmoid)
	case "SOFTMAX":
		scores, err = kernel.Softmax(scores, 1)
	default:
		return nil, mlflow.Errorf(mlflow.NotImplemented, "post_transform '%s'", post)
	}
	return results{label, scores}, err
}

func onnxLinearRegressor(c *onnxCall) (results, error) {
	if post := c.str("post_transform", "NONE"); post != "NONE" {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "post_transform '%s'", post)
	}
	return one(c.linear(c.int("targets", 1)))
}

// onnxNormalizer divides every row by its norm.
func onnxNormalizer(c *onnxCall) (results, error) {
	kind, ok := map[string]kernel.Reduction{"L1": kernel.L1, "L2": kernel.L2, "MAX": kernel.Maximum}[c.str("norm", "MAX")]
	if !ok {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "norm '%s'", c.str("norm", ""))
	}
	x, err := kernel.Cast(c.in(0), "float32")
	if err != nil {
		return nil, err
	}
	norm, err := kernel.Reduce(kind, x, []int{-1}, true)
	if err != nil {
		return nil, err
	}
	return one(divideNonZero(x, norm))
}

// divideNonZero divides; what a norm of 0 belongs to stays as it is.
func divideNonZero(x, norm *tensor) (*tensor, error) {
	norm, err := kernel.Map(norm, func(v float64) float64 {
		if v == 0 || math.IsNaN(v) {
			return 1
		}
		return v
	})
	if err != nil {
		return nil, err
	}
	return kernel.Arith(kernel.Div, x, norm)
}

// onnxScaler is (x-offset)*scale.
func onnxScaler(c *onnxCall) (results, error) {
	x, err := kernel.Cast(c.in(0), "float32")
	if err != nil {
		return nil, err
	}
	offset, scale := c.floats("offset"), c.floats("scale")
	if x, err = kernel.Arith(kernel.Sub, x, &tensor{Shape: []int{len(offset)}, Data: offset}); err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Mul, x, &tensor{Shape: []int{len(scale)}, Data: scale}))
}
