package models

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// torchSizeTable has what is computed with sizes, which are numbers of the program.
// Comparisons are left out: they are there to be asserted.
func torchSizeTable() map[string]torchOp {
	round := func(f curve) torchOp {
		return torchOp{"a x number self", 1, func(c *torchCall) (results, error) { return results{kernel.Scalar(int64(f(c.number())))}, nil }}
	}
	return map[string]torchOp{
		"aten.sym_size.int":                {"self dim", 1, torchSymSize},
		"aten.sym_numel.default":           {"self", 1, torchSymNumel},
		"aten.numel.default":               {"self", 1, torchSymNumel},
		"aten.item.default":                {"self", 1, torchItem},
		"aten._local_scalar_dense.default": {"self", 1, torchItem},

		"_operator.add": torchSizes(kernel.Add), "_operator.sub": torchSizes(kernel.Sub), "_operator.mul": torchSizes(kernel.Mul),
		"_operator.floordiv": torchSizes(kernel.FloorDiv), "_operator.mod": torchSizes(kernel.Mod), "_operator.pow": torchSizes(kernel.Pow),
		"torch.sym_max": torchSizes(kernel.Max), "torch.sym_min": torchSizes(kernel.Min),
		"_operator.truediv": {"a b", 1, func(c *torchCall) (results, error) {
			return results{kernel.Scalar(c.float("a", 0) / c.float("b", 1))}, nil
		}},
		"_operator.neg":   {"a", 1, func(c *torchCall) (results, error) { return one(kernel.Neg(c.operand("a").value)) }},
		"torch.sym_float": {"a x number self", 1, func(c *torchCall) (results, error) { return results{kernel.Scalar(c.number())}, nil }},
		"math.floor":      round(math.Floor), "math.ceil": round(math.Ceil), "math.trunc": round(math.Trunc), "torch.sym_int": round(math.Trunc),
		"_operator.eq": {}, "_operator.ne": {}, "_operator.lt": {}, "_operator.le": {}, "_operator.gt": {}, "_operator.ge": {}, "_operator.and_": {}, "_operator.or_": {}, "torch.sym_not": {},
	}
}

// number returns the one argument of a function of sizes, whatever its name.
func (c *torchCall) number() float64 {
	for name := range c.args {
		return c.float(name, 0)
	}
	return 0
}

func torchSymSize(c *torchCall) (results, error) {
	n, err := c.size()
	return results{kernel.Scalar(int64(n))}, err
}

func torchSymNumel(c *torchCall) (results, error) {
	return results{kernel.Scalar(int64(c.tensor("self").Len()))}, nil
}

// torchItem makes a number of a tensor of one element.
func torchItem(c *torchCall) (results, error) { return one(kernel.Reshape(c.tensor("self"), []int{})) }

// torchSizes computes with two sizes: integers, unless one of them is none.
func torchSizes(op kernel.Op) torchOp {
	return torchOp{"a b", 1, func(c *torchCall) (results, error) {
		a, b := c.operand("a").value, c.operand("b").value
		if isFloat(a.DType()) || isFloat(b.DType()) {
			return one(kernel.Arith(op, c.cast(a, "float64"), c.cast(b, "float64")))
		}
		return one(kernel.Arith(op, a, b))
	}}
}
