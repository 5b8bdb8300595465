package torch

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func move(c *call) (results, error) {
	return one(kernel.Move(c.tensor("self"), c.ints("source"), c.ints("destination")))
}

// arrangeTable has the operators that repeat, concatenate, divide and select parts of tensors.
func arrangeTable() map[string]operator {
	return map[string]operator{
		"aten.repeat.default": {"self repeats", 1, repeat}, "aten.tile.default": {"self dims", 1, tileOf},
		"aten.repeat_interleave.self_int":    {"self repeats dim output_size", 1, interleave},
		"aten.repeat_interleave.self_Tensor": {"self repeats dim output_size", 1, interleave},
		"aten.movedim.int":                   {"self source destination", 1, move},
		"aten.movedim.intlist":               {"self source destination", 1, move},
		"aten.ravel.default": {
			"self", 1,
			func(c *call) (results, error) { return one(kernel.Reshape(c.tensor("self"), []int{-1})) },
		},
		"aten.hstack.default": concatAtLeast(1, 1), "aten.vstack.default": concatAtLeast(2, 0),
		"aten.dstack.default":        concatAtLeast(3, 2),
		"aten.column_stack.default":  {"tensors", 1, columns},
		"aten.tensor_split.sections": {"self sections dim", 0, tensorSplit},
		"aten.tensor_split.indices":  {"self indices dim", 0, tensorSplit},
		"aten.diagonal.default": {"self offset dim1 dim2", 1, func(c *call) (results, error) {
			return one(kernel.Diagonal(c.tensor("self"), c.int("offset", 0), c.int("dim1", 0), c.int("dim2", 1)))
		}},
		"aten.diag.default": {"self diagonal", 1, diag}, "aten.diag_embed.default": {"self offset dim1 dim2", 1, diagEmbed},
		"aten.unfold.default": {"self dimension size step", 1, func(c *call) (results, error) {
			return one(kernel.Windows(c.tensor("self"), c.int("dimension", 0), c.int("size", 1), c.int("step", 1)))
		}},
		"aten.cat.default":              {"tensors dim", 1, cat},
		"aten.stack.default":            {"tensors dim", 1, stack},
		"aten.chunk.default":            {"self chunks dim", 0, chunk},
		"aten.split.Tensor":             {"self split_size dim", 0, split},
		"aten.split_with_sizes.default": {"self split_sizes dim", 0, splitSizes},
		"aten.unbind.int":               {"self dim", 0, unbind},
		"aten.slice.Tensor":             {"self dim start end step", 1, slice},
		"aten.narrow.default":           {"self dim start length", 1, narrow},
		"aten.select.int": {"self dim index", 1, func(c *call) (results, error) {
			return one(kernel.Select(c.tensor("self"), c.int("dim", 0), c.int("index", 0)))
		}},
		"aten.diff.default": {"self n dim prepend append", 1, diff},
		"aten.flip.default": {"self dims", 1, flipDims}, "aten.fliplr.default": {"self", 1, flipOf(1)},
		"aten.flipud.default": {"self", 1, flipOf(0)},
		"aten.rot90.default":  {"self k dims", 1, rot90},
		"aten.roll.default":   {"self shifts dims", 1, roll},
		"aten.pad.default":    {"self pad mode value", 1, pad}, "aten.constant_pad_nd.default": {"self pad value", 1, pad},
		"aten.triu.default": {"self diagonal", 1, func(c *call) (results, error) {
			return one(kernel.Tri(c.tensor("self"), c.int("diagonal", 0), true))
		}},
		"aten.tril.default": {"self diagonal", 1, func(c *call) (results, error) {
			return one(kernel.Tri(c.tensor("self"), c.int("diagonal", 0), false))
		}},
	}
}

// tileOf repeats axes. If there are fewer numbers than axes, they apply to the last axes.
func tileOf(c *call) (results, error) {
	x, times := c.tensor("self"), c.ints("dims")
	if missing := len(x.Shape) - len(times); missing > 0 {
		times = append(slices.Repeat([]int{1}, missing), times...)
	}
	return one(tile(x, times))
}

// tile repeats axes and prepends axes if there are more numbers than axes.
func tile(x *tensor, times []int) (*tensor, error) {
	if len(times) > kernel.MaxRank {
		return nil, kernel.Invalid("repeats %v", times)
	}
	x, err := kernel.Reshape(x, append(slices.Repeat([]int{1}, max(0, len(times)-len(x.Shape))), x.Shape...))
	if err != nil {
		return nil, err
	}
	return kernel.Tile(x, times)
}

