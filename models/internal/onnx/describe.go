package onnx

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// descriptions describes nodes to the passes of package graph. A function returns nil for a node that is not
// described; it can read attributes, and inputs that are known when the file is read. The inputs of a node are in the
// order of the description.
var descriptions = map[string]func(c *call) graph.Op{
	"Identity": func(*call) graph.Op { return graph.Same{} },
	"Conv":     describeConv, "ConvTranspose": describeConv, "Gemm": describeGemm,
	"MatMul":             func(*call) graph.Op { return graph.MatMul{} },
	"IsNaN":              func(*call) graph.Op { return graph.IsNaN{} },
	"Where":              func(*call) graph.Op { return graph.Select{} },
	"BatchNormalization": func(c *call) graph.Op { return graph.BatchNorm{Eps: c.float("epsilon", 1e-5)} },

	"Add": pairOf(kernel.Add), "Sub": pairOf(kernel.Sub), "Mul": pairOf(kernel.Mul), "Div": pairOf(kernel.Div),
	"Max": pairOf(kernel.Max), "Min": pairOf(kernel.Min), "Pow": describePow,

	"Relu": function(graph.Activation(simd.ActReLU)), "Sigmoid": function(graph.Activation(simd.ActSigmoid)),
	"Tanh": function(graph.Activation(simd.ActTanh)), "HardSwish": function(graph.Activation(simd.ActHardSwish)),
	"HardSigmoid": func(c *call) graph.Op {
		return unary(graph.Activation(simd.ActHardSigmoid, c.float("alpha", 0.2), c.float("beta", 0.5)))
	},
	"LeakyRelu": func(c *call) graph.Op {
		return unary(graph.Activation(simd.ActLeakyReLU, c.float("alpha", 0.01)))
	},
	"Gelu": func(c *call) graph.Op {
		if c.str("approximate", "none") == "tanh" {
			return unary(graph.Activation(simd.ActGELUTanh))
		}
		return unary(graph.Activation(simd.ActGELU))
	},
	"Swish": func(c *call) graph.Op {
		if c.float("alpha", 1) != 1 {
			return nil
		}
		return unary(graph.Activation(simd.ActSiLU))
	},
	"Elu":      func(c *call) graph.Op { return unary(graph.Activation(simd.ActELU, c.float("alpha", 1), 1)) },
	"Softplus": function(graph.Of(kernel.SoftplusOf)), "Mish": function(graph.Of(kernel.Mish)),
	"Erf": function(graph.Of(math.Erf)), "Sin": function(graph.Of(math.Sin)), "Cos": function(graph.Of(math.Cos)),
	"Reciprocal": function(graph.Of(func(v float64) float64 { return 1 / v })),
	"Exp":        function(graph.Fast("Exp")), "Log": function(graph.Fast("Log")), "Sqrt": function(graph.Fast("Sqrt")),
	"Neg": function(graph.Fast("Neg")), "Abs": function(graph.Fast("Abs")),
}

func unary(f graph.Function) graph.Op { return graph.Unary{Function: f} }

func function(f graph.Function) func(*call) graph.Op {
	return func(*call) graph.Op { return unary(f) }
}

func pairOf(op kernel.Op) func(c *call) graph.Op {
	return func(c *call) graph.Op {
		if len(c.node.inputs) != 2 {
			return nil
		}
		return graph.Binary{Op: op}
	}
}

func describeConv(c *call) graph.Op {
	weight, w := c.opt(1), c.window()
	if weight == nil || len(weight.Shape) < 3 || w.Kernel != nil && !slices.Equal(w.Kernel, weight.Shape[2:]) {
		return nil
	}
	if c.node.op == "ConvTranspose" {
		return graph.ConvTranspose{Window: w, Groups: c.int("group", 1), Extra: c.ints("output_padding")}
	}
	return graph.Conv{Window: w, Groups: c.int("group", 1)}
}

func describeGemm(c *call) graph.Op {
	if c.float("alpha", 1) != 1 || c.float("beta", 1) != 1 || c.int("transA", 0) != 0 {
		return nil
	}
	return graph.Linear{Turned: c.int("transB", 0) != 0, Rank: 2}
}

// describePow describes a power by a known number. The exponent remains an input of the step.
func describePow(c *call) graph.Op {
	exponent := c.opt(1)
	if exponent == nil || exponent.Len() != 1 || len(exponent.Shape) > 0 {
		return nil
	}
	v, err := kernel.AsFloat(exponent)
	if err != nil {
		return nil
	}
	if f, ok := graph.Power(v); ok {
		return unary(f)
	}
	return nil
}

// describe sets the description of a step.
func (r *reader) describe(s *graph.Scope, name string, n *nodeProto, st *graph.Step) {
	st.Pure, st.Cheap = true, cheap[name]
	c := &call{node: n, opset: int(r.file.opsets[""]), values: s.Known(st.Reads)}
	if _, ok := recurrences[name]; ok {
		st.Prepare = func(known []*tensor) (graph.Run, []int) { return prepareRecurrent(name, n, c.opset, known) }
	}
	var op graph.Op
	switch describe := descriptions[name]; {
	case name == "Clip":
		op = describeClip(c, st)
	case name == "Dropout" && len(st.Reads) == 1:
		op = graph.Same{}
	case describe != nil:
		op = describe(c)
	}
	if op == nil || c.err != nil {
		return
	}
	st.Op, st.Cheap = op, true
	switch op.(type) {
	case graph.Unary:
		// The other inputs are known.
		fixArguments(st, c.values)
	case graph.Conv, graph.ConvTranspose, graph.Linear, graph.MatMul:
		st.Cheap = false
	}
}

// describeClip describes a limit by known numbers.
func describeClip(c *call, st *graph.Step) graph.Op {
	limits := [2]float64{c.float("min", float32(math.Inf(-1))), c.float("max", float32(math.Inf(1)))}
	for i := 1; i < len(st.Reads) && i <= 2; i++ {
		if st.Reads[i] < 0 {
			continue
		}
		t := c.opt(i)
		if t == nil || len(t.Shape) > 0 {
			return nil
		}
		v, err := kernel.AsFloat(t)
		if err != nil {
			return nil
		}
		limits[i-1] = v
	}
	return unary(graph.Activation(simd.ActClip, limits[0], limits[1]))
}

// fixArguments removes the arguments after the first, whose values are known.
func fixArguments(st *graph.Step, known []*tensor) {
	if len(st.Reads) < 2 {
		return
	}
	run, rest := st.Run, known[1:]
	st.Reads = st.Reads[:1]
	st.Run = func(ctx context.Context, values []*tensor) ([]*tensor, error) {
		return run(ctx, append([]*tensor{values[0]}, rest...))
	}
}

// cheap has the operators without a description whose time is proportional to the elements of inputs and results.
var cheap = func() map[string]bool {
	out := map[string]bool{}
	for _, list := range []string{
		"Reshape Flatten Squeeze Unsqueeze Transpose Concat Split Slice Expand Shape Size ConstantOfShape Range Trilu Cast",
		"CastLike Where Equal Less LessOrEqual Greater GreaterOrEqual And Or Not Tile Pad Gather Mod",
		"ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare Softmax Floor Ceil Round",
	} {
		for _, name := range strings.Fields(list) {
			out[name] = true
		}
	}
	return out
}()
