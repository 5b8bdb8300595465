package torch

import (
	"hash/fnv"
	"strings"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/random"
)

// placementArguments has the arguments for the dtype and the memory of a new tensor.
const placementArguments = " dtype layout device pin_memory memory_format"

// createTable has the operators that create tensors or overwrite all elements of one.
func createTable() map[string]operator {
	empty := full("0") // The content of an uninitialized tensor is unspecified.
	return map[string]operator{
		"aten.full.default":       {"size fill_value" + placementArguments, 1, full("")},
		"aten.full_like.default":  {"self fill_value" + placementArguments, 1, full("")},
		"aten.new_full.default":   {"self size fill_value" + placementArguments, 1, full("")},
		"aten.zeros.default":      {"size" + placementArguments, 1, full("0")},
		"aten.zeros_like.default": {"self" + placementArguments, 1, full("0")},
		"aten.new_zeros.default":  {"self size" + placementArguments, 1, full("0")},
		"aten.ones.default":       {"size" + placementArguments, 1, full("1")},
		"aten.ones_like.default":  {"self" + placementArguments, 1, full("1")},
		"aten.new_ones.default":   {"self size" + placementArguments, 1, full("1")},
		"aten.scalar_tensor.default": {"s" + placementArguments, 1, func(c *call) (results, error) {
			return results{c.cast(c.operand("s").value, c.text("dtype", "float32"))}, nil
		}},
		"aten.arange.default":      {"end" + placementArguments, 1, arange},
		"aten.arange.start":        {"start end" + placementArguments, 1, arange},
		"aten.arange.start_step":   {"start end step" + placementArguments, 1, arange},
		"aten.empty.memory_format": {"size" + placementArguments, 1, empty},
		"aten.empty_like.default":  {"self" + placementArguments, 1, empty},
		"aten.new_empty.default":   {"self size" + placementArguments, 1, empty},
		"aten.fill.Scalar":         {"self value", 1, fill("value")}, "aten.fill.Tensor": {"self value", 1, fill("value")},
		"aten.copy.default": {"self src non_blocking", 1, fill("src")}, "aten.zero.default": {"self", 1, full("0")},
		"aten.linspace.default": {"start end steps" + placementArguments, 1, linspace},
		"aten.eye.default":      {"n" + placementArguments, 1, eye}, "aten.eye.m": {"n m" + placementArguments, 1, eye},
		"aten.tril_indices.default": {"row col offset" + placementArguments, 1, triangle(false)},
		"aten.triu_indices.default": {"row col offset" + placementArguments, 1, triangle(true)},
		"aten.meshgrid.default":     {"tensors", 0, meshgrid}, "aten.meshgrid.indexing": {"tensors indexing", 0, meshgrid},
	}
}

// full returns an operator that fills a new tensor with a number: the given one or that of an argument.
func full(number string) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		size, dtype := c.ints("size"), ""
		if c.has("self") {
			dtype = c.tensor("self").DType()
			if size == nil {
				size = c.tensor("self").Shape
			}
		}
		value := kernel.Scalar(0.0)
		switch number {
		case "1":
			value = kernel.Scalar(1.0)
		case "":
			value = c.operand("fill_value").value
		}
		if dtype == "" {
			dtype = resultType(operand{value, 0})
		}
		return one(kernel.Expand(c.cast(value, c.text("dtype", dtype)), size))
	}
}

// arange returns a sequence of integers, or of floats if an argument is a float.
func arange(c *call) (results, error) {
	start, end, step := operand{kernel.Scalar(int64(0)), 0}, c.operand("end"), operand{kernel.Scalar(int64(1)), 0}
	if c.has("start") {
		start = c.operand("start")
	}
	if c.has("step") {
		step = c.operand("step")
	}
	list, err := kernel.Range(c.cast(start.value, "float64"), end.value, step.value)
	if err != nil {
		return nil, err
	}
	return results{c.cast(list, c.text("dtype", resultType(start, end, step)))}, nil
}

// fill overwrites all elements of self with the value of an argument.
func fill(value string) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.tensor("self")
		return one(kernel.Expand(c.cast(c.operand(value).value, x.DType()), x.Shape))
	}
}

// linspace returns equidistant numbers from start to end.
func linspace(c *call) (results, error) {
	start, end, n := c.float("start", 0), c.float("end", 0), c.int("steps", 1)
	if _, err := kernel.Count([]int{n}); err != nil {
		return nil, err
	}
	list := make([]float64, n)
	for i := range list {
		list[i] = start
		if n > 1 {
			list[i] += (end - start) * float64(i) / float64(n-1)
		}
	}
	return results{c.cast(&tensor{Shape: []int{n}, Data: list}, c.text("dtype", "float32"))}, nil
}

func eye(c *call) (results, error) {
	n := c.int("n", 0)
	out, err := kernel.Eye([]int{n, c.int("m", n)}, 0)
	if err != nil {
		return nil, err
	}
	return results{c.cast(out, c.text("dtype", "float32"))}, nil
}

// triangle returns the row and column indices of a triangle of a matrix.
func triangle(upper bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		all, err := kernel.Expand(kernel.Scalar(int64(1)), []int{c.int("row", 0), c.int("col", 0)})
		if err != nil {
			return nil, err
		}
		if all, err = kernel.Tri(all, c.int("offset", 0), upper); err != nil {
			return nil, err
		}
		if all, err = kernel.NonZero(all); err != nil {
			return nil, err
		}
		all, err = kernel.Swap(all, 0, 1)
		return results{c.cast(all, c.text("dtype", "int64"))}, err
	}
}

// meshgrid expands each vector to a tensor with one axis for each vector.
func meshgrid(c *call) (results, error) {
	list := c.tensors("tensors")
	swap := c.text("indexing", "ij") == "xy" && len(list) >= 2
	shape := make([]int, len(list))
	for i, t := range list {
		shape[i] = t.Len()
	}
	out := make(results, len(list))
	for i, t := range list {
		wide := make([]int, len(list))
		for j := range wide {
			wide[j] = 1
		}
		wide[i] = t.Len()
		t, err := kernel.Reshape(t, wide)
		if err != nil {
			return nil, err
		}
		if out[i], err = kernel.Expand(t, shape); err != nil {
			return nil, err
		}
		if swap {
			if out[i], err = kernel.Swap(out[i], 0, 1); err != nil {
				return nil, err
			}
		}
	}
	if len(out) == 0 {
		return nil, kernel.Invalid("a grid of nothing")
	}
	return out, nil
}

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
