package torch

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
)

// choices has the arguments that select among ways to compute, with values that exist in PyTorch and values that do
// not.
var choices = map[string][]argumentValue{
	"rounding_mode": texts("floor", "trunc", "up"), "approximate": texts("none", "tanh", "other"),
	"reduce":             texts("sum", "prod", "mean", "amax", "amin", "add", "multiply", "other"),
	"mode":               append(texts("constant", "reflect", "replicate", "circular", "other"), numbers(0, 1, 2, 3)...),
	"indexing":           texts("ij", "xy", "other"),
	"side":               texts("left", "right", "other"),
	"interpolation_mode": numbers(0, 1, 2, 3), "padding_mode": numbers(0, 1, 2, 3),
	"include_self":  {{kind: boolKind}, {kind: boolKind, float: 1}},
	"ord":           {{kind: numberKind, float: 1}, {kind: numberKind, float: 2}},
	"n":             numbers(-1, 0, 2, 100),
	"interpolation": texts("linear", "lower", "higher", "midpoint", "nearest", "cubic"),
	"sorter":        {{kind: tensorKind, slots: []int{1}}},
	"padding":       append(texts("same", "valid", "other"), numbers(1)...),
}

func texts(list ...string) (out []argumentValue) {
	for _, s := range list {
		out = append(out, argumentValue{kind: textKind, text: s})
	}
	return out
}

func numbers(list ...int) (out []argumentValue) {
	for _, n := range list {
		out = append(out, argumentValue{kind: intsKind, ints: []int{n}, slots: []int{-1}})
	}
	return out
}

// samples has the other arguments of the operators with choices. An argument that is a number is the index of one of
// sampleValues.
var samples = map[string]map[string]any{
	"div": {"self": 0, "other": 0}, "gelu": {"self": 0}, "linalg_norm": {"self": 0}, "diff": {"self": 0},
	"linalg_vector_norm": {"self": 0},
	"scatter":            {"self": 0, "dim": []int{0}, "index": 1, "src": 0}, "scatter_reduce": {"self": 0, "dim": []int{0}, "index": 1, "src": 0},
	"index_reduce": {"self": 0, "dim": []int{0}, "index": 10, "source": 0},
	"pad":          {"self": 2, "pad": []int{1, 1}}, "meshgrid": {"tensors": []int{3, 3}},
	"searchsorted": {"sorted_sequence": 3, "self": 0}, "grid_sampler": {"input": 2, "grid": 4},
	"conv1d": {"input": 0, "weight": 5}, "conv2d": {"input": 2, "weight": 6}, "conv3d": {"input": 7, "weight": 8},
	"convolution":      {"input": 2, "weight": 6},
	"conv_transpose1d": {"input": 0, "weight": 5}, "conv_transpose2d": {"input": 2, "weight": 6}, "conv_transpose3d": {"input": 7, "weight": 8},
	"max_pool1d": {"self": 0, "kernel_size": []int{2}}, "max_pool2d": {"self": 2, "kernel_size": []int{2}},
	"max_pool2d_with_indices": {"self": 2, "kernel_size": []int{2}}, "max_pool3d": {"self": 7, "kernel_size": []int{2}},
	"avg_pool1d": {"self": 0, "kernel_size": []int{2}}, "avg_pool2d": {"self": 2, "kernel_size": []int{2}},
	"avg_pool3d": {"self": 7, "kernel_size": []int{2}},
	"im2col":     {"self": 2, "kernel_size": []int{2, 2}}, "col2im": {"self": 9, "output_size": []int{4, 4}, "kernel_size": []int{2, 2}},
	"embedding_bag": {"weight": 0, "indices": 10, "offsets": 10},
	"eye":           {},
	"quantile":      {"self": 0, "q": 13}, "nanquantile": {"self": 0, "q": 13},

	"linalg_matrix_norm": {"self": 0}, "linalg_qr": {"A": 0}, "linalg_matrix_power": {"self": 12}, "matrix_power": {"self": 12},
	"max_pool1d_with_indices": {"self": 0, "kernel_size": []int{2}}, "max_pool3d_with_indices": {"self": 7, "kernel_size": []int{2}},
	"max_unpool2d": {"self": 2, "indices": 11, "output_size": []int{8, 8}}, "max_unpool3d": {"self": 2, "indices": 11, "output_size": []int{8, 8}},
	"fft_fft": {"self": 0}, "fft_ifft": {"self": 0}, "fft_rfft": {"self": 0}, "fft_irfft": {"self": 0},
	"fft_fftfreq": {}, "fft_rfftfreq": {}, "randperm": {},
}

