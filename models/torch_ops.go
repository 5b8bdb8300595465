package models

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// torchOp is how an operator of ATen is run: the arguments that it knows, how many
// results are computed (0 is all), and the function; one without a function is an
// assertion about the graph and is left out.
type torchOp struct {
	args string
	outs int
	run  func(c *torchCall) (results, error)
}

// torchOps are the operators that can be run, by name and overload. An operator
// that ends in an underscore is looked up without it.
var torchOps = join(torchTable(), torchShapeTable(), torchLayerTable(), torchRecurrentTable(), torchReduceTable(), torchIndexTable(), torchImageTable(), torchAlgebraTable(), torchMakeTable(), torchSizeTable())

// torchSynonyms are operators that are others by another name.
var torchSynonyms = map[string]string{
	"absolute": "abs", "negative": "neg", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
	"divide": "div", "true_divide": "div", "multiply": "mul", "subtract": "sub", "clip": "clamp", "fix": "trunc", "sgn": "sign", "special_expit": "sigmoid", "special_logit": "logit",
	"greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne", "__and__": "bitwise_and", "__or__": "bitwise_or", "__xor__": "bitwise_xor",
	"concat": "cat", "concatenate": "cat", "row_stack": "vstack", "moveaxis": "movedim", "broadcast_to": "expand", "unsafe_split": "split", "unsafe_chunk": "chunk",
	"unsafe_split_with_sizes": "split_with_sizes", "_unsafe_index": "index", "_unsafe_index_put": "index_put", "linalg_matmul": "matmul", "ger": "outer", "linalg_cross": "cross",
	"special_logsumexp": "logsumexp", "_safe_softmax": "_softmax", "_embedding_bag_forward_only": "embedding_bag", "native_channel_shuffle": "channel_shuffle",
	"grid_sampler_2d": "grid_sampler", "lift_fresh": "alias", "lift_fresh_copy": "alias", "resolve_conj": "alias", "resolve_neg": "alias", "positive": "alias", "_weight_norm_interface": "_weight_norm",
}

