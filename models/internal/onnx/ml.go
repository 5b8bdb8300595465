package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// mlOps are the operators of classical models, as skl2onnx writes them.
var mlOps = map[string]operator{
	"ai.onnx.ml.TreeEnsembleClassifier": {classAttributes, 1, 1, 2, nil},
	"ai.onnx.ml.TreeEnsembleRegressor":  {valueAttributes, 1, 1, 1, nil},
	"ai.onnx.ml.SVMClassifier":          {svmClassAttributes, 1, 1, 2, nil},
	"ai.onnx.ml.SVMRegressor":           {svmValueAttributes, 1, 1, 1, nil},
	"ai.onnx.ml.ArrayFeatureExtractor":  {"", 2, 2, 1, extractor},
	"ai.onnx.ml.FeatureVectorizer":      {"inputdimensions", 1, -1, 1, vectorizer},
	"ai.onnx.ml.Binarizer":              {"threshold", 1, 1, 1, binarizer},
	"ai.onnx.ml.Imputer": {
		"imputed_value_floats imputed_value_int64s replaced_value_float replaced_value_int64", 1, 1, 1, imputer,
	},
	"ai.onnx.ml.OneHotEncoder": {"cats_int64s cats_strings zeros", 1, 1, 1, oneHotEncoder},
	"ai.onnx.ml.LabelEncoder":  {labelAttributes, 1, 1, 1, labelEncoder},
	"ai.onnx.ml.LinearClassifier": {
		"classlabels_ints classlabels_strings coefficients intercepts multi_class post_transform", 1, 1, 2,
		linearClassifier,
	},
	"ai.onnx.ml.LinearRegressor": {"coefficients intercepts post_transform targets", 1, 1, 1, linearRegressor},
	"ai.onnx.ml.Normalizer":      {"norm", 1, 1, 1, normalizer},
	"ai.onnx.ml.Scaler":          {"offset scale", 1, 1, 1, scaler},
	"ai.onnx.ml.ZipMap": {
		"classlabels_int64s classlabels_strings", 1, 1, 1,
		func(c *call) (results, error) { return results{c.in(0)}, nil },
	},
}

// prepared are the operators whose attributes are parsed when the file is opened rather than in every run.
var prepared = map[string]func(n *nodeProto) (func(c *call) (results, error), error){
	"ai.onnx.ml.TreeEnsembleClassifier": treeClassifier, "ai.onnx.ml.TreeEnsembleRegressor": treeRegressor,
	"ai.onnx.ml.SVMClassifier": svmClassifier, "ai.onnx.ml.SVMRegressor": svmRegressor,
	"MaxPool": prepareMaxPool, "RoiAlign": prepareRoiAlign,
	"RandomUniform": withSeed(drawUniform), "RandomUniformLike": withSeed(drawUniform),
	"RandomNormal": withSeed(drawNormal), "RandomNormalLike": withSeed(drawNormal),
	"Bernoulli": withSeed(randomOps["Bernoulli"].run), "Multinomial": withSeed(randomOps["Multinomial"].run),
}

// linear computes the scores of a linear model: the features multiplied by one coefficient for each pair of a score
// and a feature.
func (c *call) linear(scores int) (*tensor, error) {
	x, err := kernel.Cast(c.in(0), "float32")
	if err != nil {
		return nil, err
	}
	coefficients, intercepts := c.floats("coefficients"), c.floats("intercepts")
	if len(x.Shape) == 1 {
		x = &tensor{Shape: []int{1, x.Shape[0]}, Data: x.Data}
	}
	if len(x.Shape) != 2 || scores < 1 || len(coefficients) != scores*x.Shape[1] {
		return nil, kernel.Invalid("%d coefficients for %d scores of shape %v", len(coefficients), scores, x.Shape)
	}
	var bias *tensor
	if len(intercepts) > 0 {
		bias = &tensor{Shape: []int{len(intercepts)}, Data: intercepts}
		if len(intercepts) != scores {
			return nil, kernel.Invalid("%d intercepts for %d scores", len(intercepts), scores)
		}
	}
	return kernel.Linear(x, &tensor{Shape: []int{scores, x.Shape[1]}, Data: coefficients}, bias)
}

