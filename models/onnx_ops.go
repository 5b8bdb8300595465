package models

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// onnxOp is how an operator is run: the attributes that it knows, how many inputs
// it takes (a max of -1 is any number, 0 is as many as min) and how many results
// are computed (0 is all).
type onnxOp struct {
	attributes     string
	min, max, outs int
	run            func(c *onnxCall) (results, error)
}

// onnxOps are the operators that can be run, by name, and by domain and name where
// they are not ONNX's own. Constant is not among them: it is read with the graph.
var onnxOps = join(onnxBasicOps, onnxIndexOps, onnxMLOps, onnxRecurrentOps)

// onnxBasicOps are the operators of all other kinds.
var onnxBasicOps = map[string]onnxOp{
	// Element by element.
	"Abs": onnxUnary(kernel.Abs), "Neg": onnxUnary(kernel.Neg), "Relu": onnxUnary(kernel.Relu), "Not": onnxUnary(kernel.Not),
	"Sqrt": onnxMap(math.Sqrt), "Exp": onnxMap(math.Exp), "Log": onnxMap(math.Log), "Erf": onnxMap(math.Erf),
	"Asinh": onnxMap(math.Asinh), "Acosh": onnxMap(math.Acosh), "Atanh": onnxMap(math.Atanh),
	"Sin": onnxMap(math.Sin), "Cos": onnxMap(math.Cos), "Tan": onnxMap(math.Tan), "Atan": onnxMap(math.Atan),
	"Asin": onnxMap(math.Asin), "Acos": onnxMap(math.Acos), "Sinh": onnxMap(math.Sinh), "Cosh": onnxMap(math.Cosh),
	"Tanh": onnxMap(math.Tanh), "Sigmoid": onnxMap(kernel.Sigmoid), "Softsign": onnxMap(kernel.Softsign),
	"Softplus": onnxMap(kernel.SoftplusOf), "HardSwish": onnxMap(kernel.HardSwish), "Mish": onnxMap(kernel.Mish),
	"Floor": onnxMap(math.Floor), "Ceil": onnxMap(math.Ceil), "Round": onnxMap(math.RoundToEven), "Sign": onnxMap(kernel.Sign),
	"Reciprocal":      onnxMap(func(v float64) float64 { return 1 / v }),
	"LeakyRelu":       {"alpha", 1, 1, 1, onnxCurve(func(c *onnxCall) curve { return kernel.LeakyRelu(c.float("alpha", 0.01)) })},
	"Elu":             {"alpha", 1, 1, 1, onnxCurve(func(c *onnxCall) curve { return kernel.Elu(c.float("alpha", 1), 1, 1) })},
	"Celu":            {"alpha", 1, 1, 1, onnxCurve(onnxCelu)},
	"Selu":            {"alpha gamma", 1, 1, 1, onnxCurve(onnxSelu)},
	"HardSigmoid":     {"alpha beta", 1, 1, 1, onnxCurve(onnxHardSigmoid)},
	"ThresholdedRelu": {"alpha", 1, 1, 1, onnxCurve(func(c *onnxCall) curve { return kernel.Threshold(c.float("alpha", 1), 0) })},
	"Gelu":            {"approximate", 1, 1, 1, onnxCurve(onnxGelu)},
	"Swish":           {"alpha", 1, 1, 1, onnxCurve(onnxSwish)},
	"PRelu":           onnxBinary(kernel.PRelu),
	"Clip":            {"min max", 1, 3, 1, onnxClip},
	"Cast":            {"to saturate", 1, 1, 1, onnxCast},
	"CastLike":        {"saturate", 2, 2, 1, onnxCastLike},
	"Shrink":          {"bias lambd", 1, 1, 1, onnxCurve(onnxShrink)},
	"IsInf":           {"detect_negative detect_positive", 1, 1, 1, onnxIsInf},
	"IsNaN":           {"", 1, 1, 1, func(c *onnxCall) (results, error) { return one(kernel.Compare(kernel.NotEqual, c.in(0), c.in(0))) }},

	// Pairs of elements.
	"Add": onnxArith(kernel.Add), "Sub": onnxArith(kernel.Sub), "Mul": onnxArith(kernel.Mul), "Div": onnxArith(kernel.Div),
	"Pow": {"", 2, 2, 1, onnxPow}, "Mod": {"fmod", 2, 2, 1, onnxMod},
	"Max": onnxFold(kernel.Max), "Min": onnxFold(kernel.Min), "Sum": onnxFold(kernel.Add), "Mean": {"", 1, -1, 1, onnxMean},
	"Equal": onnxCompare(kernel.Equal), "Less": onnxCompare(kernel.Less), "LessOrEqual": onnxCompare(kernel.LessEqual),
	"Greater": onnxCompare(kernel.Greater), "GreaterOrEqual": onnxCompare(kernel.GreaterEqual),
	"And": onnxCompare(kernel.And), "Or": onnxCompare(kernel.Or), "Xor": onnxCompare(kernel.Xor),
	"Where": {"", 3, 3, 1, func(c *onnxCall) (results, error) { return one(kernel.Where(c.in(0), c.in(1), c.in(2))) }},

	"BitwiseAnd": onnxBits(kernel.And), "BitwiseOr": onnxBits(kernel.Or), "BitwiseXor": onnxBits(kernel.Xor), "BitShift": {"direction", 2, 2, 1, onnxBitShift},
	"BitwiseNot": onnxUnary(kernel.Flip),

	// Layers.
	"MatMul": onnxBinary(kernel.MatMul), "Gemm": {"alpha beta transA transB", 2, 3, 1, onnxGemm},
	"Conv":                  {"auto_pad dilations group kernel_shape pads strides", 2, 3, 1, onnxConv},
	"ConvTranspose":         {"auto_pad dilations group kernel_shape output_padding pads strides", 2, 3, 1, onnxConvTranspose},
	"MaxPool":               {"auto_pad ceil_mode dilations kernel_shape pads storage_order strides", 1, 1, 1, onnxMaxPool},
	"AveragePool":           {"auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides", 1, 1, 1, onnxAveragePool},
	"GlobalAveragePool":     {"", 1, 1, 1, onnxGlobalPool(kernel.Mean)},
	"GlobalMaxPool":         {"", 1, 1, 1, onnxGlobalPool(kernel.Maximum)},
	"BatchNormalization":    {"epsilon momentum spatial training_mode", 5, 5, 1, onnxBatchNorm},
	"InstanceNormalization": {"epsilon", 3, 3, 1, onnxInstanceNorm},
	"GroupNormalization":    {"epsilon num_groups stash_type", 3, 3, 1, onnxGroupNorm},
	"LayerNormalization":    {"axis epsilon stash_type", 2, 3, 1, onnxLayerNorm},
	"RMSNormalization":      {"axis epsilon stash_type", 2, 2, 1, onnxRMSNorm},
	"Einsum":                {"equation", 1, -1, 1, onnxEinsum},
	"LpNormalization":       {"axis p", 1, 1, 1, onnxLpNorm},
	"LRN":                   {"alpha beta bias size", 1, 1, 1, onnxLRN},
	"Attention":             {"is_causal kv_num_heads q_num_heads qk_matmul_output_mode scale softcap softmax_precision", 3, 4, 1, onnxAttention},
	"Softmax":               {"axis", 1, 1, 1, onnxSoftmax(kernel.Softmax)},
	"LogSoftmax":            {"axis", 1, 1, 1, onnxSoftmax(kernel.LogSoftmax)},
	"Dropout":               {"ratio seed", 1, 3, 1, onnxDropout},
	"Resize":                {"coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value mode nearest_mode antialias keep_aspect_ratio_policy", 1, 4, 1, onnxResize},

	// Shapes and places.
	"Identity":        onnxUnary(func(x *tensor) (*tensor, error) { return x, nil }),
	"Reshape":         {"allowzero", 2, 2, 1, onnxReshape},
	"Flatten":         {"axis", 1, 1, 1, onnxFlatten},
	"Squeeze":         {"axes", 1, 2, 1, func(c *onnxCall) (results, error) { return one(kernel.Squeeze(c.in(0), c.axes(1, "axes"), true)) }},
	"Unsqueeze":       {"axes", 1, 2, 1, func(c *onnxCall) (results, error) { return one(kernel.Unsqueeze(c.in(0), c.axes(1, "axes"))) }},
	"Transpose":       {"perm", 1, 1, 1, onnxTranspose},
	"Concat":          {"axis", 1, -1, 1, onnxConcat},
	"Split":           {"axis split num_outputs", 1, 2, 0, onnxSplit},
	"Slice":           {"axes ends starts", 1, 5, 1, onnxSlice},
	"Expand":          {"", 2, 2, 1, onnxExpand},
	"Tile":            {"", 2, 2, 1, func(c *onnxCall) (results, error) { return one(kernel.Tile(c.in(0), c.intsIn(1))) }},
	"Pad":             {"mode pads value", 1, 4, 1, onnxPad},
	"Shape":           {"start end", 1, 1, 1, onnxShape},
	"Size":            {"", 1, 1, 1, func(c *onnxCall) (results, error) { return one(kernel.Scalar(int64(c.in(0).Len())), nil) }},
	"ConstantOfShape": {"value", 1, 1, 1, onnxConstantOfShape},
	"Range":           {"", 3, 3, 1, func(c *onnxCall) (results, error) { return one(kernel.Range(c.in(0), c.in(1), c.in(2))) }},
	"Trilu":           {"upper", 1, 2, 1, onnxTrilu},
	"CumSum":          {"exclusive reverse", 2, 2, 1, onnxCumSum},

	// Reductions.
	"ReduceSum": onnxReduce(kernel.Sum), "ReduceMean": onnxReduce(kernel.Mean), "ReduceProd": onnxReduce(kernel.Prod),
	"ReduceMax": onnxReduce(kernel.Maximum), "ReduceMin": onnxReduce(kernel.Minimum), "ReduceSumSquare": onnxReduce(kernel.SumSquare),
	"ReduceL1": onnxReduce(kernel.L1), "ReduceL2": onnxReduce(kernel.L2), "ReduceLogSum": onnxReduce(kernel.LogSum),
	"ReduceLogSumExp": onnxReduce(kernel.LogSumExp),
	"ArgMax":          {"axis keepdims select_last_index", 1, 1, 1, onnxArgBest(false)},
	"ArgMin":          {"axis keepdims select_last_index", 1, 1, 1, onnxArgBest(true)},
	"TopK":            {"axis k largest sorted", 1, 2, 2, onnxTopK},
}

