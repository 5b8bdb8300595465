package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// operator describes an ONNX operator: the supported attributes, the number of inputs (a max of -1 is unlimited, a
// max of 0 is the same as min) and the number of computed results (0 is all of them).
type operator struct {
	attributes     string
	min, max, outs int
	run            func(c *call) (results, error)
}

// operators has the supported operators by name, and by domain and name for domains other than ONNX's own. Constant
// is missing because the reader handles it.
var operators = graph.Join(basicOps, indexOps, mlOps, recurrentOps, sequenceOps, spectralOps,
	detectOps, lossOps, randomOps)

// basicOps are the operators that have no table of their own.
var basicOps = map[string]operator{
	// Elementwise functions of one tensor.
	"Abs": unaryOperator(kernel.Abs), "Neg": unaryOperator(kernel.Neg), "Relu": unaryOperator(kernel.Relu),
	"Not":  unaryOperator(kernel.Not),
	"Sqrt": elementwise(math.Sqrt), "Exp": elementwise(math.Exp), "Log": elementwise(math.Log),
	"Erf":   elementwise(math.Erf),
	"Asinh": elementwise(math.Asinh), "Acosh": elementwise(math.Acosh), "Atanh": elementwise(math.Atanh),
	"Sin": elementwise(math.Sin), "Cos": elementwise(math.Cos), "Tan": elementwise(math.Tan),
	"Atan": elementwise(math.Atan),
	"Asin": elementwise(math.Asin), "Acos": elementwise(math.Acos), "Sinh": elementwise(math.Sinh),
	"Cosh": elementwise(math.Cosh),
	"Tanh": elementwise(math.Tanh), "Sigmoid": elementwise(kernel.Sigmoid), "Softsign": elementwise(kernel.Softsign),
	"Softplus": elementwise(kernel.SoftplusOf), "HardSwish": elementwise(kernel.HardSwish),
	"Mish":  elementwise(kernel.Mish),
	"Floor": elementwise(math.Floor), "Ceil": elementwise(math.Ceil), "Round": elementwise(math.RoundToEven),
	"Sign":       elementwise(kernel.Sign),
	"Reciprocal": elementwise(func(v float64) float64 { return 1 / v }),
	"LeakyRelu": {
		"alpha", 1, 1, 1,
		curveOf(func(c *call) curve { return kernel.LeakyRelu(c.float("alpha", 0.01)) }),
	},
	"Elu":         {"alpha", 1, 1, 1, curveOf(func(c *call) curve { return kernel.Elu(c.float("alpha", 1), 1, 1) })},
	"Celu":        {"alpha", 1, 1, 1, curveOf(celu)},
	"Selu":        {"alpha gamma", 1, 1, 1, curveOf(selu)},
	"HardSigmoid": {"alpha beta", 1, 1, 1, curveOf(hardSigmoid)},
	"ThresholdedRelu": {
		"alpha", 1, 1, 1,
		curveOf(func(c *call) curve { return kernel.Threshold(c.float("alpha", 1), 0) }),
	},
	"Gelu":     {"approximate", 1, 1, 1, curveOf(gelu)},
	"Swish":    {"alpha", 1, 1, 1, curveOf(swish)},
	"PRelu":    binaryOperator(kernel.PRelu),
	"Clip":     {"min max", 1, 3, 1, clip},
	"Cast":     {"to saturate", 1, 1, 1, cast},
	"CastLike": {"saturate", 2, 2, 1, castLike},
	"Shrink":   {"bias lambd", 1, 1, 1, curveOf(shrink)},
	"IsInf":    {"detect_negative detect_positive", 1, 1, 1, isInf},
	"IsNaN": {
		"", 1, 1, 1,
		func(c *call) (results, error) { return one(kernel.Compare(kernel.NotEqual, c.in(0), c.in(0))) },
	},

	// Elementwise functions of two or more tensors.
	"Add": arith(kernel.Add), "Sub": arith(kernel.Sub), "Mul": arith(kernel.Mul), "Div": arith(kernel.Div),
	"Pow": {"", 2, 2, 1, pow}, "Mod": {"fmod", 2, 2, 1, mod},
	"Max": fold(kernel.Max), "Min": fold(kernel.Min), "Sum": fold(kernel.Add), "Mean": {"", 1, -1, 1, mean},
	"Equal": compare(kernel.Equal), "Less": compare(kernel.Less), "LessOrEqual": compare(kernel.LessEqual),
	"Greater": compare(kernel.Greater), "GreaterOrEqual": compare(kernel.GreaterEqual),
	"And": compare(kernel.And), "Or": compare(kernel.Or), "Xor": compare(kernel.Xor),
	"Where": {"", 3, 3, 1, func(c *call) (results, error) { return one(kernel.Where(c.in(0), c.in(1), c.in(2))) }},

	"BitwiseAnd": bits(kernel.And), "BitwiseOr": bits(kernel.Or), "BitwiseXor": bits(kernel.Xor),
	"BitShift":   {"direction", 2, 2, 1, bitShift},
	"BitwiseNot": unaryOperator(kernel.Flip),

	// Layers.
	"MatMul": binaryOperator(kernel.MatMul), "Gemm": {"alpha beta transA transB", 2, 3, 1, gemm},
	"Conv":          {"auto_pad dilations group kernel_shape pads strides", 2, 3, 1, conv},
	"ConvTranspose": {"auto_pad dilations group kernel_shape output_padding pads strides", 2, 3, 1, convTranspose},
	"MaxPool":       {"auto_pad ceil_mode dilations kernel_shape pads storage_order strides", 1, 1, 2, maxPool},
	"AveragePool": {
		"auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides", 1, 1, 1,
		averagePool,
	},
	"GlobalAveragePool":     {"", 1, 1, 1, globalPool(kernel.Mean)},
	"GlobalMaxPool":         {"", 1, 1, 1, globalPool(kernel.Maximum)},
	"BatchNormalization":    {"epsilon momentum spatial training_mode", 5, 5, 1, batchNorm},
	"InstanceNormalization": {"epsilon", 3, 3, 1, instanceNorm},
	"GroupNormalization":    {"epsilon num_groups stash_type", 3, 3, 1, groupNorm},
	"LayerNormalization":    {"axis epsilon stash_type", 2, 3, 1, layerNorm},
	"RMSNormalization":      {"axis epsilon stash_type", 2, 2, 1, rmsNorm},
	"Einsum":                {"equation", 1, -1, 1, einsum},
	"LpNormalization":       {"axis p", 1, 1, 1, lpNorm},
	"LRN":                   {"alpha beta bias size", 1, 1, 1, lrn},
	"Attention": {
		"is_causal kv_num_heads q_num_heads qk_matmul_output_mode scale softcap softmax_precision",
		3, 4, 1, attention,
	},
	"Softmax":    {"axis", 1, 1, 1, softmax(kernel.Softmax)},
	"LogSoftmax": {"axis", 1, 1, 1, softmax(kernel.LogSoftmax)},
	"Dropout":    {"ratio seed", 1, 3, 1, dropout},
	"Resize": {
		"coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value mode nearest_mode " +
			"antialias keep_aspect_ratio_policy", 1, 4, 1, resize,
	},

	// Shapes and indices.
	"Identity": unaryOperator(func(x *tensor) (*tensor, error) { return x, nil }),
	"Reshape":  {"allowzero", 2, 2, 1, reshape},
	"Flatten":  {"axis", 1, 1, 1, flatten},
	"Squeeze": {
		"axes", 1, 2, 1,
		func(c *call) (results, error) { return one(kernel.Squeeze(c.in(0), c.axes(1, "axes"), true)) },
	},
	"Unsqueeze": {
		"axes", 1, 2, 1,
		func(c *call) (results, error) { return one(kernel.Unsqueeze(c.in(0), c.axes(1, "axes"))) },
	},
	"Transpose": {"perm", 1, 1, 1, transpose},
	"Concat":    {"axis", 1, -1, 1, concat},
	"Split":     {"axis split num_outputs", 1, 2, 0, split},
	"Slice":     {"axes ends starts", 1, 5, 1, slice},
	"Expand":    {"", 2, 2, 1, expand},
	"Tile":      {"", 2, 2, 1, func(c *call) (results, error) { return one(kernel.Tile(c.in(0), c.intsIn(1))) }},
	"Pad":       {"mode pads value", 1, 4, 1, pad},
	"Shape":     {"start end", 1, 1, 1, shape},
	"Size": {
		"", 1, 1, 1,
		func(c *call) (results, error) { return one(kernel.Scalar(int64(c.in(0).Len())), nil) },
	},
	"ConstantOfShape": {"value", 1, 1, 1, constantOfShape},
	"Range": {
		"", 3, 3, 1,
		func(c *call) (results, error) { return one(kernel.Range(c.in(0), c.in(1), c.in(2))) },
	},
	"Trilu":  {"upper", 1, 2, 1, trilu},
	"CumSum": {"exclusive reverse", 2, 2, 1, cumSum},

	// Reductions.
	"ReduceSum": reduce(kernel.Sum), "ReduceMean": reduce(kernel.Mean), "ReduceProd": reduce(kernel.Prod),
	"ReduceMax": reduce(kernel.Maximum), "ReduceMin": reduce(kernel.Minimum), "ReduceSumSquare": reduce(kernel.SumSquare),
	"ReduceL1": reduce(kernel.L1), "ReduceL2": reduce(kernel.L2), "ReduceLogSum": reduce(kernel.LogSum),
	"ReduceLogSumExp": reduce(kernel.LogSumExp),
	"ArgMax":          {"axis keepdims select_last_index", 1, 1, 1, argBest(false)},
	"ArgMin":          {"axis keepdims select_last_index", 1, 1, 1, argBest(true)},
	"TopK":            {"axis k largest sorted", 1, 2, 2, topK},
}