func (c *call) floats(name string) []float32 {
	if a := c.node.attributes[name]; a != nil {
		return a.floats
	}
	return nil
}

// labels returns the classes, which are integers or strings.
func (n *nodeProto) labels(ints string) *tensor {
	if a := n.attributes[ints]; a != nil && len(a.ints) > 0 {
		return &tensor{Shape: []int{len(a.ints)}, Data: a.ints}
	}
	if a := n.attributes["classlabels_strings"]; a != nil && len(a.strings) > 0 {
		return &tensor{Shape: []int{len(a.strings)}, Data: a.strings}
	}
	return placeholder()
}

// linearClassifier computes one score for each class.
func linearClassifier(c *call) (results, error) {
	labels := c.node.labels("classlabels_ints")
	if n := len(c.floats("intercepts")); n == 1 && labels.Len() == 2 {
		scores, err := c.linear(1)
		if err != nil {
			return nil, err
		}
		return c.classifyTwo(scores, labels, false)
	}
	scores, err := c.linear(labels.Len())
	if err != nil {
		return nil, err
	}
	return c.classify(scores, labels)
}

// classify returns the label with the highest score of each row and all scores after the post transform.
func (c *call) classify(scores, labels *tensor) (results, error) {
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
		return nil, kernel.Unsupported("post_transform '%s'", post)
	}
	return results{label, scores}, err
}

// classifyTwo decides between two classes by the score of the second class, which is in the last column: a
// probability, or a number that is positive for the second class.
func (c *call) classifyTwo(scores, labels *tensor, probability bool) (results, error) {
	second, err := kernel.Slice(scores, 1, -1, math.MaxInt, 1)
	if err != nil {
		return nil, err
	}
	limit := 0.0
	first := func(v float64) float64 { return -v }
	if probability {
		limit, first = 0.5, func(v float64) float64 { return 1 - v }
	}
	over, err := kernel.Compare(kernel.Greater, second, c.like(limit, second))
	if err != nil {
		return nil, err
	}
	if over, err = kernel.Reshape(over, []int{-1}); err != nil {
		return nil, err
	}
	label, err := kernel.Where(over, at(labels, 1), at(labels, 0))
	if err != nil {
		return nil, err
	}
	other, err := kernel.Map(second, first)
	if err != nil {
		return nil, err
	}
	both, err := kernel.Concat([]*tensor{other, second}, 1)
	if err != nil {
		return nil, err
	}
	switch post := c.str("post_transform", "NONE"); {
	case post == "NONE":
	case post == "LOGISTIC" && !probability:
		both, err = kernel.Map(both, kernel.Sigmoid)
	default:
		return nil, kernel.Unsupported("post_transform '%s' of two classes with one score", post)
	}
	return results{label, both}, err
}

// at returns element i as a list.
func at(list *tensor, i int) *tensor {
	out, err := kernel.Select(list, 0, i)
	if err != nil {
		return placeholder()
	}
	return out
}

// rejectPostTransform returns an error if the node has a post transform.
func (c *call) rejectPostTransform() error {
	if post := c.str("post_transform", "NONE"); post != "NONE" {
		return kernel.Unsupported("post_transform '%s'", post)
	}
	return nil
}

func linearRegressor(c *call) (results, error) {
	if err := c.rejectPostTransform(); err != nil {
		return nil, err
	}
	return one(c.linear(c.int("targets", 1)))
}

// normalizer divides every row by its norm.
func normalizer(c *call) (results, error) {
	kind, ok := map[string]kernel.Reduction{"L1": kernel.L1, "L2": kernel.L2, "MAX": kernel.Maximum}[c.str("norm", "MAX")]
	if !ok {
		return nil, kernel.Unsupported("norm '%s'", c.str("norm", ""))
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

// divideNonZero divides x by the norm. Rows whose norm is 0 stay unchanged.
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

// scaler computes (x-offset)*scale.
func scaler(c *call) (results, error) {
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