// interleave repeats each element of an axis, by one number for all or by a list with a number for each element.
func interleave(c *call) (results, error) {
	x, axis := c.tensor("self"), c.int("dim", 0)
	if !c.has("dim") {
		var err error
		if x, err = kernel.Reshape(x, []int{-1}); err != nil {
			return nil, err
		}
	}
	times, err := kernel.AsInts(c.operand("repeats").value)
	if err != nil {
		return nil, err
	}
	if len(times) == 1 {
		return one(kernel.Repeat(x, axis, times[0]))
	}
	n, err := sizeOf(x, axis)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, t := range times {
		if t < 0 || t > kernel.MaxElements-total {
			return nil, kernel.Invalid("repeats %v", t)
		}
		total += t
	}
	if len(times) != n {
		return nil, kernel.Invalid("%d repeats for %d elements", len(times), n)
	}
	at := make([]int, 0, total)
	for i, t := range times {
		at = append(at, slices.Repeat([]int{i}, t)...)
	}
	return one(kernel.Gather(x, kernel.Ints(at), axis))
}

// concatAtLeast concatenates tensors that are extended to a minimum rank. Tensors of one dimension are concatenated
// along that dimension.
func concatAtLeast(rank, axis int) operator {
	return operator{"tensors", 1, func(c *call) (results, error) {
		xs, axis := c.tensors("tensors"), axis
		for i, x := range xs {
			var err error
			if xs[i], err = atLeast(x, rank); err != nil {
				return nil, err
			}
			axis = min(axis, len(xs[i].Shape)-1)
		}
		return one(c.concat(xs, axis))
	}}
}

// atLeast extends a tensor to a minimum rank. It prepends axes to a vector and appends them to a matrix.
func atLeast(x *tensor, rank int) (*tensor, error) {
	shape := slices.Clone(x.Shape)
	for len(shape) < rank {
		if len(shape) == 1 {
			shape = append([]int{1}, shape...)
		} else {
			shape = append(shape, 1)
		}
	}
	return kernel.Reshape(x, shape)
}

// columns concatenates tensors as columns.
func columns(c *call) (results, error) {
	xs := c.tensors("tensors")
	for i, x := range xs {
		if len(x.Shape) < 2 {
			var err error
			if xs[i], err = kernel.Reshape(x, []int{x.Len(), 1}); err != nil {
				return nil, err
			}
		}
	}
	return one(c.concat(xs, 1))
}

// tensorSplit divides an axis into sections, of which the first can be larger by one, or at given indices.
func tensorSplit(c *call) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	places := c.ints("indices")
	if c.has("sections") {
		sections := c.int("sections", 1)
		if sections < 1 || sections > kernel.MaxRank<<10 {
			return nil, kernel.Invalid("%d sections", sections)
		}
		for i := 1; i < sections; i++ {
			places = append(places, i*(n/sections)+min(i, n%sections))
		}
	}
	var out results
	from := 0
	for _, to := range append(places, n) {
		piece, err := kernel.Slice(c.tensor("self"), c.int("dim", 0), from, to, 1)
		if err != nil {
			return nil, err
		}
		out, from = append(out, piece), to
	}
	return out, nil
}

// diag returns the diagonal of a matrix, or the matrix with a given diagonal.
func diag(c *call) (results, error) {
	x, offset := c.tensor("self"), c.int("diagonal", 0)
	if len(x.Shape) == 1 {
		return one(kernel.DiagonalOf(x, offset))
	}
	return one(kernel.Diagonal(x, offset, 0, 1))
}

func diagEmbed(c *call) (results, error) {
	out, err := kernel.DiagonalOf(c.tensor("self"), c.int("offset", 0))
	if err != nil {
		return nil, err
	}
	return one(kernel.Move(out, []int{-2, -1}, []int{c.int("dim1", -2), c.int("dim2", -1)}))
}

// diff computes the differences of neighbors along an axis, n times. The neighbors can be extended on both sides.
func diff(c *call) (results, error) {
	x, axis, times := c.tensor("self"), c.int("dim", -1), c.diffOrder()
	parts := []*tensor{x}
	if before := c.opt("prepend"); before != nil {
		parts = []*tensor{before, x}
	}
	if after := c.opt("append"); after != nil {
		parts = append(parts, after)
	}
	x, err := c.concat(parts, axis)
	for i := 0; i < times && err == nil; i++ {
		x, err = c.stepBetween(x, axis)
	}
	return results{x}, err
}

// diffOrder returns how often differences are computed.
func (c *call) diffOrder() int {
	times := c.int("n", 1)
	if times < 0 || times > kernel.MaxRank {
		c.fail(kernel.Unsupported("differences of order %d", times))
		return 0
	}
	return times
}

// stepBetween returns the difference of each element of an axis and the one before it. For bools it is their Xor.
func (c *call) stepBetween(x *tensor, axis int) (*tensor, error) {
	next, err := kernel.Slice(x, axis, 1, math.MaxInt, 1)
	if err != nil {
		return nil, err
	}
	n, err := sizeOf(x, axis)
	if err != nil {
		return nil, err
	}
	last, err := kernel.Slice(x, axis, 0, max(0, n-1), 1)
	if err != nil {
		return nil, err
	}
	if x.DType() == "bool" {
		return kernel.Compare(kernel.Xor, next, last)
	}
	return kernel.Arith(kernel.Sub, next, last)
}
