package torch

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func indexTable() map[string]operator {
	scatter := func(args string) operator { return operator{args, 1, scatter} }
	return map[string]operator{
		"aten.index_select.default": {"self dim index", 1, func(c *call) (results, error) {
			return one(kernel.Gather(c.tensor("self"), c.tensor("index"), c.int("dim", 0)))
		}},
		"aten.gather.default": {"self dim index sparse_grad", 1, func(c *call) (results, error) {
			return one(kernel.GatherElements(c.tensor("self"), c.tensor("index"), c.int("dim", 0)))
		}},
		"aten.take_along_dim.default": {"self indices dim", 1, takeAlong},
		"aten.take.default":           {"self index", 1, take},
		"aten.index.Tensor":           {"self indices", 1, index},
		"aten.index_put.default":      {"self indices values accumulate", 1, indexPut},
		"aten.masked_select.default": {"self mask", 1, func(c *call) (results, error) {
			return one(kernel.Index(c.tensor("self"), []*tensor{c.tensor("mask")}))
		}},
		"aten.nonzero.default": {"self", 1, func(c *call) (results, error) { return one(kernel.NonZero(c.tensor("self"))) }},

		"aten.scatter.value": scatter("self dim index value"), "aten.scatter.src": scatter("self dim index src"),
		"aten.scatter.value_reduce":  scatter("self dim index value reduce"),
		"aten.scatter.reduce":        scatter("self dim index src reduce"),
		"aten.scatter_reduce.two":    scatter("self dim index src reduce include_self"),
		"aten.scatter_add.default":   {"self dim index src", 1, scatterAdd},
		"aten.index_add.default":     {"self dim index source alpha", 1, indexInto(kernel.JoinAdd)},
		"aten.index_reduce.default":  {"self dim index source reduce include_self", 1, indexReduce},
		"aten.index_copy.default":    {"self dim index source", 1, indexInto(kernel.Replace)},
		"aten.index_fill.int_Scalar": {"self dim index value", 1, indexInto(kernel.Replace)},
		"aten.index_fill.int_Tensor": {"self dim index value", 1, indexInto(kernel.Replace)},
		"aten.select_scatter.default": {"self src dim index", 1, func(c *call) (results, error) {
			return c.putWhere("src", func(at *tensor) (*tensor, error) {
				return kernel.Select(at, c.int("dim", 0), c.int("index", 0))
			})
		}},
		"aten.slice_scatter.default": {"self src dim start end step", 1, func(c *call) (results, error) {
			return c.putWhere("src", c.slice)
		}},

		"aten.isin.Tensor_Tensor": {"elements test_elements assume_unique invert", 1, isIn},
		"aten.one_hot.default":    {"self num_classes", 1, oneHot},
		"aten.bucketize.Tensor": {"self boundaries out_int32 right", 1, func(c *call) (results, error) {
			return c.buckets(c.tensor("boundaries"), c.bool("right", false))
		}},
		"aten.searchsorted.Tensor": {"sorted_sequence self out_int32 right side sorter", 1, func(c *call) (results, error) {
			return c.buckets(c.tensor("sorted_sequence"), c.bool("right", false) || c.text("side", "left") == "right")
		}},
	}
}

// indices returns the index tensors, with nil for axes without one.
func (c *call) indices() []*tensor {
	v, _ := c.get("indices", tensorsKind, optionalTensorsKind)
	lists := make([]*tensor, len(v.slots))
	for i, slot := range v.slots {
		if slot >= 0 {
			lists[i] = c.values[slot]
		}
	}
	return lists
}

func index(c *call) (results, error) {
	return one(kernel.Index(c.tensor("self"), c.indices()))
}

// putWhere writes a tensor to the elements that take selects.
func (c *call) putWhere(values string, take func(places *tensor) (*tensor, error)) (results, error) {
	x := c.tensor("self")
	return one(kernel.PutWhere(x, c.cast(c.operand(values).value, x.DType()), kernel.Replace, take))
}

func indexPut(c *call) (results, error) {
	x := c.tensor("self")
	join := kernel.Replace
	if c.bool("accumulate", false) {
		join = kernel.JoinAdd
	}
	return one(kernel.PutWhere(x, c.cast(c.tensor("values"), x.DType()), join, func(places *tensor) (*tensor, error) {
		return kernel.Index(places, c.indices())
	}))
}

// indexInto returns an operator that writes slices of the source to the given indices of an axis.
func indexInto(join kernel.Join) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.tensor("self")
		source := "source"
		if c.has("value") {
			source = "value"
		}
		values := c.cast(c.operand(source).value, x.DType())
		if alpha := c.float("alpha", 1); alpha != 1 {
			var err error
			if values, err = kernel.Arith(kernel.Mul, values, c.like(alpha, values)); err != nil {
				return nil, err
			}
		}
		return one(kernel.PutWhere(x, values, join, func(places *tensor) (*tensor, error) {
			return kernel.Gather(places, c.tensor("index"), c.int("dim", 0))
		}))
	}
}

// joinNames has the names of the ways to combine elements.
var joinNames = map[string]kernel.Join{
	"": kernel.Replace, "add": kernel.JoinAdd, "sum": kernel.JoinAdd, "multiply": kernel.JoinMul, "prod": kernel.JoinMul,
	"amax": kernel.JoinMax, "amin": kernel.JoinMin, "mean": kernel.JoinAdd,
}

func scatter(c *call) (results, error) {
	x, index, source := c.tensor("self"), c.tensor("index"), "src"
	if c.has("value") {
		source = "value"
	}
	axis, values := c.int("dim", 0), c.cast(c.operand(source).value, x.DType())
	return c.joined(x, values, func(x, values *tensor, join kernel.Join) (*tensor, error) {
		return kernel.ScatterElements(x, index, values, axis, join)
	})
}