// curve is a function of one number.
type curve = func(float64) float64

func onnxUnary(f func(*tensor) (*tensor, error)) onnxOp {
	return onnxOp{"", 1, 1, 1, func(c *onnxCall) (results, error) { return one(f(c.in(0))) }}
}

func onnxBinary(f func(a, b *tensor) (*tensor, error)) onnxOp {
	return onnxOp{"", 2, 2, 1, func(c *onnxCall) (results, error) { return one(f(c.in(0), c.in(1))) }}
}

func onnxMap(f curve) onnxOp {
	return onnxUnary(func(x *tensor) (*tensor, error) { return kernel.Map(x, f) })
}

// onnxCurve is onnxMap for functions whose shape the attributes give.
func onnxCurve(of func(c *onnxCall) curve) func(c *onnxCall) (results, error) {
	return func(c *onnxCall) (results, error) { return one(kernel.Map(c.in(0), of(c))) }
}

func onnxArith(op kernel.Op) onnxOp {
	return onnxBinary(func(a, b *tensor) (*tensor, error) { return kernel.Arith(op, a, b) })
}

func onnxBits(op kernel.Op) onnxOp {
	return onnxBinary(func(a, b *tensor) (*tensor, error) { return kernel.Bits(op, a, b) })
}

func onnxCompare(op kernel.Op) onnxOp {
	return onnxBinary(func(a, b *tensor) (*tensor, error) { return kernel.Compare(op, a, b) })
}

// onnxFold joins any number of inputs, two at a time.
func onnxFold(op kernel.Op) onnxOp {
	return onnxOp{"", 1, -1, 1, func(c *onnxCall) (results, error) { return one(c.fold(op)) }}
}

func (c *onnxCall) fold(op kernel.Op) (*tensor, error) {
	out := c.in(0)
	for i := 1; i < len(c.values); i++ {
		var err error
		if out, err = kernel.Arith(op, out, c.in(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func onnxReduce(kind kernel.Reduction) onnxOp {
	return onnxOp{"axes keepdims noop_with_empty_axes", 1, 2, 1, func(c *onnxCall) (results, error) {
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
