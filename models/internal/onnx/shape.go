package onnx

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// reshape changes the shape. A dimension of 0 keeps the dimension of the input.
func reshape(c *call) (results, error) {
	x, shape := c.in(0), slices.Clone(c.intsIn(1))
	if c.int("allowzero", 0) == 0 {
		for i, d := range shape {
			if d == 0 && i < len(x.Shape) {
				shape[i] = x.Shape[i]
			}
		}
	}
	return one(kernel.Reshape(x, shape))
}

// flatten returns a matrix of the axes before the given axis and the axes from it on.
func flatten(c *call) (results, error) {
	x, axis := c.in(0), c.int("axis", 1)
	if axis < 0 {
		axis += len(x.Shape)
	}
	if axis < 0 || axis > len(x.Shape) {
		return nil, kernel.Invalid("axis %d of shape %v", axis, x.Shape)
	}
	rows, err := kernel.Count(x.Shape[:axis])
	if err != nil {
		return nil, err
	}
	columns, err := kernel.Count(x.Shape[axis:])
	if err != nil {
		return nil, err
	}
	return one(kernel.Reshape(x, []int{rows, columns}))
}

func transpose(c *call) (results, error) {
	x, perm := c.in(0), c.ints("perm")
	if perm == nil {
		for i := range x.Shape {
			perm = append([]int{i}, perm...)
		}
	}
	return one(kernel.Transpose(x, perm))
}

func concat(c *call) (results, error) {
	xs := make([]*tensor, len(c.values))
	for i := range xs {
		xs[i] = c.in(i)
	}
	return one(kernel.Concat(xs, c.int("axis", 0)))
}

// split divides an axis. Without sizes the parts are equal, except that the last one can be smaller.
func split(c *call) (results, error) {
	x, sizes := c.in(0), c.axes(1, "split")
	if sizes == nil {
		axis, err := kernel.Axis(c.int("axis", 0), len(x.Shape))
		if err != nil {
			return nil, err
		}
		n := len(c.node.outputs)
		for i, left := 0, x.Shape[axis]; i < n; i++ {
			piece := min(left, (x.Shape[axis]+n-1)/n)
			sizes, left = append(sizes, piece), left-piece
		}
	}
	return kernel.Split(x, c.int("axis", 0), sizes)
}

// slice takes a part of some axes. Before version 10 the bounds are attributes.
func slice(c *call) (results, error) {
	x, starts, ends, axes, steps := c.in(0), c.axes(1, "starts"), c.axes(2, "ends"), c.axes(3, "axes"), c.intsIn(4)
	if axes == nil {
		for i := range starts {
			axes = append(axes, i)
		}
	}
	if steps == nil {
		steps = slices.Repeat([]int{1}, len(starts))
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		return nil, kernel.Invalid("a slice from %v to %v of axes %v in steps of %v", starts, ends, axes, steps)
	}
	for i := range starts {
		var err error
		if x, err = kernel.Slice(x, axes[i], starts[i], ends[i], steps[i]); err != nil {
			return nil, err
		}
	}
	return results{x}, nil
}

// expand broadcasts to a shape. A dimension of the input may be larger than that of the shape.
func expand(c *call) (results, error) {
	shape := c.intsIn(1)
	if _, err := kernel.Count(shape); err != nil {
		return nil, err
	}
	both, err := kernel.BroadcastShape(c.in(0).Shape, shape)
	if err != nil {
		return nil, err
	}
	return one(kernel.Expand(c.in(0), both))
}

// pad adds elements around a tensor. Before version 11 the pads and the value are attributes.
func pad(c *call) (results, error) {
	x, pads, value, axes := c.in(0), c.axes(1, "pads"), c.opt(2), c.intsIn(3)
	if c.has("value") {
		value = c.like(c.float("value", 0), x)
	}
	rank := len(x.Shape)
	if axes == nil {
		for i := range rank {
			axes = append(axes, i)
		}
	}
	if len(pads) != 2*len(axes) {
		return nil, kernel.Invalid("pads %v for axes %v", pads, axes)
	}
	before, after := make([]int, rank), make([]int, rank)
	for i, a := range axes {
		a, err := kernel.Axis(a, rank)
		if err != nil {
			return nil, err
		}
		before[a], after[a] = pads[i], pads[len(axes)+i]
	}
	return one(kernel.Pad(x, before, after, kernel.PadMode(c.str("mode", "constant")), value))
}

func shape(c *call) (results, error) {
	shape := c.in(0).Shape
	dims, err := kernel.Slice(kernel.Ints(shape), 0, c.int("start", 0), c.int("end", len(shape)), 1)
	return one(dims, err)
}

func constantOfShape(c *call) (results, error) {
	value := kernel.Scalar[float32](0)
	if a := c.node.attributes["value"]; a != nil && a.t != nil {
		var err error
		if value, err = a.t.value(files.Dir{}); err != nil {
			return nil, err
		}
	}
	if value.Len() != 1 {
		return nil, kernel.Invalid("a value of shape %v", value.Shape)
	}
	value, err := kernel.Reshape(value, []int{})
	if err != nil {
		return nil, err
	}
	return one(kernel.Expand(value, c.intsIn(0)))
}

func trilu(c *call) (results, error) {
	k := 0
	if list := c.intsIn(1); len(list) > 0 {
		k = list[0]
	}
	return one(kernel.Tri(c.in(0), k, c.int("upper", 1) != 0))
}
