package torch

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// operator describes an operator of ATen: the supported arguments, the number of computed results (0 is all of them)
// and the function. An operator without a function is an assertion about the graph, which is not evaluated.
type operator struct {
	args string
	outs int
	run  func(c *call) (results, error)
}

// operators has the supported operators by name and overload. In-place operators are looked up without their
// underscore.
var operators = graph.Join(unaryTable(), activationTable(), binaryTable(), comparisonTable(), shapeTable(),
	arrangeTable(), layerTable(), poolTable(), recurrentTable(), reduceTable(), indexTable(),
	imageTable(), algebraTable(), createTable(), sizeTable(), lossTable(), statisticsTable(),
	visionTable(), linalgTable(), spectralTable(), complexFromReal(),
	randomTable())

// synonyms maps operators to operators that compute the same.
var synonyms = map[string]string{
	"absolute": "abs", "negative": "neg", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
	"arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
	"divide": "div", "true_divide": "div", "multiply": "mul", "subtract": "sub", "clip": "clamp", "fix": "trunc",
	"sgn": "sign", "special_expit": "sigmoid", "special_logit": "logit",
	"greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne", "__and__": "bitwise_and",
	"__or__": "bitwise_or", "__xor__": "bitwise_xor",
	"concat": "cat", "concatenate": "cat", "row_stack": "vstack", "moveaxis": "movedim", "broadcast_to": "expand",
	"unsafe_split": "split", "unsafe_chunk": "chunk",
	"unsafe_split_with_sizes": "split_with_sizes", "_unsafe_index": "index", "_unsafe_index_put": "index_put",
	"linalg_matmul": "matmul", "ger": "outer", "linalg_cross": "cross",
	"special_logsumexp": "logsumexp", "_safe_softmax": "_softmax", "_embedding_bag_forward_only": "embedding_bag",
	"native_channel_shuffle": "channel_shuffle",
	"grid_sampler_2d":        "grid_sampler", "lift_fresh": "alias", "lift_fresh_copy": "alias", "resolve_conj": "alias",
	"resolve_neg": "alias", "positive": "alias", "_weight_norm_interface": "_weight_norm",
}

// unaryTable has the elementwise functions of one tensor.
func unaryTable() map[string]operator {
	return map[string]operator{
		"aten.abs.default": unaryOperator(kernel.Abs), "aten.neg.default": unaryOperator(kernel.Neg),
		"aten.relu.default":        unaryOperator(kernel.Relu),
		"aten.logical_not.default": not(), "aten.bitwise_not.default": unaryOperator(kernel.Flip),
		"aten.sqrt.default": elementwise(math.Sqrt), "aten.exp.default": elementwise(math.Exp),
		"aten.log.default":   elementwise(math.Log),
		"aten.log1p.default": elementwise(math.Log1p), "aten.expm1.default": elementwise(math.Expm1),
		"aten.log2.default": elementwise(math.Log2),
		"aten.sin.default":  elementwise(math.Sin), "aten.cos.default": elementwise(math.Cos),
		"aten.tan.default":  elementwise(math.Tan),
		"aten.tanh.default": elementwise(math.Tanh), "aten.atan.default": elementwise(math.Atan),
		"aten.erf.default":     elementwise(math.Erf),
		"aten.sigmoid.default": elementwise(kernel.Sigmoid), "aten.log_sigmoid.default": elementwise(kernel.LogSigmoid),
		"aten.silu.default": elementwise(kernel.Silu), "aten.mish.default": elementwise(kernel.Mish),
		"aten.hardswish.default":   elementwise(kernel.HardSwish),
		"aten.hardsigmoid.default": elementwise(kernel.HardSigmoid(1.0/6, 0.5)),
		"aten.selu.default":        elementwise(kernel.Elu(kernel.SeluAlpha, kernel.SeluScale, 1)),
		"aten.reciprocal.default":  elementwise(func(v float64) float64 { return 1 / v }),
		"aten.rsqrt.default":       elementwise(func(v float64) float64 { return 1 / math.Sqrt(v) }),
		"aten.square.default":      unaryOperator(func(x *tensor) (*tensor, error) { return kernel.Arith(kernel.Mul, x, x) }),
		"aten.sign.default":        round(kernel.Sign),
		"aten.floor.default":       round(math.Floor), "aten.ceil.default": round(math.Ceil),
		"aten.round.default": round(math.RoundToEven),
		"aten.trunc.default": round(math.Trunc), "aten.round.decimals": {"self decimals", 1, decimals},
		"aten.frac.default": elementwise(func(v float64) float64 { return v - math.Trunc(v) }),
		"aten.asin.default": elementwise(math.Asin), "aten.acos.default": elementwise(math.Acos),
		"aten.sinh.default": elementwise(math.Sinh), "aten.cosh.default": elementwise(math.Cosh),
		"aten.asinh.default": elementwise(math.Asinh), "aten.acosh.default": elementwise(math.Acosh),
		"aten.atanh.default": elementwise(math.Atanh),
		"aten.exp2.default":  elementwise(math.Exp2), "aten.log10.default": elementwise(math.Log10),
		"aten.erfc.default":  elementwise(math.Erfc),
		"aten.isinf.default": test(func(v float64) bool { return math.IsInf(v, 0) }),
		"aten.sinc.default":  elementwise(kernel.Sinc), "aten.lgamma.default": elementwise(kernel.LogGamma),
		"aten.erfinv.default":       elementwise(math.Erfinv),
		"aten.special_entr.default": elementwise(func(v float64) float64 { return -kernel.XLogY(v, v) }),
		"aten.deg2rad.default":      elementwise(func(v float64) float64 { return v * math.Pi / 180 }),
		"aten.rad2deg.default":      elementwise(func(v float64) float64 { return v * 180 / math.Pi }),
		"aten.isfinite.default":     test(func(v float64) bool { return v-v == 0 }),
	}
}