var sampleValues = []*tensor{
	sample(2, 3),
	{Shape: []int{2, 3}, Data: make([]int64, 6)},
	sample(1, 1, 4, 4),
	{Shape: []int{2}, Data: []float32{0, 1}},
	sample(1, 2, 2, 2),
	sample(2, 2, 2),
	sample(1, 1, 2, 2),
	sample(1, 1, 4, 4, 4),
	sample(1, 1, 2, 2, 2),
	sample(1, 4, 25),
	{Shape: []int{2}, Data: []int64{0, 1}},
	{Shape: []int{1, 1, 4, 4}, Data: make([]int64, 16)},
	{Shape: []int{2, 2}, Data: []float32{1, 0, 0, 1}},
	{Shape: []int{}, Data: []float32{0.5}},
}

func sample(shape ...int) *tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return &tensor{Shape: shape, Data: make([]float32, n)}
}

// TestChecks tries every choice of every operator. What the check accepts must not be refused by a run.
func TestChecks(t *testing.T) {
	tried := map[string]bool{}
	for target, op := range operators {
		_, base, _ := lookUp(target)
		for _, name := range strings.Fields(op.args) {
			for _, v := range choices[name] {
				rest, ok := samples[base]
				if !ok {
					t.Fatalf("%s has the argument '%s'; samples needs its other arguments", target, name)
				}
				tried[base] = true
				tryChoice(t, target, &op, name, v, rest)
			}
		}
	}
	for base := range samples {
		if !tried[base] {
			t.Errorf("no operator %s has choices", base)
		}
	}
}

func tryChoice(t *testing.T, target string, op *operator, name string, v argumentValue, rest map[string]any) {
	t.Helper()
	c := &call{args: map[string]argumentValue{name: v}}
	for other, value := range rest {
		switch value := value.(type) {
		case int:
			c.args[other] = argumentValue{kind: tensorKind, slots: []int{value}}
		case []int:
			c.args[other] = argumentValue{kind: intsKind, ints: value, slots: slices.Repeat([]int{-1}, len(value))}
			if other == "tensors" {
				c.args[other] = argumentValue{kind: tensorsKind, slots: value}
			}
		}
	}
	if err := checkCall(target, c, rest); err != nil {
		return
	}
	if _, err := c.run(*op, sampleValues, false); errors.Is(err, mlflow.NotImplemented) {
		t.Errorf("%s with %s %+v is refused by a run only: %v", target, name, v, err)
	}
}

// checkCall checks a call as a builder does.
func checkCall(target string, c *call, rest map[string]any) error {
	_, base, _ := lookUp(target)
	n, values := &node{}, map[string]tensorMeta{}
	if at, ok := rest["self"].(int); ok {
		n.Inputs = append(n.Inputs, namedArgument{"self", argument{Tensor: &nameRef{"self"}}})
		values["self"] = tensorMeta{Sizes: make([]dimension, len(sampleValues[at].Shape))}
	}
	b := &builder{Scope: graph.NewScope(), graph: &exportedGraph{Values: values}}
	return b.check(base, c, &graph.Step{}, n)
}

// TestChecksRefuse names arguments that must be refused when a file is opened.
func TestChecksRefuse(t *testing.T) {
	for target, args := range map[string]map[string]argumentValue{
		"aten.scatter_reduce.two":       {"reduce": texts("median")[0]},
		"aten.index_reduce.default":     {"reduce": texts("sum")[0]},
		"aten.grid_sampler.default":     {"interpolation_mode": numbers(3)[0]},
		"aten.quantile.scalar":          {"interpolation": texts("cubic")[0]},
		"aten.linalg_qr.default":        {"mode": texts("full")[0]},
		"aten.linalg_norm.default":      {"ord": {kind: numberKind, float: 3}, "dim": {kind: intsKind, ints: []int{0, 1}, slots: []int{-1, -1}}},
		"aten.linalg_lu_factor.default": {"pivot": {kind: boolKind}},
		"aten.linalg_lu_solve.default":  {"adjoint": {kind: boolKind, float: 1}},
		"aten.istft.default":            {"return_complex": {kind: boolKind, float: 1}},
		"aten.mse_loss.default":         {"reduction": numbers(3)[0]},
		"aten.stft.default":             {"align_to_window": {kind: boolKind, float: 1}},
		"aten.sum.default":              {"dtype": texts("complex128")[0]},
		"aten.div.Tensor_mode":          {"rounding_mode": texts("up")[0]},
		"aten.searchsorted.Tensor":      {"sorter": {kind: tensorKind, slots: []int{0}}},
		"aten.conv2d.padding":           {"padding": texts("other")[0]},
		"aten.gelu.default":             {"approximate": texts("other")[0]},
		"aten.pad.default":              {"mode": texts("other")[0]},
		"aten.embedding_bag.default":    {"mode": numbers(5)[0]},
	} {
		if err := checkCall(target, &call{args: args}, nil); !errors.Is(err, mlflow.NotImplemented) {
			t.Errorf("%s: %v", target, err)
		}
	}
}
