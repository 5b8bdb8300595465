package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/random"
)

// randomOps are the operators that draw numbers under the seed of their attribute. Every run draws the same.
var randomOps = map[string]operator{
	"RandomUniform":     {"dtype high low seed shape", 0, 0, 1, drawUniform},
	"RandomUniformLike": {"dtype high low seed", 1, 1, 1, drawUniform},
	"RandomNormal":      {"dtype mean scale seed shape", 0, 0, 1, drawNormal},
	"RandomNormalLike":  {"dtype mean scale seed", 1, 1, 1, drawNormal},
	"Bernoulli": {"dtype seed", 1, 1, 1, func(c *call) (results, error) {
		return one(c.source().Bernoulli(c.in(0), c.drawType(c.in(0).DType())))
	}},
	"Multinomial": {"dtype sample_size seed", 1, 1, 1, func(c *call) (results, error) {
		// The input has the logarithms of the weights.
		weights, err := kernel.Softmax(c.in(0), -1)
		if err != nil {
			return nil, err
		}
		out, err := c.source().Multinomial(weights, c.int("sample_size", 1), true)
		if err != nil {
			return nil, err
		}
		return one(kernel.Cast(out, c.drawType("int32")))
	}},
}

func (c *call) source() random.Source { return random.New(math.Float64bits(c.float("seed", 0)), 0) }

func (c *call) drawType(without string) string {
	if c.has("dtype") {
		return dtypeName(int64(c.int("dtype", 1)))
	}
	return without
}

// draw draws a tensor of the shape of the attribute or of the input.
func (c *call) draw(distribution func() float64) (results, error) {
	shape, dtype := c.ints("shape"), "float32"
	if c.opt(0) != nil {
		shape, dtype = c.in(0).Shape, c.in(0).DType()
	}
	return one(random.Draw(shape, c.drawType(dtype), distribution))
}

func drawUniform(c *call) (results, error) {
	return c.draw(c.source().Uniform(c.float("low", 0), c.float("high", 1)))
}

func drawNormal(c *call) (results, error) {
	return c.draw(c.source().Normal(c.float("mean", 0), c.float("scale", 1)))
}