func torchTable() map[string]torchOp {
	return map[string]torchOp{
		// Element by element.
		"aten.abs.default": torchUnary(kernel.Abs), "aten.neg.default": torchUnary(kernel.Neg), "aten.relu.default": torchUnary(kernel.Relu),
		"aten.logical_not.default": torchNot(), "aten.bitwise_not.default": torchUnary(kernel.Flip),
		"aten.sqrt.default": torchMap(math.Sqrt), "aten.exp.default": torchMap(math.Exp), "aten.log.default": torchMap(math.Log),
		"aten.log1p.default": torchMap(math.Log1p), "aten.expm1.default": torchMap(math.Expm1), "aten.log2.default": torchMap(math.Log2),
		"aten.sin.default": torchMap(math.Sin), "aten.cos.default": torchMap(math.Cos), "aten.tan.default": torchMap(math.Tan),
		"aten.tanh.default": torchMap(math.Tanh), "aten.atan.default": torchMap(math.Atan), "aten.erf.default": torchMap(math.Erf),
		"aten.sigmoid.default": torchMap(kernel.Sigmoid), "aten.log_sigmoid.default": torchMap(kernel.LogSigmoid),
		"aten.silu.default": torchMap(kernel.Silu), "aten.mish.default": torchMap(kernel.Mish), "aten.hardswish.default": torchMap(kernel.HardSwish),
		"aten.hardsigmoid.default": torchMap(kernel.HardSigmoid(1.0/6, 0.5)), "aten.selu.default": torchMap(kernel.Elu(seluAlpha, seluScale, 1)),
		"aten.reciprocal.default": torchMap(func(v float64) float64 { return 1 / v }),
		"aten.rsqrt.default":      torchMap(func(v float64) float64 { return 1 / math.Sqrt(v) }),
		"aten.square.default":     torchUnary(func(x *tensor) (*tensor, error) { return kernel.Arith(kernel.Mul, x, x) }),
		"aten.sign.default":       torchRound(kernel.Sign),
		"aten.floor.default":      torchRound(math.Floor), "aten.ceil.default": torchRound(math.Ceil),
		"aten.round.default": torchRound(math.RoundToEven),
		"aten.trunc.default": torchRound(math.Trunc), "aten.round.decimals": {"self decimals", 1, torchDecimals},
		"aten.frac.default": torchMap(func(v float64) float64 { return v - math.Trunc(v) }),
		"aten.asin.default": torchMap(math.Asin), "aten.acos.default": torchMap(math.Acos), "aten.sinh.default": torchMap(math.Sinh), "aten.cosh.default": torchMap(math.Cosh),
		"aten.asinh.default": torchMap(math.Asinh), "aten.acosh.default": torchMap(math.Acosh), "aten.atanh.default": torchMap(math.Atanh),
		"aten.exp2.default": torchMap(math.Exp2), "aten.log10.default": torchMap(math.Log10), "aten.erfc.default": torchMap(math.Erfc),
		"aten.isinf.default": torchTest(func(v float64) bool { return math.IsInf(v, 0) }),
		"aten.sinc.default":  torchMap(kernel.Sinc), "aten.lgamma.default": torchMap(kernel.LogGamma), "aten.erfinv.default": torchMap(math.Erfinv), "aten.special_entr.default": torchMap(func(v float64) float64 { return -kernel.XLogY(v, v) }),
		"aten.deg2rad.default": torchMap(func(v float64) float64 { return v * math.Pi / 180 }), "aten.rad2deg.default": torchMap(func(v float64) float64 { return v * 180 / math.Pi }),
		"aten.isfinite.default":   torchTest(func(v float64) bool { return v-v == 0 }),
		"aten.hardshrink.default": torchCurve("lambd", func(c *torchCall) curve { return kernel.HardShrink(c.float("lambd", 0.5)) }),
		"aten.softshrink.default": torchCurve("lambd", func(c *torchCall) curve { return kernel.SoftShrink(c.float("lambd", 0.5)) }),
		"aten.rrelu.default": torchCurve("lower upper training", func(c *torchCall) curve {
			return kernel.LeakyRelu((c.float("lower", 1.0/8) + c.float("upper", 1.0/3)) / 2)
		}),
		"aten.logit.default":      {"self eps", 1, torchLogit},
		"aten.glu.default":        {"self dim", 1, torchGlu},
		"aten.nan_to_num.default": {"self nan posinf neginf", 1, torchNanToNum},
		"aten.isnan.default":      torchUnary(func(x *tensor) (*tensor, error) { return kernel.Compare(kernel.NotEqual, x, x) }),
		"aten.gelu.default":       {"self approximate", 1, torchGelu},
		"aten.leaky_relu.default": torchCurve("negative_slope", func(c *torchCall) curve { return kernel.LeakyRelu(c.float("negative_slope", 0.01)) }),
		"aten.elu.default": torchCurve("alpha scale input_scale", func(c *torchCall) curve {
			return kernel.Elu(c.float("alpha", 1), c.float("scale", 1), c.float("input_scale", 1))
		}),
		"aten.celu.default":      torchCurve("alpha", func(c *torchCall) curve { return kernel.Elu(c.float("alpha", 1), 1, 1/c.float("alpha", 1)) }),
		"aten.softplus.default":  torchCurve("beta threshold", func(c *torchCall) curve { return kernel.Softplus(c.float("beta", 1), c.float("threshold", 20)) }),
		"aten.threshold.default": torchCurve("threshold value", func(c *torchCall) curve { return kernel.Threshold(c.float("threshold", 0), c.float("value", 0)) }),
		"aten.prelu.default":     {"self weight", 1, torchPRelu},
		"aten.relu6.default":     {"self", 1, torchHardTanh(0, 6)},
		"aten.hardtanh.default":  {"self min_val max_val", 1, torchHardTanh(-1, 1)},
		"aten.clamp.default":     {"self min max", 1, torchClamp}, "aten.clamp.Tensor": {"self min max", 1, torchClamp},
		"aten.clamp_min.default": {"self min", 1, torchClamp}, "aten.clamp_max.default": {"self max", 1, torchClamp},
		"aten.clamp_min.Tensor": {"self min", 1, torchClamp}, "aten.clamp_max.Tensor": {"self max", 1, torchClamp},

		// Pairs of elements.
		"aten.add.Tensor": torchArith(kernel.Add), "aten.add.Scalar": torchArith(kernel.Add),
		"aten.sub.Tensor": torchArith(kernel.Sub), "aten.sub.Scalar": torchArith(kernel.Sub),
		"aten.rsub.Scalar": {"self other alpha", 1, torchReverseSub}, "aten.rsub.Tensor": {"self other alpha", 1, torchReverseSub},
		"aten.mul.Tensor": torchArith(kernel.Mul), "aten.mul.Scalar": torchArith(kernel.Mul),
		"aten.div.Tensor": {"self other", 1, torchDiv}, "aten.div.Scalar": {"self other", 1, torchDiv},
		"aten.div.Tensor_mode": {"self other rounding_mode", 1, torchDiv}, "aten.div.Scalar_mode": {"self other rounding_mode", 1, torchDiv},
		"aten.floor_divide.default": torchArith(kernel.FloorDiv),
		"aten.floor_divide.Scalar":  torchArith(kernel.FloorDiv),
		"aten.remainder.Scalar":     torchArith(kernel.Mod), "aten.remainder.Tensor": torchArith(kernel.Mod), "aten.remainder.Scalar_Tensor": torchArith(kernel.Mod),
		"aten.fmod.Scalar": torchArith(kernel.Fmod), "aten.fmod.Tensor": torchArith(kernel.Fmod),
		"aten.fmax.default": torchPair(kernel.Fmax), "aten.fmin.default": torchPair(func(a, b float64) float64 { return -kernel.Fmax(-a, -b) }),
		"aten.atan2.default": torchPair(math.Atan2), "aten.hypot.default": torchPair(math.Hypot), "aten.logaddexp.default": torchPair(kernel.LogAddExp),
		"aten.copysign.Tensor": torchPair(math.Copysign), "aten.copysign.Scalar": torchPair(math.Copysign),
		"aten.xlogy.Tensor": torchPair(kernel.XLogY), "aten.xlogy.Scalar_Other": torchPair(kernel.XLogY), "aten.xlogy.Scalar_Self": torchPair(kernel.XLogY),
		"aten.isclose.default":   {"self other rtol atol equal_nan", 1, torchIsClose},
		"aten.heaviside.default": {"self values", 1, torchHeaviside},
		"aten.addcmul.default":   torchAddC(kernel.Mul), "aten.addcdiv.default": torchAddC(kernel.Div),
		"aten.lerp.Scalar": {"self end weight", 1, torchLerp}, "aten.lerp.Tensor": {"self end weight", 1, torchLerp},
		"aten.pow.Tensor_Scalar": {"self exponent", 1, torchPow}, "aten.pow.Tensor_Tensor": {"self exponent", 1, torchPow}, "aten.pow.Scalar": {"self exponent", 1, torchPow},
		"aten.maximum.default": torchArith(kernel.Max), "aten.minimum.default": torchArith(kernel.Min),
		"aten.max.other": torchArith(kernel.Max), "aten.min.other": torchArith(kernel.Min),
		"aten.eq.Tensor": torchCompare(kernel.Equal), "aten.eq.Scalar": torchCompare(kernel.Equal),
		"aten.ne.Tensor": torchCompare(kernel.NotEqual), "aten.ne.Scalar": torchCompare(kernel.NotEqual),
		"aten.lt.Tensor": torchCompare(kernel.Less), "aten.lt.Scalar": torchCompare(kernel.Less),
		"aten.le.Tensor": torchCompare(kernel.LessEqual), "aten.le.Scalar": torchCompare(kernel.LessEqual),
		"aten.gt.Tensor": torchCompare(kernel.Greater), "aten.gt.Scalar": torchCompare(kernel.Greater),
		"aten.ge.Tensor": torchCompare(kernel.GreaterEqual), "aten.ge.Scalar": torchCompare(kernel.GreaterEqual),
		"aten.logical_and.default": torchLogic(kernel.And), "aten.logical_or.default": torchLogic(kernel.Or), "aten.logical_xor.default": torchLogic(kernel.Xor),
		"aten.bitwise_and.Tensor": torchBits(kernel.And), "aten.bitwise_or.Tensor": torchBits(kernel.Or), "aten.bitwise_xor.Tensor": torchBits(kernel.Xor),
		"aten.bitwise_and.Scalar": torchBits(kernel.And), "aten.bitwise_or.Scalar": torchBits(kernel.Or), "aten.bitwise_xor.Scalar": torchBits(kernel.Xor),
		"aten.__lshift__.Scalar": torchBits(kernel.ShiftLeft), "aten.__lshift__.Tensor": torchBits(kernel.ShiftLeft),
		"aten.__rshift__.Scalar": torchBits(kernel.ShiftRight), "aten.__rshift__.Tensor": torchBits(kernel.ShiftRight),
		"aten.bitwise_left_shift.Tensor": torchBits(kernel.ShiftLeft), "aten.bitwise_left_shift.Tensor_Scalar": torchBits(kernel.ShiftLeft),
		"aten.bitwise_right_shift.Tensor": torchBits(kernel.ShiftRight), "aten.bitwise_right_shift.Tensor_Scalar": torchBits(kernel.ShiftRight),
		"aten.where.self": {"condition self other", 1, torchWhere}, "aten.where.ScalarOther": {"condition self other", 1, torchWhere},
		"aten.where.ScalarSelf": {"condition self other", 1, torchWhere}, "aten.where.Scalar": {"condition self other", 1, torchWhere},
		"aten.masked_fill.Scalar": {"self mask value", 1, torchMaskedFill}, "aten.masked_fill.Tensor": {"self mask value", 1, torchMaskedFill},
	}
}

