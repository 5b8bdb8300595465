package torch

import (
	"github.com/millrace-ml/millrace/models/internal/kernel"
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
