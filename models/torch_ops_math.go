package models

import (
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func torchGelu(c *torchCall) (results, error) {
	if c.text("approximate", "none") == "tanh" {
		return one(kernel.Map(c.floating("self"), kernel.GeluTanh))
	}
	return one(kernel.Map(c.floating("self"), kernel.Gelu))
}

// torchPRelu has one slope, or one a channel, which is axis 1.
func torchPRelu(c *torchCall) (results, error) {
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

func torchHardTanh(low, high float64) func(c *torchCall) (results, error) {
	return func(c *torchCall) (results, error) {
		x := c.tensor("self")
		return one(kernel.Clip(x, c.like(c.float("min_val", low), x), c.like(c.float("max_val", high), x)))
	}
}

// torchClamp has bounds that are numbers, tensors or missing, and that take part in
// the promotion.
func torchClamp(c *torchCall) (results, error) {
	names := []string{"self"}
	for _, name := range []string{"min", "max"} {
		if c.has(name) {
			names = append(names, name)
		}
	}
	t := c.together(names...)
	out, low, high := t[0], (*tensor)(nil), (*tensor)(nil)
	if c.has("min") {
		low = t[1]
	}
	if c.has("max") {
		high = t[len(t)-1]
	}
	return one(kernel.Clip(out, low, high))
}

func torchReverseSub(c *torchCall) (results, error) {
	t := c.together("self", "other")
	return one(c.scaled(kernel.Sub, t[1], t[0]))
}

// torchDiv makes floats of integers unless it rounds.
func torchDiv(c *torchCall) (results, error) {
	t := c.together("self", "other")
	switch mode := c.text("rounding_mode", ""); {
	case mode == "floor":
		return one(kernel.Arith(kernel.FloorDiv, t[0], t[1]))
	case mode == "trunc" && !isFloat(t[0].DType()):
		return one(kernel.Arith(kernel.Div, t[0], t[1]))
	case mode != "":
		return nil, mlflow.Errorf(mlflow.NotImplemented, "rounding_mode '%s' of floats", mode)
	case !isFloat(t[0].DType()):
		t[0], t[1] = c.cast(t[0], "float32"), c.cast(t[1], "float32")
	}
	return one(kernel.Arith(kernel.Div, t[0], t[1]))
}

func torchPow(c *torchCall) (results, error) {
	t := c.together("self", "exponent")
	return one(kernel.Arith(kernel.Pow, t[0], t[1]))
}

func torchWhere(c *torchCall) (results, error) {
	t := c.together("self", "other")
	return one(kernel.Where(c.tensor("condition"), t[0], t[1]))
}

func torchMaskedFill(c *torchCall) (results, error) {
	x := c.tensor("self")
	return one(kernel.Where(c.tensor("mask"), c.cast(c.operand("value").value, x.DType()), x))
}