// activationTable has elementwise functions of one tensor with arguments, and glu.
func activationTable() map[string]operator {
	return map[string]operator{
		"aten.hardshrink.default": curveOf("lambd",
			func(c *call) curve { return kernel.HardShrink(c.float("lambd", 0.5)) }),
		"aten.softshrink.default": curveOf("lambd",
			func(c *call) curve { return kernel.SoftShrink(c.float("lambd", 0.5)) }),
		"aten.rrelu.default": curveOf("lower upper training", func(c *call) curve {
			return kernel.LeakyRelu((c.float("lower", 1.0/8) + c.float("upper", 1.0/3)) / 2)
		}),
		"aten.logit.default":      {"self eps", 1, logit},
		"aten.glu.default":        {"self dim", 1, glu},
		"aten.nan_to_num.default": {"self nan posinf neginf", 1, nanToNum},
		"aten.isnan.default": unaryOperator(func(x *tensor) (*tensor, error) {
			return kernel.Compare(kernel.NotEqual, x, x)
		}),
		"aten.gelu.default": {"self approximate", 1, gelu},
		"aten.leaky_relu.default": curveOf("negative_slope", func(c *call) curve {
			return kernel.LeakyRelu(c.float("negative_slope", 0.01))
		}),
		"aten.elu.default": curveOf("alpha scale input_scale", func(c *call) curve {
			return kernel.Elu(c.float("alpha", 1), c.float("scale", 1), c.float("input_scale", 1))
		}),
		"aten.celu.default": curveOf("alpha", func(c *call) curve {
			return kernel.Elu(c.float("alpha", 1), 1, 1/c.float("alpha", 1))
		}),
		"aten.softplus.default": curveOf("beta threshold", func(c *call) curve {
			return kernel.Softplus(c.float("beta", 1), c.float("threshold", 20))
		}),
		"aten.threshold.default": curveOf("threshold value", func(c *call) curve {
			return kernel.Threshold(c.float("threshold", 0), c.float("value", 0))
		}),
		"aten.prelu.default":    {"self weight", 1, pRelu},
		"aten.relu6.default":    {"self", 1, hardTanh(0, 6)},
		"aten.hardtanh.default": {"self min_val max_val", 1, hardTanh(-1, 1)},
		"aten.clamp.default":    {"self min max", 1, clamp}, "aten.clamp.Tensor": {"self min max", 1, clamp},
		"aten.clamp_min.default": {"self min", 1, clamp}, "aten.clamp_max.default": {"self max", 1, clamp},
		"aten.clamp_min.Tensor": {"self min", 1, clamp}, "aten.clamp_max.Tensor": {"self max", 1, clamp},
	}
}