// curve is a function of one number.
type curve = func(float64) float64

func unaryOperator(f func(*tensor) (*tensor, error)) operator {
	return operator{"", 1, 1, 1, func(c *call) (results, error) { return one(f(c.in(0))) }}
}

func binaryOperator(f func(a, b *tensor) (*tensor, error)) operator {
	return operator{"", 2, 2, 1, func(c *call) (results, error) { return one(f(c.in(0), c.in(1))) }}
}

func elementwise(f curve) operator {
	return unaryOperator(func(x *tensor) (*tensor, error) { return kernel.Map(x, f) })
}

// curveOf applies a function that depends on attributes to each element.
func curveOf(of func(c *call) curve) func(c *call) (results, error) {
	return func(c *call) (results, error) { return one(kernel.Map(c.in(0), of(c))) }
}

func arith(op kernel.Op) operator {
	return binaryOperator(func(a, b *tensor) (*tensor, error) { return kernel.Arith(op, a, b) })
}

func bits(op kernel.Op) operator {
	return binaryOperator(func(a, b *tensor) (*tensor, error) { return kernel.Bits(op, a, b) })
}

func compare(op kernel.Op) operator {
	return binaryOperator(func(a, b *tensor) (*tensor, error) { return kernel.Compare(op, a, b) })
}

// fold combines any number of inputs, two at a time.
func fold(op kernel.Op) operator {
	return operator{"", 1, -1, 1, func(c *call) (results, error) { return one(c.fold(op)) }}
}

func (c *call) fold(op kernel.Op) (*tensor, error) {
	out := c.in(0)
	for i := 1; i < len(c.values); i++ {
		var err error
		if out, err = kernel.Arith(op, out, c.in(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func reduce(kind kernel.Reduction) operator {
	return operator{"axes keepdims noop_with_empty_axes", 1, 2, 1, func(c *call) (results, error) {
		axes := c.axes(1, "axes")
		if len(axes) == 0 {
			if c.int("noop_with_empty_axes", 0) != 0 {
				return results{c.in(0)}, nil
			}
			axes = nil
		}
		return one(kernel.Reduce(kind, c.in(0), axes, c.int("keepdims", 1) != 0))
	}}
}