func torchUnary(f func(*tensor) (*tensor, error)) torchOp {
	return torchOp{"self", 1, func(c *torchCall) (results, error) { return one(f(c.tensor("self"))) }}
}

func torchMap(f curve) torchOp {
	return torchOp{"self", 1, func(c *torchCall) (results, error) { return one(kernel.Map(c.floating("self"), f)) }}
}

// torchCurve is torchMap for functions whose shape arguments give.
func torchCurve(args string, of func(c *torchCall) curve) torchOp {
	return torchOp{"self " + args, 1, func(c *torchCall) (results, error) { return one(kernel.Map(c.floating("self"), of(c))) }}
}

// torchArith computes self op other*alpha in the promoted dtype.
func torchArith(op kernel.Op) torchOp {
	return torchOp{"self other alpha", 1, func(c *torchCall) (results, error) {
		t := c.together("self", "other")
		return one(c.scaled(op, t[0], t[1]))
	}}
}

func (c *torchCall) scaled(op kernel.Op, a, b *tensor) (*tensor, error) {
	if alpha := c.float("alpha", 1); alpha != 1 {
		var err error
		if b, err = kernel.Arith(kernel.Mul, b, c.like(alpha, b)); err != nil {
			return nil, err
		}
	}
	return kernel.Arith(op, a, b)
}

func torchCompare(op kernel.Op) torchOp {
	return torchOp{"self other", 1, func(c *torchCall) (results, error) {
		t := c.together("self", "other")
		return one(kernel.Compare(op, t[0], t[1]))
	}}
}

func torchLogic(op kernel.Op) torchOp {
	return torchOp{"self other", 1, func(c *torchCall) (results, error) {
		return one(kernel.Compare(op, c.cast(c.tensor("self"), "bool"), c.cast(c.tensor("other"), "bool")))
	}}
}

func torchBits(op kernel.Op) torchOp {
	return torchOp{"self other", 1, func(c *torchCall) (results, error) {
		t := c.together("self", "other")
		return one(kernel.Bits(op, t[0], t[1]))
	}}
}

func torchNot() torchOp {
	return torchOp{"self", 1, func(c *torchCall) (results, error) { return one(kernel.Not(c.cast(c.tensor("self"), "bool"))) }}
}
