package torch

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func gelu(c *call) (results, error) {
	if c.text("approximate", "none") == "tanh" {
		return one(kernel.Map(c.floating("self"), kernel.GeluTanh))
	}
	return one(kernel.Map(c.floating("self"), kernel.Gelu))
}

// pRelu has one slope, or one for each channel, which is axis 1.
func pRelu(c *call) (results, error) {
	x, weight := c.tensor("self"), c.tensor("weight")
	shape := make([]int, max(len(x.Shape)-1, 1))
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = weight.Len()
	slope, err := kernel.Reshape(weight, shape)
	if err != nil {
		return nil, err
	}
	return one(kernel.PRelu(x, slope))
}

func hardTanh(low, high float64) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.tensor("self")
		return one(kernel.Clip(x, c.like(c.float("min_val", low), x), c.like(c.float("max_val", high), x)))
	}
}

// clamp limits elements. The bounds are numbers or tensors, can be omitted and take part in dtype promotion.
func clamp(c *call) (results, error) {
	names := []string{"self"}
	for _, name := range []string{"min", "max"} {
		if c.has(name) {
			names = append(names, name)
		}
	}
	t := c.promoted(names...)
	out, low, high := t[0], (*tensor)(nil), (*tensor)(nil)
	if c.has("min") {
		low = t[1]
	}
	if c.has("max") {
		high = t[len(t)-1]
	}
	return one(kernel.Clip(out, low, high))
}

func reverseSub(c *call) (results, error) {
	t := c.promoted("self", "other")
	return one(c.scaled(kernel.Sub, t[1], t[0]))
}

// div converts integers to floats unless it rounds.
func div(c *call) (results, error) {
	t := c.promoted("self", "other")
	switch mode := c.text("rounding_mode", ""); {
	case mode == "floor":
		return one(kernel.Arith(kernel.FloorDiv, t[0], t[1]))
	case mode == "trunc" && !isFloat(t[0].DType()):
		return one(kernel.Arith(kernel.Div, t[0], t[1]))
	case mode == "trunc":
		out, err := kernel.Arith(kernel.Div, t[0], t[1])
		if err != nil {
			return nil, err
		}
		return one(kernel.Map(out, math.Trunc))
	case !isFloat(t[0].DType()):
		t[0], t[1] = c.cast(t[0], "float32"), c.cast(t[1], "float32")
	}
	return one(kernel.Arith(kernel.Div, t[0], t[1]))
}

func pow(c *call) (results, error) {
	t := c.promoted("self", "exponent")
	return one(kernel.Arith(kernel.Pow, t[0], t[1]))
}

func where(c *call) (results, error) {
	t := c.promoted("self", "other")
	return one(kernel.Where(c.tensor("condition"), t[0], t[1]))
}

func maskedFill(c *call) (results, error) {
	x := c.tensor("self")
	return one(kernel.Where(c.tensor("mask"), c.cast(c.operand("value").value, x.DType()), x))
}

// round applies a function to floats. Integers stay unchanged.
func round(f curve) operator {
	return operator{"self", 1, func(c *call) (results, error) {
		x := c.tensor("self")
		if isFloat(x.DType()) {
			return one(kernel.Map(x, f))
		}
		wide, err := kernel.Map(c.cast(x, "float64"), f)
		if err != nil {
			return nil, err
		}
		return results{c.cast(wide, x.DType())}, nil
	}}
}

func decimals(c *call) (results, error) {
	scale := math.Pow(10, c.float("decimals", 0))
	return one(kernel.Map(c.floating("self"), func(v float64) float64 { return math.RoundToEven(v*scale) / scale }))
}

// test applies a predicate to every element.
func test(f func(v float64) bool) operator {
	return operator{"self", 1, func(c *call) (results, error) {
		yes, err := kernel.Map(c.floating("self"), func(v float64) float64 {
			if f(v) {
				return 1
			}
			return 0
		})
		if err != nil {
			return nil, err
		}
		return results{c.cast(yes, "bool")}, nil
	}}
}