// indexReduce joins slices of the source with those at the given indices of an axis.
func indexReduce(c *call) (results, error) {
	x := c.tensor("self")
	values := c.cast(c.tensor("source"), x.DType())
	return c.joined(x, values, func(x, values *tensor, join kernel.Join) (*tensor, error) {
		return kernel.PutWhere(x, values, join, func(places *tensor) (*tensor, error) {
			return kernel.Gather(places, c.tensor("index"), c.int("dim", 0))
		})
	})
}

// put returns a copy of x in which some elements are joined with values, which broadcast.
type put func(x, values *tensor, join kernel.Join) (*tensor, error)

// joined joins values with elements of x as the argument reduce says.
func (c *call) joined(x, values *tensor, into put) (results, error) {
	join := c.scatterJoin()
	if !c.bool("include_self", true) {
		var err error
		neutral := map[kernel.Join]float64{kernel.JoinMul: 1, kernel.JoinMax: math.Inf(-1), kernel.JoinMin: math.Inf(1)}
		if x, err = into(x, c.like(neutral[join], x), kernel.Replace); err != nil {
			return nil, err
		}
	}
	out, err := into(x, values, join)
	if err != nil || c.text("reduce", "") != "mean" {
		return results{out}, err
	}
	return c.dividedByCounts(out, into)
}

// dividedByCounts divides each element by the number of those that were added to it.
func (c *call) dividedByCounts(sums *tensor, into put) (results, error) {
	counts, err := kernel.Expand(kernel.Scalar(1.0), sums.Shape)
	if err != nil {
		return nil, err
	}
	if !c.bool("include_self", true) {
		if counts, err = into(counts, kernel.Scalar(0.0), kernel.Replace); err != nil {
			return nil, err
		}
	}
	if counts, err = into(counts, kernel.Scalar(1.0), kernel.JoinAdd); err != nil {
		return nil, err
	}
	op := kernel.Div
	if !isFloat(sums.DType()) {
		op = kernel.FloorDiv
	}
	return one(kernel.Arith(op, sums, c.cast(counts, sums.DType())))
}

// scatterJoin returns the way to combine elements.
func (c *call) scatterJoin() kernel.Join {
	join, ok := joinNames[c.text("reduce", "")]
	if !ok {
		c.fail(kernel.Unsupported("scattering with reduce '%s'", c.text("reduce", "")))
	}
	return join
}

func scatterAdd(c *call) (results, error) {
	return one(kernel.ScatterElements(c.tensor("self"), c.tensor("index"), c.tensor("src"), c.int("dim", 0),
		kernel.JoinAdd))
}

// takeAlong gathers along an axis and broadcasts all other axes.
func takeAlong(c *call) (results, error) {
	x, index := c.tensor("self"), c.tensor("indices")
	if !c.has("dim") {
		return takeFlat(x, index)
	}
	axis, err := kernel.Axis(c.int("dim", 0), len(x.Shape))
	if err != nil {
		return nil, err
	}
	if len(index.Shape) != len(x.Shape) {
		return nil, kernel.Invalid("indices of shape %v into shape %v", index.Shape, x.Shape)
	}
	same := func(t *tensor, n int) []int {
		shape := slices.Clone(t.Shape)
		shape[axis] = n
		return shape
	}
	both, err := kernel.BroadcastShape(same(x, 1), same(index, 1))
	if err != nil {
		return nil, err
	}
	for _, t := range []**tensor{&x, &index} {
		shape := slices.Clone(both)
		shape[axis] = (*t).Shape[axis]
		if *t, err = kernel.Expand(*t, shape); err != nil {
			return nil, err
		}
	}
	return one(kernel.GatherElements(x, index, axis))
}

func take(c *call) (results, error) {
	return takeFlat(c.tensor("self"), c.tensor("index"))
}

func takeFlat(x, index *tensor) (results, error) {
	flat, err := kernel.Reshape(x, []int{-1})
	if err != nil {
		return nil, err
	}
	return one(kernel.Gather(flat, index, 0))
}

// oneHot determines the number of classes if it is not given.
func oneHot(c *call) (results, error) {
	x, n := c.tensor("self"), c.int("num_classes", -1)
	list, err := kernel.AsInts(x)
	if err != nil {
		return nil, err
	}
	if n < 0 && len(list) > 0 {
		n = slices.Max(list) + 1
	}
	for _, i := range list {
		if i < 0 || i >= n {
			return nil, kernel.Invalid("class %d of %d", i, n)
		}
	}
	return one(kernel.OneHot(x, n, -1, kernel.Scalar(int64(0)), kernel.Scalar(int64(1))))
}

func (c *call) buckets(bounds *tensor, right bool) (results, error) {
	out, err := kernel.Buckets(c.operand("self").value, bounds, right)
	if err != nil || !c.bool("out_int32", false) {
		return results{out}, err
	}
	return results{c.cast(out, "int32")}, nil
}

// isIn reports which elements occur in another tensor.
func isIn(c *call) (results, error) {
	t := c.promoted("elements", "test_elements")
	column, err := kernel.Unsqueeze(t[0], []int{-1})
	if err != nil {
		return nil, err
	}
	others, err := kernel.Reshape(t[1], []int{-1})
	if err != nil {
		return nil, err
	}
	hit, err := kernel.Compare(kernel.Equal, column, others)
	if err != nil {
		return nil, err
	}
	if hit, err = kernel.Reduce(kernel.Sum, c.cast(hit, "int64"), []int{-1}, false); err != nil {
		return nil, err
	}
	in := c.cast(hit, "bool")
	if c.bool("invert", false) {
		return one(kernel.Not(in))
	}
	return results{in}, nil
}
