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
		nil,
	},
	"ai.onnx.ml.LinearRegressor": {"coefficients intercepts post_transform targets", 1, 1, 1, nil},
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
	"ai.onnx.ml.LinearClassifier": linearClassifier, "ai.onnx.ml.LinearRegressor": linearRegressor,
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
	if c.str("post_transform", "NONE") == "LOGISTIC" {
		both, err = kernel.Map(both, kernel.Sigmoid)
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