// binaryTable has the arithmetic operations on two tensors.
func binaryTable() map[string]operator {
	return map[string]operator{
		"aten.add.Tensor": arith(kernel.Add), "aten.add.Scalar": arith(kernel.Add),
		"aten.sub.Tensor": arith(kernel.Sub), "aten.sub.Scalar": arith(kernel.Sub),
		"aten.rsub.Scalar": {"self other alpha", 1, reverseSub}, "aten.rsub.Tensor": {"self other alpha", 1, reverseSub},
		"aten.mul.Tensor": arith(kernel.Mul), "aten.mul.Scalar": arith(kernel.Mul),
		"aten.div.Tensor": {"self other", 1, div}, "aten.div.Scalar": {"self other", 1, div},
		"aten.div.Tensor_mode":      {"self other rounding_mode", 1, div},
		"aten.div.Scalar_mode":      {"self other rounding_mode", 1, div},
		"aten.floor_divide.default": arith(kernel.FloorDiv),
		"aten.floor_divide.Scalar":  arith(kernel.FloorDiv),
		"aten.remainder.Scalar":     arith(kernel.Mod), "aten.remainder.Tensor": arith(kernel.Mod),
		"aten.remainder.Scalar_Tensor": arith(kernel.Mod),
		"aten.fmod.Scalar":             arith(kernel.Fmod), "aten.fmod.Tensor": arith(kernel.Fmod),
		"aten.fmax.default":  pair(kernel.Fmax),
		"aten.fmin.default":  pair(func(a, b float64) float64 { return -kernel.Fmax(-a, -b) }),
		"aten.atan2.default": pair(math.Atan2), "aten.hypot.default": pair(math.Hypot),
		"aten.logaddexp.default": pair(kernel.LogAddExp),
		"aten.copysign.Tensor":   pair(math.Copysign), "aten.copysign.Scalar": pair(math.Copysign),
		"aten.xlogy.Tensor": pair(kernel.XLogY), "aten.xlogy.Scalar_Other": pair(kernel.XLogY),
		"aten.xlogy.Scalar_Self": pair(kernel.XLogY),
		"aten.isclose.default":   {"self other rtol atol equal_nan", 1, isClose},
		"aten.heaviside.default": {"self values", 1, heaviside},
		"aten.addcmul.default":   addcOperator(kernel.Mul), "aten.addcdiv.default": addcOperator(kernel.Div),
		"aten.lerp.Scalar": {"self end weight", 1, lerp}, "aten.lerp.Tensor": {"self end weight", 1, lerp},
		"aten.pow.Tensor_Scalar": {"self exponent", 1, pow}, "aten.pow.Tensor_Tensor": {"self exponent", 1, pow},
		"aten.pow.Scalar":      {"self exponent", 1, pow},
		"aten.maximum.default": arith(kernel.Max), "aten.minimum.default": arith(kernel.Min),
		"aten.max.other": arith(kernel.Max), "aten.min.other": arith(kernel.Min),
	}
}

