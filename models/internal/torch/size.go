package torch

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// sizeTable has the operators on sizes. Comparisons of sizes are used only by assertions and are not evaluated.
func sizeTable() map[string]operator {
	round := func(f curve) operator {
		return operator{
			"a x number self", 1,
			func(c *call) (results, error) { return results{kernel.Scalar(int64(f(c.number())))}, nil },
		}
	}
	return map[string]operator{
		"aten.sym_size.int":                {"self dim", 1, symSize},
		"aten.sym_numel.default":           {"self", 1, symNumel},
		"aten.numel.default":               {"self", 1, symNumel},
		"aten.item.default":                {"self", 1, item},
		"aten._local_scalar_dense.default": {"self", 1, item},

		"_operator.add": sizes(kernel.Add), "_operator.sub": sizes(kernel.Sub), "_operator.mul": sizes(kernel.Mul),
		"_operator.floordiv": sizes(kernel.FloorDiv), "_operator.mod": sizes(kernel.Mod), "_operator.pow": sizes(kernel.Pow),
		"torch.sym_max": sizes(kernel.Max), "torch.sym_min": sizes(kernel.Min),
		"_operator.truediv": {"a b", 1, func(c *call) (results, error) {
			return results{kernel.Scalar(c.float("a", 0) / c.float("b", 1))}, nil
		}},
		"_operator.neg": {"a", 1, func(c *call) (results, error) { return one(kernel.Neg(c.operand("a").value)) }},
		"torch.sym_float": {
			"a x number self", 1,
			func(c *call) (results, error) { return results{kernel.Scalar(c.number())}, nil },
		},
		"math.floor": round(math.Floor), "math.ceil": round(math.Ceil), "math.trunc": round(math.Trunc),
		"torch.sym_int": round(math.Trunc),
		"_operator.eq":  {}, "_operator.ne": {}, "_operator.lt": {}, "_operator.le": {}, "_operator.gt": {},
		"_operator.ge": {}, "_operator.and_": {}, "_operator.or_": {}, "torch.sym_not": {},
	}
}

// number returns the only argument of a function, regardless of its name.
func (c *call) number() float64 {
	for name := range c.args {
		return c.float(name, 0)
	}
	return 0
}

func symSize(c *call) (results, error) {
	n, err := c.size()
	return results{kernel.Scalar(int64(n))}, err
}

func symNumel(c *call) (results, error) {
	return results{kernel.Scalar(int64(c.tensor("self").Len()))}, nil
}

// item returns the element of a tensor with one element as a scalar.
func item(c *call) (results, error) { return one(kernel.Reshape(c.tensor("self"), []int{})) }

// sizes computes with two numbers: as integers unless one of them is a float.
func sizes(op kernel.Op) operator {
	return operator{"a b", 1, func(c *call) (results, error) {
		a, b := c.operand("a").value, c.operand("b").value
		if isFloat(a.DType()) || isFloat(b.DType()) {
			return one(kernel.Arith(op, c.cast(a, "float64"), c.cast(b, "float64")))
		}
		return one(kernel.Arith(op, a, b))
	}}
}
