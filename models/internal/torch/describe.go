package torch

import (
	"math"
	"strings"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// description describes calls of an operator to the passes of package graph. names are the arguments that the step
// reads, in the order of the description. of returns nil for a call that is not described; it can read arguments that
// are not tensors, and tensors that are known when the file is read.
type description struct {
	names string
	of    func(c *call) graph.Op
}

// function describes an operator that applies a function to every element of self.
func function(f graph.Function) description {
	return description{"self", func(*call) graph.Op { return graph.Unary{Function: f} }}
}

// descriptions has the described operators by name, without the overload.
var descriptions = map[string]description{
	"contiguous": same, "detach": same, "alias": same, "clone": same,
	"dropout": {"input", sameOp}, "feature_dropout": {"input", sameOp}, "alpha_dropout": {"input", sameOp},

	"linear": {"input weight bias", func(*call) graph.Op { return graph.Linear{Turned: true} }},
	"matmul": {"self other", func(*call) graph.Op { return graph.MatMul{} }},
	"addmm":  {"mat1 mat2 self", describeAddMM},
	"conv1d": describedConv, "conv2d": describedConv, "convolution": describedConv,
	"conv_transpose1d": describedTransposed, "conv_transpose2d": describedTransposed,
	"batch_norm": describedNorm, "_native_batch_norm_legit_no_training": describedNorm,

	"relu": function(graph.Activation(simd.ActReLU)), "sigmoid": function(graph.Activation(simd.ActSigmoid)),
	"tanh": function(graph.Activation(simd.ActTanh)), "silu": function(graph.Activation(simd.ActSiLU)),
	"hardswish":   function(graph.Activation(simd.ActHardSwish)),
	"hardsigmoid": function(graph.Activation(simd.ActHardSigmoid, 1.0/6, 0.5)),
	"relu6":       function(graph.Activation(simd.ActClip, 0, 6)),
	"hardtanh": {"self", func(c *call) graph.Op {
		return unary(graph.Activation(simd.ActClip, c.float("min_val", -1), c.float("max_val", 1)))
	}},
	"clamp": {"self", describeClamp}, "clamp_min": {"self", describeClamp}, "clamp_max": {"self", describeClamp},
	"leaky_relu": {"self", func(c *call) graph.Op {
		return unary(graph.Activation(simd.ActLeakyReLU, c.float("negative_slope", 0.01)))
	}},
	"gelu": {"self", func(c *call) graph.Op {
		if c.text("approximate", "none") == "tanh" {
			return unary(graph.Activation(simd.ActGELUTanh))
		}
		return unary(graph.Activation(simd.ActGELU))
	}},
	"elu": {"self", func(c *call) graph.Op {
		alpha, scale, slope := c.float("alpha", 1), c.float("scale", 1), c.float("input_scale", 1)
		if slope == 1 {
			return unary(graph.Activation(simd.ActELU, alpha*scale, scale))
		}
		return unary(graph.Of(kernel.Elu(alpha, scale, slope)))
	}},
	"softplus": {"self", func(c *call) graph.Op {
		return unary(graph.Of(kernel.Softplus(c.float("beta", 1), c.float("threshold", 20))))
	}},
	"mish": function(graph.Of(kernel.Mish)), "erf": function(graph.Of(math.Erf)),
	"sin": function(graph.Of(math.Sin)), "cos": function(graph.Of(math.Cos)),
	"rsqrt":      function(graph.Of(func(v float64) float64 { return 1 / math.Sqrt(v) })),
	"reciprocal": function(graph.Of(func(v float64) float64 { return 1 / v })),
	"exp":        function(graph.Fast("Exp")), "log": function(graph.Fast("Log")), "sqrt": function(graph.Fast("Sqrt")),
	"neg": function(graph.Fast("Neg")), "abs": function(graph.Fast("Abs")), "square": {"self", func(*call) graph.Op {
		f, _ := graph.Power(2)
		return unary(f)
	}},
	"pow": {"self", describePow},

	"add": pairOf(kernel.Add), "sub": pairOf(kernel.Sub), "mul": pairOf(kernel.Mul), "div": pairOf(kernel.Div),
	"rsub":    {"other self", func(c *call) graph.Op { return describePair(c, kernel.Sub, "other", "self") }},
	"maximum": pairOf(kernel.Max), "minimum": pairOf(kernel.Min),
}

var (
	same          = description{"self", sameOp}
	describedConv = description{"input weight bias", describeConv}

	describedTransposed = description{"input weight bias", describeTransposed}
	describedNorm       = description{"input weight bias running_mean running_var", func(c *call) graph.Op {
		if !c.has("running_mean") || !c.has("running_var") { // They are those of the batch.
			return nil
		}
		return graph.BatchNorm{Eps: c.float("eps", 1e-5)}
	}}
)

func sameOp(*call) graph.Op { return graph.Same{} }

func unary(f graph.Function) graph.Op { return graph.Unary{Function: f} }

func pairOf(op kernel.Op) description {
	return description{"self other", func(c *call) graph.Op { return describePair(c, op, "self", "other") }}
}

// describePair describes arithmetic between two tensors, or a tensor and a number.
func describePair(c *call, op kernel.Op, left, right string) graph.Op {
	if c.float("alpha", 1) != 1 || c.has("rounding_mode") {
		return nil
	}
	a, b := c.args[left], c.args[right]
	switch {
	case a.kind == tensorKind && b.kind == tensorKind:
		return graph.Binary{Op: op}
	case a.kind == tensorKind && (b.kind == numberKind || b.kind == intsKind):
		v := float32(c.float(right, 0))
		return graph.Binary{Op: op, Number: &v}
	case b.kind == tensorKind && (a.kind == numberKind || a.kind == intsKind):
		v := float32(c.float(left, 0))
		return graph.Binary{Op: op, Number: &v, Reversed: true}
	}
	return nil
}

// describePow describes powers that are products and roots.
func describePow(c *call) graph.Op {
	if c.args["exponent"].kind != numberKind && c.args["exponent"].kind != intsKind {
		return nil
	}
	if f, ok := graph.Power(c.float("exponent", 0)); ok {
		return unary(f)
	}
	return nil
}

func describeClamp(c *call) graph.Op {
	for _, name := range []string{"min", "max"} {
		if kind := c.args[name].kind; kind != noneKind && kind != numberKind && kind != intsKind {
			return nil
		}
	}
	return unary(graph.Activation(simd.ActClip, c.float("min", math.Inf(-1)), c.float("max", math.Inf(1))))
}

func describeAddMM(c *call) graph.Op {
	if c.float("alpha", 1) != 1 || c.float("beta", 1) != 1 {
		return nil
	}
	return graph.Linear{Rank: 2}
}

// describeConv describes a convolution by a weight that is known.
func describeConv(c *call) graph.Op {
	if c.bool("transposed", false) {
		return describeTransposed(c)
	}
	if !c.knows("weight") {
		return nil
	}
	return graph.Conv{Window: c.window(c.axes()), Groups: c.int("groups", 1)}
}

func describeTransposed(c *call) graph.Op {
	if !c.knows("weight") {
		return nil
	}
	n := c.axes()
	return graph.ConvTranspose{Window: c.window(n), Groups: c.int("groups", 1), Extra: c.list("output_padding", n)}
}

// knows reports whether a tensor is known when the file is read.
func (c *call) knows(name string) bool {
	v := c.args[name]
	return v.kind == tensorKind && c.values[v.slots[0]] != nil
}

// describe sets the description of a step, and puts its arguments in the order of the description.
func (b *builder) describe(base string, c *call, st *graph.Step) {
	st.Pure, st.Cheap = true, viewOperators[base] || cheap[base]
	d, ok := descriptions[base]
	if !ok {
		return
	}
	order, tensors := []int{}, 0
	for _, name := range strings.Fields(d.names) {
		switch v := c.args[name]; {
		case v.kind == tensorKind:
			order, tensors = append(order, v.slots[0]), tensors+1
		case v.kind == noneKind && name != "self" && name != "input":
			order = append(order, -1)
		}
	}
	look := &call{args: c.args, values: b.Known(st.Reads)}
	// A size that another node computes is not known here.
	if tensors != len(st.Reads) {
		return
	}
	op := d.of(look)
	if op == nil || look.err != nil {
		return
	}
	st.Op, st.Cheap = op, true
	switch op.(type) {
	case graph.Conv, graph.ConvTranspose, graph.Linear, graph.MatMul:
		st.Cheap = false
	}
	st.Arrange(order)
}

// cheap has the operators without a description whose time is proportional to the elements of arguments and results,
// besides those of viewOperators.
var cheap = setOf(
	"cat stack full full_like zeros zeros_like ones ones_like arange eye where masked_fill eq ne lt le gt ge",
	"logical_and logical_or logical_not bitwise_and bitwise_or bitwise_not _to_copy flip repeat tile triu tril roll pad",
	"constant_pad_nd floor_divide remainder index_select embedding new_zeros new_ones new_full scalar_tensor lift_fresh",
	"_weight_norm sum mean amax amin linalg_vector_norm norm softmax _softmax")

func setOf(lists ...string) map[string]bool {
	out := map[string]bool{}
	for _, name := range strings.Fields(strings.Join(lists, " ")) {
		out[name] = true
	}
	return out
}