// comparisonTable has comparisons, logical and bitwise operations, and selections by a condition.
func comparisonTable() map[string]operator {
	return map[string]operator{
		"aten.eq.Tensor": compare(kernel.Equal), "aten.eq.Scalar": compare(kernel.Equal),
		"aten.ne.Tensor": compare(kernel.NotEqual), "aten.ne.Scalar": compare(kernel.NotEqual),
		"aten.lt.Tensor": compare(kernel.Less), "aten.lt.Scalar": compare(kernel.Less),
		"aten.le.Tensor": compare(kernel.LessEqual), "aten.le.Scalar": compare(kernel.LessEqual),
		"aten.gt.Tensor": compare(kernel.Greater), "aten.gt.Scalar": compare(kernel.Greater),
		"aten.ge.Tensor": compare(kernel.GreaterEqual), "aten.ge.Scalar": compare(kernel.GreaterEqual),
		"aten.logical_and.default": logic(kernel.And), "aten.logical_or.default": logic(kernel.Or),
		"aten.logical_xor.default": logic(kernel.Xor),
		"aten.bitwise_and.Tensor":  bits(kernel.And), "aten.bitwise_or.Tensor": bits(kernel.Or),
		"aten.bitwise_xor.Tensor": bits(kernel.Xor),
		"aten.bitwise_and.Scalar": bits(kernel.And), "aten.bitwise_or.Scalar": bits(kernel.Or),
		"aten.bitwise_xor.Scalar": bits(kernel.Xor),
		"aten.__lshift__.Scalar":  bits(kernel.ShiftLeft), "aten.__lshift__.Tensor": bits(kernel.ShiftLeft),
		"aten.__rshift__.Scalar": bits(kernel.ShiftRight), "aten.__rshift__.Tensor": bits(kernel.ShiftRight),
		"aten.bitwise_left_shift.Tensor":         bits(kernel.ShiftLeft),
		"aten.bitwise_left_shift.Tensor_Scalar":  bits(kernel.ShiftLeft),
		"aten.bitwise_right_shift.Tensor":        bits(kernel.ShiftRight),
		"aten.bitwise_right_shift.Tensor_Scalar": bits(kernel.ShiftRight),
		"aten.where.self":                        {"condition self other", 1, where},
		"aten.where.ScalarOther":                 {"condition self other", 1, where},
		"aten.where.ScalarSelf":                  {"condition self other", 1, where},
		"aten.where.Scalar":                      {"condition self other", 1, where},
		"aten.masked_fill.Scalar":                {"self mask value", 1, maskedFill},
		"aten.masked_fill.Tensor":                {"self mask value", 1, maskedFill},
	}
}

func unaryOperator(f func(*tensor) (*tensor, error)) operator {
	return operator{"self", 1, func(c *call) (results, error) { return one(f(c.tensor("self"))) }}
}

func elementwise(f curve) operator {
	return operator{"self", 1, func(c *call) (results, error) { return one(kernel.Map(c.floating("self"), f)) }}
}

// curveOf applies a function that depends on arguments to each element.
func curveOf(args string, of func(c *call) curve) operator {
	return operator{
		"self " + args, 1,
		func(c *call) (results, error) { return one(kernel.Map(c.floating("self"), of(c))) },
	}
}

// arith computes self op other*alpha in the promoted dtype.
func arith(op kernel.Op) operator {
	return operator{"self other alpha", 1, func(c *call) (results, error) {
		t := c.promoted("self", "other")
		return one(c.scaled(op, t[0], t[1]))
	}}
}

func (c *call) scaled(op kernel.Op, a, b *tensor) (*tensor, error) {
	if alpha := c.float("alpha", 1); alpha != 1 {
		var err error
		if b, err = kernel.Arith(kernel.Mul, b, c.like(alpha, b)); err != nil {
			return nil, err
		}
	}
	return kernel.Arith(op, a, b)
}

func compare(op kernel.Op) operator {
	return operator{"self other", 1, func(c *call) (results, error) {
		t := c.promoted("self", "other")
		return one(kernel.Compare(op, t[0], t[1]))
	}}
}

func logic(op kernel.Op) operator {
	return operator{"self other", 1, func(c *call) (results, error) {
		return one(kernel.Compare(op, c.cast(c.tensor("self"), "bool"), c.cast(c.tensor("other"), "bool")))
	}}
}

func bits(op kernel.Op) operator {
	return operator{"self other", 1, func(c *call) (results, error) {
		t := c.promoted("self", "other")
		return one(kernel.Bits(op, t[0], t[1]))
	}}
}

func not() operator {
	return operator{"self", 1, func(c *call) (results, error) { return one(kernel.Not(c.cast(c.tensor("self"), "bool"))) }}
}
