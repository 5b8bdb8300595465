package torch

import (
	"hash/fnv"
	"strings"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/random"
)

// randomOperators has the operators that draw random numbers.
var randomOperators = func() map[string]*operator {
	out := map[string]*operator{}
	for name, op := range randomTable() {
		out[name] = &op
	}
	return out
}()

// inPlaceTarget returns the name of the operator of which another one is the in-place variant.
func inPlaceTarget(target string) string { return strings.Replace(target, "_.", ".", 1) }

// placeOf tells the nodes of a graph from each other.
func placeOf(n *node) uint64 {
	h := fnv.New64a()
	for _, name := range resultNames(n) {
		_, _ = h.Write([]byte(name)) // It never fails.
	}
	return h.Sum64()
}

func (c *call) source() random.Source { return random.New(c.seed, c.place) }

func randomTable() map[string]operator {
	uniform := operator{"size self" + placementArguments, 1, func(c *call) (results, error) {
		return c.draw(c.source().Uniform(0, 1))
	}}
	normal := operator{"size self" + placementArguments, 1, func(c *call) (results, error) {
		return c.draw(c.source().Normal(0, 1))
	}}
	integers := operator{"self low high size" + placementArguments, 1, randomIntegers}
	flips := operator{"self p generator", 1, bernoulli}
	normals := operator{"mean std size self generator" + placementArguments, 1, normalOf}
	over := func(args string, distribution func(c *call) func() float64) operator {
		return operator{"self generator " + args, 1, func(c *call) (results, error) { return c.draw(distribution(c)) }}
	}
	return map[string]operator{
		"aten.rand.default": uniform, "aten.rand_like.default": uniform,
		"aten.randn.default": normal, "aten.randn_like.default": normal,
		"aten.randint.default": integers, "aten.randint.low": integers,
		"aten.randint_like.default": integers, "aten.randint_like.low_dtype": integers,
		"aten.bernoulli.default": flips, "aten.bernoulli.p": flips, "aten.bernoulli.float": flips,
		"aten.normal.float_float": normals, "aten.normal.Tensor_float": normals, "aten.normal.float_Tensor": normals,
		"aten.normal.Tensor_Tensor": normals,
		"aten.uniform.default": over("from to", func(c *call) func() float64 {
			return c.source().Uniform(c.float("from", 0), c.float("to", 1))
		}),
		"aten.exponential.default": over("lambd", func(c *call) func() float64 {
			return c.source().Exponential(c.float("lambd", 1))
		}),
		"aten.normal.default": over("mean std", func(c *call) func() float64 {
			return c.source().Normal(c.float("mean", 0), c.float("std", 1))
		}),
		"aten.multinomial.default": {"self num_samples replacement generator", 1, func(c *call) (results, error) {
			return one(c.source().Multinomial(c.tensor("self"), c.int("num_samples", 1), c.bool("replacement", false)))
		}},
		"aten.randperm.default": {"n" + placementArguments, 1, func(c *call) (results, error) {
			out, err := c.source().Permutation(c.int("n", 0))
			if err != nil {
				return nil, err
			}
			return results{c.cast(out, c.text("dtype", "int64"))}, nil
		}},
	}
}

// draw draws a tensor of the given size, or of the size of self.
func (c *call) draw(distribution func() float64) (results, error) {
	shape, dtype := c.ints("size"), "float32"
	if c.has("self") {
		dtype = c.tensor("self").DType()
		if shape == nil {
			shape = c.tensor("self").Shape
		}
	}
	return one(random.Draw(shape, c.text("dtype", dtype), distribution))
}

func randomIntegers(c *call) (results, error) {
	distribution, err := c.source().Integers(int64(c.int("low", 0)), int64(c.int("high", 0)))
	if err != nil {
		return nil, err
	}
	shape, dtype := c.ints("size"), "int64"
	if c.has("self") {
		shape, dtype = c.tensor("self").Shape, c.tensor("self").DType()
	}
	return one(random.Draw(shape, c.text("dtype", dtype), distribution))
}

// bernoulli draws by the probabilities of self, or by one probability.
func bernoulli(c *call) (results, error) {
	x := c.tensor("self")
	if !c.has("p") {
		return one(c.source().Bernoulli(x, x.DType()))
	}
	p, err := kernel.Expand(kernel.Scalar(c.float("p", 0.5)), x.Shape)
	if err != nil {
		return nil, err
	}
	return one(c.source().Bernoulli(p, x.DType()))
}

// normalOf draws by means and standard deviations, which are numbers or tensors.
func normalOf(c *call) (results, error) {
	t := make([]*tensor, 2)
	for i, name := range []string{"mean", "std"} {
		t[i] = kernel.Scalar(float64(i))
		if c.has(name) {
			t[i] = c.operand(name).value
		}
		t[i] = c.cast(t[i], "float32")
	}
	shape, err := kernel.BroadcastShape(t[0].Shape, t[1].Shape, c.ints("size"))
	if err != nil {
		return nil, err
	}
	draws, err := random.Draw(shape, "float32", c.source().Normal(0, 1))
	if err != nil {
		return nil, err
	}
	if draws, err = kernel.Arith(kernel.Mul, draws, t[1]); err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Add, draws, t[0]))
}
