package onnx

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/graph"
)

func texts(list ...string) (out []attributeProto) {
	for _, s := range list {
		out = append(out, attributeProto{s: s})
	}
	return out
}

func numbers(list ...int64) (out []attributeProto) {
	for _, n := range list {
		out = append(out, attributeProto{i: n})
	}
	return out
}

// choices has the attributes that select among ways to compute, with values that exist in ONNX and values that do not.
var choices = map[string][]attributeProto{
	"auto_pad": texts("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER", "other"),
	"mode": texts("avg", "max", "nearest", "linear", "cubic", "bilinear", "bicubic", "constant", "reflect", "edge", "wrap", "DCR", "CRD",
		"other"),
	"nearest_mode": texts("round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "other"),
	"coordinate_transformation_mode": texts("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
		"asymmetric", "tf_crop_and_resize", "output_half_pixel", "other"),
	"keep_aspect_ratio_policy": texts("stretch", "not_larger", "not_smaller"),
	"antialias":                numbers(0, 1), "exclude_outside": numbers(0, 1),
	"padding_mode": texts("zeros", "border", "reflection", "other"),
	"reduction":    texts("none", "add", "mul", "max", "min", "mean", "sum", "other"),
	"approximate":  texts("none", "tanh", "other"), "direction": texts("LEFT", "RIGHT", "forward", "reverse", "other"),
	"exclusive": numbers(0, 1), "reverse": numbers(0, 1), "training_mode": numbers(0, 1), "spatial": numbers(0, 1),
	"to": numbers(1, 7, 9, 10, 14, 15, 16, 17, 22, 99), "dtype": numbers(1, 7, 14, 99),
	"qk_matmul_output_mode": numbers(0, 1), "softcap": {{f: 0}, {f: 1}},
	"layout": numbers(0, 1), "input_forget": numbers(0, 1),
	"activations":        {{strings: []string{"Sigmoid", "Tanh", "Tanh"}}, {strings: []string{"Relu"}}, {strings: []string{"Elu"}}},
	"post_transform":     texts("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT", "other"),
	"aggregate_function": texts("SUM", "AVERAGE", "MIN", "MAX", "other"), "norm": texts("MAX", "L1", "L2", "other"),
}

// TestChecks tries every choice of every operator, on the models of the operators' tests: what is accepted when a file
// is opened must not be refused by a run.
func TestChecks(t *testing.T) {
	tried := map[string]bool{}
	for _, m := range sampleModels(t) {
		for _, n := range m.file.graph.nodes {
			name := nameOf(n)
			for _, attribute := range strings.Fields(operators[name].attributes) {
				for i := range choices[attribute] {
					tried[name+" "+attribute] = true
					m.try(t, n, attribute, &choices[attribute][i])
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		for _, attribute := range strings.Fields(operators[name].attributes) {
			if choices[attribute] != nil && !tried[name+" "+attribute] {
				t.Errorf("no model of the tests has a node %s, whose attribute '%s' is a choice", name, attribute)
			}
		}
	}
}

// try runs a model in which an attribute of a node has another value.
func (m *sampleModel) try(t *testing.T, n *nodeProto, attribute string, value *attributeProto) {
	t.Helper()
	before, had := n.attributes[attribute]
	n.attributes[attribute] = value
	defer func() {
		if delete(n.attributes, attribute); had {
			n.attributes[attribute] = before
		}
	}()
	p, err := program(m.file, files.Dir{})
	if err != nil {
		return
	}
	inputs := make([]*tensor, len(p.Inputs))
	for i, in := range p.Inputs {
		inputs[i] = m.inputs[in.Spec.Name]
	}
	if _, err := p.Run(t.Context(), inputs); errors.Is(err, mlflow.NotImplemented) && strings.Contains(err.Error(), "("+nameOf(n)+")") {
		t.Errorf("%s: %s with %s %+v is refused by a run only: %v", m.name, nameOf(n), attribute, *value, err)
	}
}

// sampleModel is a model of the operators' tests.
type sampleModel struct {
	name   string
	file   *modelProto
	inputs map[string]*tensor
}

func sampleModels(t *testing.T) []*sampleModel {
	t.Helper()
	var out []*sampleModel
	for _, file := range []string{"operators", "operators_more", "classical"} {
		data, err := os.ReadFile("../../testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var cases []struct {
			Name   string
			Model  []byte
			Inputs map[string]struct {
				DType string
				Shape []int
				Data  []byte
			}
		}
		if err := json.Unmarshal(data, &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			m := &sampleModel{name: c.Name, inputs: map[string]*tensor{}}
			if m.file, err = parseModel(c.Model); err != nil {
				t.Fatal(err)
			}
			for name, in := range c.Inputs {
				m.inputs[name] = &tensor{Shape: in.Shape, Data: strings.Split(string(in.Data), "\n")}
				if in.DType != "str" {
					if m.inputs[name], err = graph.Decode(in.DType, in.Data); err != nil {
						t.Fatal(err)
					}
					m.inputs[name].Shape = in.Shape
				}
			}
			out = append(out, m)
		}
	}
	row := map[string]*tensor{"x": {Shape: []int{1, 2}, Data: []float32{1, 2}}}
	return append(out,
		&sampleModel{"a regressor", oneNode("LinearRegressor", map[string]*attributeProto{"coefficients": {floats: []float32{1, 2}}}), row},
		&sampleModel{"a normalizer", oneNode("Normalizer", map[string]*attributeProto{}), row},
		drawing("RandomUniform"), drawing("RandomNormal"), drawing("RandomUniformLike", "x"), drawing("RandomNormalLike", "x"),
		drawing("Bernoulli", "x"), drawing("Multinomial", "x"))
}

// drawing returns a model with an operator that draws numbers.
func drawing(op string, inputs ...string) *sampleModel {
	m := oneNode(op, map[string]*attributeProto{"seed": {f: 3}})
	m.graph.nodes[0].domain, m.graph.nodes[0].inputs = "", inputs
	if inputs == nil {
		m.graph.nodes[0].attributes["shape"] = &attributeProto{ints: []int64{1, 2}}
	}
	return &sampleModel{op, m, map[string]*tensor{"x": {Shape: []int{1, 2}, Data: []float32{0.5, 1}}}}
}

// oneNode returns a model with one operator for classical models.
func oneNode(op string, attributes map[string]*attributeProto) *modelProto {
	x, y := &valueInfoProto{name: "x", dtype: 1, dims: []int{-1, -1}}, &valueInfoProto{name: "y", dtype: 1, dims: []int{-1, -1}}
	n := &nodeProto{op: op, domain: "ai.onnx.ml", inputs: []string{"x"}, outputs: []string{"y"}, attributes: attributes}
	return &modelProto{
		opsets: map[string]int64{"": 17, "ai.onnx.ml": 3},
		graph:  &graphProto{inputs: []*valueInfoProto{x}, outputs: []*valueInfoProto{y}, nodes: []*nodeProto{n}},
	}
}
