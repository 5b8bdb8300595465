package onnx

import (
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// indexOps are the operators that read or write elements by index.
var indexOps = map[string]operator{
	"Gather": {
		"axis", 2, 2, 1,
		func(c *call) (results, error) { return one(kernel.Gather(c.in(0), c.in(1), c.int("axis", 0))) },
	},
	"GatherElements": {"axis", 2, 2, 1, func(c *call) (results, error) {
		return one(kernel.GatherElements(c.in(0), c.in(1), c.int("axis", 0)))
	}},
	"GatherND": {"batch_dims", 2, 2, 1, func(c *call) (results, error) {
		return one(kernel.GatherND(c.in(0), c.in(1), c.int("batch_dims", 0)))
	}},
	"ScatterElements": {"axis reduction", 3, 3, 1, func(c *call) (results, error) {
		return one(kernel.ScatterElements(c.in(0), c.in(1), c.in(2), c.int("axis", 0), c.join()))
	}},
	"Scatter": {"axis", 3, 3, 1, func(c *call) (results, error) {
		return one(kernel.ScatterElements(c.in(0), c.in(1), c.in(2), c.int("axis", 0), kernel.Replace))
	}},
	"ScatterND": {"reduction", 3, 3, 1, func(c *call) (results, error) {
		return one(kernel.ScatterND(c.in(0), c.in(1), c.in(2), c.join()))
	}},
	"OneHot":   {"axis", 3, 3, 1, oneHot},
	"NonZero":  {"", 1, 1, 1, nonZero},
	"Compress": {"axis", 2, 2, 1, compress},
	"EyeLike":  {"dtype k", 1, 1, 1, eyeLike},
	"DepthToSpace": {"blocksize mode", 1, 1, 1, func(c *call) (results, error) {
		return one(nn.Shuffle(c.in(0), c.int("blocksize", 1), false, c.str("mode", "DCR") == "DCR"))
	}},
	"SpaceToDepth": {"blocksize", 1, 1, 1, func(c *call) (results, error) {
		return one(nn.Shuffle(c.in(0), c.int("blocksize", 1), true, true))
	}},
	"Col2Im":     {"dilations pads strides", 3, 3, 1, col2Im},
	"GridSample": {"align_corners mode padding_mode", 2, 2, 1, gridSample},
	"AffineGrid": {"align_corners", 2, 2, 1, func(c *call) (results, error) {
		return one(nn.AffineGrid(c.in(0), c.intsIn(1), c.int("align_corners", 0) != 0))
	}},
}

// joinNames has the values of the attribute reduction.
var joinNames = map[string]kernel.Join{
	"none": kernel.Replace, "add": kernel.JoinAdd, "mul": kernel.JoinMul,
	"max": kernel.JoinMax, "min": kernel.JoinMin,
}

func (c *call) join() kernel.Join {
	join, ok := joinNames[c.str("reduction", "none")]
	if !ok {
		c.fail(kernel.Unsupported("reduction '%s'", c.str("reduction", "")))
	}
	return join
}

func oneHot(c *call) (results, error) {
	depth, err := kernel.AsFloat(c.in(1))
	if err != nil {
		return nil, err
	}
	if !(depth >= 1 && depth <= kernel.MaxElements) || c.in(2).Len() != 2 {
		return nil, kernel.Invalid("a depth of %g and %d values", depth, c.in(2).Len())
	}
	values, err := kernel.Split(c.in(2), 0, []int{1, 1})
	if err != nil {
		return nil, err
	}
	return one(kernel.OneHot(c.in(0), int(depth), c.int("axis", -1), values[0], values[1]))
}

// nonZero returns the indices of the elements that are not 0, one row for each axis.
func nonZero(c *call) (results, error) {
	rows, err := kernel.NonZero(c.in(0))
	if err != nil {
		return nil, err
	}
	return one(kernel.Swap(rows, 0, 1))
}

// compress selects by a list of bools along an axis, or from all elements.
func compress(c *call) (results, error) {
	x, axis := c.in(0), c.int("axis", 0)
	if !c.has("axis") {
		var err error
		if x, err = kernel.Reshape(x, []int{-1}); err != nil {
			return nil, err
		}
	}
	at, err := kernel.NonZero(c.in(1))
	if err != nil {
		return nil, err
	}
	if at, err = kernel.Reshape(at, []int{-1}); err != nil {
		return nil, err
	}
	return one(kernel.Gather(x, at, axis))
}

func eyeLike(c *call) (results, error) {
	x := c.in(0)
	dtype := x.DType()
	if c.has("dtype") {
		dtype = dtypeName(int64(c.int("dtype", 1)))
	}
	out, err := kernel.Eye(x.Shape, c.int("k", 0))
	if err != nil {
		return nil, err
	}
	return one(kernel.Cast(out, dtype))
}

func col2Im(c *call) (results, error) {
	w := c.window()
	w.Kernel = c.intsIn(2)
	return one(nn.ColumnsToImage(c.in(0), c.intsIn(1), w))
}

// samplings and borders have the names of the modes of GridSample.
var (
	samplings = map[string]nn.Sampling{
		"linear": nn.SampleLinear, "bilinear": nn.SampleLinear, "nearest": nn.SampleNearest,
		"cubic": nn.SampleCubic, "bicubic": nn.SampleCubic,
	}
	borders = map[string]nn.Border{
		"zeros": nn.BorderZeros, "border": nn.BorderEdge, "reflection": nn.BorderReflection,
	}
)

func gridSample(c *call) (results, error) {
	mode, pad := c.str("mode", "linear"), c.str("padding_mode", "zeros")
	return one(nn.GridSample(c.in(0), c.in(1), samplings[mode], borders[pad], c.int("align_corners", 0) != 0))
}