// pair applies a function to pairs of floats.
func pair(f func(a, b float64) float64) operator {
	return operator{"self other", 1, func(c *call) (results, error) {
		a, b := c.floats("self", "other")
		return one(kernel.Map2(a, b, f))
	}}
}

// floats casts two operands to their common floating-point type.
func (c *call) floats(a, b string) (x, y *tensor) {
	t := c.promoted(a, b)
	if isFloat(t[0].DType()) {
		return t[0], t[1]
	}
	return c.cast(t[0], "float32"), c.cast(t[1], "float32")
}

func heaviside(c *call) (results, error) {
	x, values := c.floats("self", "values")
	return one(kernel.Map2(x, values, func(v, at0 float64) float64 {
		switch {
		case v == 0:
			return at0
		case v > 0:
			return 1
		}
		return math.Min(v, 0) * 0 // Propagates NaN.
	}))
}

// addcOperator computes self + value*(tensor1 op tensor2).
func addcOperator(op kernel.Op) operator {
	return operator{"self tensor1 tensor2 value", 1, func(c *call) (results, error) {
		t := c.promoted("self", "tensor1", "tensor2")
		pair, err := kernel.Arith(op, t[1], t[2])
		if err != nil {
			return nil, err
		}
		if pair, err = kernel.Arith(kernel.Mul, pair, c.like(c.float("value", 1), pair)); err != nil {
			return nil, err
		}
		return one(kernel.Arith(kernel.Add, t[0], pair))
	}}
}

// lerp computes self + weight*(end-self).
func lerp(c *call) (results, error) {
	t := c.promoted("self", "end", "weight")
	way, err := kernel.Arith(kernel.Sub, t[1], t[0])
	if err != nil {
		return nil, err
	}
	if way, err = kernel.Arith(kernel.Mul, way, t[2]); err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Add, t[0], way))
}

func logit(c *call) (results, error) {
	eps := c.float("eps", 0)
	return one(kernel.Map(c.floating("self"), func(v float64) float64 {
		v = math.Max(eps, math.Min(1-eps, v))
		return math.Log(v / (1 - v))
	}))
}

// glu multiplies the first half of an axis by the sigmoid of the second half.
func glu(c *call) (results, error) {
	x, axis := c.tensor("self"), c.int("dim", -1)
	n, err := sizeOf(x, axis)
	if err != nil {
		return nil, err
	}
	halves, err := kernel.Split(x, axis, []int{n / 2, n / 2})
	if err != nil {
		return nil, err
	}
	gate, err := kernel.Map(halves[1], kernel.Sigmoid)
	if err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Mul, halves[0], gate))
}

func nanToNum(c *call) (results, error) {
	x := c.tensor("self")
	if !isFloat(x.DType()) {
		return results{x}, nil
	}
	top := math.MaxFloat64
	if x.DType() == "float32" {
		top = math.MaxFloat32
	}
	nan, high, low := c.float("nan", 0), c.float("posinf", top), c.float("neginf", -top)
	return one(kernel.Map(x, func(v float64) float64 {
		switch {
		case math.IsNaN(v):
			return nan
		case math.IsInf(v, 1):
			return high
		case math.IsInf(v, -1):
			return low
		}
		return v
	}))
}

func isClose(c *call) (results, error) {
	a, b := c.floats("self", "other")
	ratio, least, nans := c.float("rtol", 1e-5), c.float("atol", 1e-8), c.bool("equal_nan", false)
	close, err := kernel.Map2(a, b, func(x, y float64) float64 {
		if x == y || math.Abs(x-y) <= least+ratio*math.Abs(y) && !math.IsInf(y, 0) || nans && x != x && y != y {
			return 1
		}
		return 0
	})
	if err != nil {
		return nil, err
	}
	return results{c.cast(close, "bool")}, nil
}
