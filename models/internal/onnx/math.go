package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func selu(c *call) curve {
	return kernel.Elu(c.float("alpha", kernel.SeluAlpha), c.float("gamma", kernel.SeluScale), 1)
}

func celu(c *call) curve {
	alpha := c.float("alpha", 1)
	return kernel.Elu(alpha, 1, 1/alpha)
}

func hardSigmoid(c *call) curve {
	return kernel.HardSigmoid(c.float("alpha", 0.2), c.float("beta", 0.5))
}

func gelu(c *call) curve {
	if c.str("approximate", "none") == "tanh" {
		return kernel.GeluTanh
	}
	return kernel.Gelu
}

func swish(c *call) curve {
	alpha := c.float("alpha", 1)
	return func(v float64) float64 { return v * kernel.Sigmoid(alpha*v) }
}

// clip limits elements. Before version 11 the bounds are attributes.
func clip(c *call) (results, error) {
	x, low, high := c.in(0), c.opt(1), c.opt(2)
	if c.has("min") {
		low = c.like(c.float("min", 0), x)
	}
	if c.has("max") {
		high = c.like(c.float("max", 0), x)
	}
	// An old exporter of PyTorch writes floats as the bounds of integers.
	for _, bound := range []**tensor{&low, &high} {
		if *bound == nil {
			continue
		}
		var err error
		if *bound, err = kernel.Cast(*bound, x.DType()); err != nil {
			return nil, err
		}
	}
	return one(kernel.Clip(x, low, high))
}

func cast(c *call) (results, error) {
	return one(kernel.Cast(c.in(0), dtypeName(int64(c.int("to", 0)))))
}

func castLike(c *call) (results, error) {
	return one(kernel.Cast(c.in(0), c.in(1).DType()))
}

// pow accepts an exponent of another dtype. The result has the dtype of the base.
func pow(c *call) (results, error) {
	base, exponent := c.in(0), c.in(1)
	if base.DType() == exponent.DType() {
		return one(kernel.Arith(kernel.Pow, base, exponent))
	}
	wide, err := kernel.Cast(base, "float64")
	if err != nil {
		return nil, err
	}
	if exponent, err = kernel.Cast(exponent, "float64"); err != nil {
		return nil, err
	}
	if wide, err = kernel.Arith(kernel.Pow, wide, exponent); err != nil {
		return nil, err
	}
	return one(kernel.Cast(wide, base.DType()))
}

func mod(c *call) (results, error) {
	op := kernel.Mod
	if c.int("fmod", 0) != 0 {
		op = kernel.Fmod
	}
	return one(kernel.Arith(op, c.in(0), c.in(1)))
}

func mean(c *call) (results, error) {
	sum, err := c.fold(kernel.Add)
	if err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Div, sum, c.like(float64(len(c.values)), sum)))
}

// gemm computes alpha*A*B + beta*C.
func gemm(c *call) (results, error) {
	a, b := c.in(0), c.in(1)
	if len(a.Shape) != 2 || len(b.Shape) != 2 {
		return nil, kernel.Invalid("a product of shapes %v and %v", a.Shape, b.Shape)
	}
	var err error
	if c.int("transA", 0) != 0 {
		if a, err = kernel.Swap(a, 0, 1); err != nil {
			return nil, err
		}
	}
	var out *tensor
	if c.int("transB", 0) != 0 {
		out, err = kernel.Linear(a, b, nil)
	} else {
		out, err = kernel.MatMul(a, b)
	}
	if err != nil {
		return nil, err
	}
	if alpha := c.float("alpha", 1); alpha != 1 {
		if out, err = kernel.Arith(kernel.Mul, out, c.like(alpha, out)); err != nil {
			return nil, err
		}
	}
	bias, beta := c.opt(2), c.float("beta", 1)
	if bias == nil {
		return results{out}, nil
	}
	if beta != 1 {
		if bias, err = kernel.Arith(kernel.Mul, bias, c.like(beta, bias)); err != nil {
			return nil, err
		}
	}
	return one(kernel.Arith(kernel.Add, out, bias))
}

func cumSum(c *call) (results, error) {
	axis := c.intsIn(1)
	if len(axis) != 1 {
		return nil, kernel.Invalid("an axis %v", axis)
	}
	return one(kernel.CumSum(c.in(0), axis[0]))
}

func argBest(smallest bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		return one(kernel.ArgBest(c.in(0), c.int("axis", 0), c.int("keepdims", 1) != 0, smallest,
			c.int("select_last_index", 0) != 0))
	}
}

// topK returns the largest elements and their indices. Before version 10, k is an attribute.
func topK(c *call) (results, error) {
	k := c.intsIn(1)
	if k == nil {
		k = []int{c.int("k", 0)}
	}
	if len(k) != 1 {
		return nil, kernel.Invalid("k is %v", k)
	}
	values, places, err := kernel.TopK(c.in(0), k[0], c.int("axis", -1), c.int("largest", 1) != 0)
	return results{values, places}, err
}

// softmax normalizes along an axis. Before version 13 it flattens the axes from the given one on.
func softmax(f func(x *tensor, axis int) (*tensor, error)) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.in(0)
		if c.opset >= 13 {
			return one(f(x, c.int("axis", -1)))
		}
		axis, err := kernel.Axis(c.int("axis", 1), len(x.Shape))
		if err != nil {
			return nil, err
		}
		rows, err := kernel.Flatten(x, axis, -1)
		if err != nil {
			return nil, err
		}
		if rows, err = f(rows, -1); err != nil {
			return nil, err
		}
		return one(kernel.Reshape(rows, x.Shape))
	}
}

// shrink moves elements with an absolute value above lambd towards 0 by bias and replaces the others by 0.
func shrink(c *call) curve {
	limit, bias := c.float("lambd", 0.5), c.float("bias", 0)
	return func(v float64) float64 {
		switch {
		case v < -limit:
			return v + bias
		case v > limit:
			return v - bias
		}
		return 0
	}
}

func isInf(c *call) (results, error) {
	up, down := c.int("detect_positive", 1) != 0, c.int("detect_negative", 1) != 0
	yes, err := kernel.Map(c.in(0), func(v float64) float64 {
		if math.IsInf(v, 1) && up || math.IsInf(v, -1) && down {
			return 1
		}
		return 0
	})
	if err != nil {
		return nil, err
	}
	return one(kernel.Cast(yes, "bool"))
}

func bitShift(c *call) (results, error) {
	op := kernel.ShiftLeft
	if c.str("direction", "LEFT") == "RIGHT" {
		op = kernel.ShiftRight
	}
	return one(kernel.Bits(op, c.in(0), c.in(1)))
}

func einsum(c *call) (results, error) {
	operands := make([]*tensor, len(c.values))
	for i := range operands {
		operands[i] = c.in(i)
	}
	return one(kernel.Einsum(c.str("equation", ""), operands))
}
