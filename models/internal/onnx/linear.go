package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// linearModel is a linear model: the scores of a row are the products of its features with one coefficient for each
// pair of a score and a feature.
type linearModel struct {
	matrix           *kernel.PreparedMatrix
	bias             []float32
	scores, features int
}

// linear returns the linear model of a node with a number of scores.
func (n *nodeProto) linear(scores int) (*linearModel, error) {
	coefficients, m := []float32(nil), &linearModel{scores: scores}
	if a := n.attributes["coefficients"]; a != nil {
		coefficients = a.floats
	}
	if a := n.attributes["intercepts"]; a != nil && len(a.floats) > 0 {
		m.bias = a.floats
	}
	if scores < 1 || len(coefficients)%scores != 0 || m.bias != nil && len(m.bias) != scores {
		return nil, kernel.Invalid("%d coefficients and %d intercepts for %d scores", len(coefficients), len(m.bias), scores)
	}
	m.features = len(coefficients) / scores
	var err error
	m.matrix, err = kernel.PrepareMatrix(&tensor{Shape: []int{scores, m.features}, Data: coefficients}, true)
	return m, err
}

// run computes the scores of every row of input 0.
func (m *linearModel) run(c *call) (*tensor, error) {
	x, err := c.rows()
	if err != nil {
		return nil, err
	}
	if x.Shape[1] != m.features {
		return nil, kernel.Invalid("%d coefficients for %d scores of shape %v", m.scores*m.features, m.scores, x.Shape)
	}
	return m.matrix.Run(x, kernel.Epilogue{Bias: m.bias}, nil)
}

// rows returns input 0 as float32 of shape [rows, features].
func (c *call) rows() (*tensor, error) {
	x, err := kernel.Cast(c.in(0), "float32")
	if err != nil {
		return nil, err
	}
	switch len(x.Shape) {
	case 1:
		return &tensor{Shape: []int{1, x.Shape[0]}, Data: x.Data}, nil
	case 2:
		return x, nil
	}
	return nil, kernel.Invalid("features of shape %v", x.Shape)
}

func linearRegressor(n *nodeProto) (func(c *call) (results, error), error) {
	targets := 1
	if a := n.attributes["targets"]; a != nil {
		targets = int(min(max(a.i, 0), kernel.MaxElements))
	}
	m, err := n.linear(targets)
	if err != nil {
		return nil, err
	}
	return func(c *call) (results, error) { return one(m.run(c)) }, nil
}

// linearClassifier computes one score for each class, or one for the second of two classes.
func linearClassifier(n *nodeProto) (func(c *call) (results, error), error) {
	labels, single := n.labels("classlabels_ints"), false
	if a := n.attributes["intercepts"]; a != nil {
		single = len(a.floats) == 1 && labels.Len() == 2
	}
	scores := labels.Len()
	if single {
		scores = 1
	}
	m, err := n.linear(scores)
	if err != nil {
		return nil, err
	}
	return func(c *call) (results, error) {
		scores, err := m.run(c)
		if err != nil {
			return nil, err
		}
		if single {
			return c.classifyTwo(scores, labels, false)
		}
		return c.classify(scores, labels)
	}, nil
}

// classify returns the label with the highest score of each row of float32 and all scores after the post transform. It
// overwrites the scores.
func (c *call) classify(scores, labels *tensor) (results, error) {
	list, n := scores.Data.([]float32), scores.Shape[1]
	if n == 0 {
		return nil, kernel.Invalid("the best of no classes")
	}
	best := make([]int64, scores.Shape[0])
	for i := range best {
		row, at := list[i*n:(i+1)*n], 0
		for j, v := range row {
			if v > row[at] || v != v && row[at] == row[at] {
				at = j
			}
		}
		best[i] = int64(at)
	}
	label, err := kernel.Gather(labels, &tensor{Shape: []int{len(best)}, Data: best}, 0)
	if err != nil {
		return nil, err
	}
	switch c.str("post_transform", "NONE") {
	case "LOGISTIC":
		simd.Activate(simd.ActSigmoid, 0, 0, list, list)
	case "SOFTMAX":
		kernel.SoftmaxRows(list, list, n)
	}
	return results{label, scores}, nil
}

// normalizer divides every row by its norm, unless that is 0.
func normalizer(c *call) (results, error) {
	x, err := kernel.Cast(c.in(0), "float32")
	if err != nil {
		return nil, err
	}
	if len(x.Shape) == 0 {
		return nil, kernel.Invalid("a number is normalized")
	}
	out, err := kernel.Dirty("float32", x.Shape)
	if err != nil {
		return nil, err
	}
	n, kind := x.Shape[len(x.Shape)-1], c.str("norm", "MAX")
	from, to := x.Data.([]float32), out.Data.([]float32)
	for i := 0; i < len(from); i += n {
		norm := normOf(from[i:i+n], kind)
		for j, v := range from[i : i+n] {
			to[i+j] = v / norm
		}
	}
	return results{out}, nil
}

// normOf returns the norm of a row, or 1 for one that is not a norm.
func normOf(row []float32, kind string) float32 {
	norm := 0.0
	if kind == "MAX" {
		norm = kernel.NegInf
	}
	for _, v := range row {
		switch w := float64(v); kind {
		case "L1":
			norm += math.Abs(w)
		case "L2":
			norm += w * w
		default:
			norm = max(norm, w)
		}
	}
	if kind == "L2" {
		norm = math.Sqrt(norm)
	}
	if norm == 0 || math.IsNaN(norm) {
		return 1
	}
	return float32(norm)
}

// scaler computes (x-offset)*scale, with one offset and one scale for each column or for all.
func scaler(c *call) (results, error) {
	x, err := kernel.Cast(c.in(0), "float32")
	if err != nil {
		return nil, err
	}
	offset, scale := c.floats("offset"), c.floats("scale")
	n := len(scale)
	if len(x.Shape) == 0 || n == 0 || len(offset) != n || n != x.Shape[len(x.Shape)-1] {
		// The lists broadcast in another way, or not at all.
		if x, err = kernel.Arith(kernel.Sub, x, &tensor{Shape: []int{len(offset)}, Data: offset}); err != nil {
			return nil, err
		}
		return one(kernel.Arith(kernel.Mul, x, &tensor{Shape: []int{n}, Data: scale}))
	}
	out, err := kernel.Dirty("float32", x.Shape)
	if err != nil {
		return nil, err
	}
	from, to := x.Data.([]float32), out.Data.([]float32)
	for i := 0; i < len(from); i += n {
		row, result := from[i:i+n], to[i:i+n]
		for j, v := range row {
			result[j] = (v - offset[j]) * scale[j]
		}
	}
	return results{out}, nil
}
