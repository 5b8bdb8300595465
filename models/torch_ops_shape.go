package models

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func torchShapeTable() map[string]torchOp {
	same := func(args string) torchOp {
		return torchOp{args, 1, func(c *torchCall) (results, error) { return results{c.tensor("self")}, nil }}
	}
	toDType := torchOp{"self dtype layout device pin_memory non_blocking copy memory_format", 1, torchTo}
	return map[string]torchOp{
		"aten._assert_tensor_metadata.default": {}, "aten._assert_scalar.default": {}, "aten._assert_async.msg": {},
		"aten.sym_constrain_range_for_size.default": {}, "aten.sym_constrain_range.default": {},

		"aten.contiguous.default": same("self memory_format"), "aten.clone.default": same("self memory_format"),
		"aten.detach.default": same("self"), "aten.detach_.default": same("self"), "aten.alias.default": same("self"), "aten.lift_fresh_copy.default": same("self"),
		"aten.to.dtype": toDType, "aten.to.device": toDType, "aten.to.dtype_layout": toDType, "aten._to_copy.default": toDType,
		"aten.type_as.default": {"self other", 1, func(c *torchCall) (results, error) {
			return results{c.cast(c.tensor("self"), c.tensor("other").DType())}, nil
		}},

		"aten.view.default": {"self size", 1, torchView}, "aten._unsafe_view.default": {"self size", 1, torchView},
		"aten.reshape.default": {"self shape", 1, func(c *torchCall) (results, error) { return one(kernel.Reshape(c.tensor("self"), c.ints("shape"))) }},
		"aten.view_as.default": {"self other", 1, func(c *torchCall) (results, error) {
			return one(kernel.Reshape(c.tensor("self"), c.tensor("other").Shape))
		}},
		"aten.flatten.using_ints": {"self start_dim end_dim", 1, func(c *torchCall) (results, error) {
			return one(kernel.Flatten(c.tensor("self"), c.int("start_dim", 0), c.int("end_dim", -1)))
		}},
		"aten.unflatten.int": {"self dim sizes", 1, func(c *torchCall) (results, error) {
			return one(kernel.Unflatten(c.tensor("self"), c.int("dim", 0), c.ints("sizes")))
		}},
		"aten.transpose.int": {"self dim0 dim1", 1, func(c *torchCall) (results, error) {
			return one(kernel.Swap(c.tensor("self"), c.int("dim0", 0), c.int("dim1", 0)))
		}},
		"aten.t.default": {"self", 1, torchT}, "aten.numpy_T.default": {"self", 1, torchT},
		"aten.mT.default":      {"self", 1, func(c *torchCall) (results, error) { return one(kernel.Swap(c.tensor("self"), -1, -2)) }},
		"aten.permute.default": {"self dims", 1, func(c *torchCall) (results, error) { return one(kernel.Transpose(c.tensor("self"), c.ints("dims"))) }},
		"aten.squeeze.default": {"self", 1, torchSqueeze},
		"aten.squeeze.dim":     {"self dim", 1, torchSqueeze},
		"aten.squeeze.dims":    {"self dim", 1, torchSqueeze},
		"aten.unsqueeze.default": {"self dim", 1, func(c *torchCall) (results, error) {
			return one(kernel.Unsqueeze(c.tensor("self"), []int{c.int("dim", 0)}))
		}},
		"aten.expand.default": {"self size implicit", 1, torchExpand},
		"aten.expand_as.default": {"self other", 1, func(c *torchCall) (results, error) {
			return one(kernel.Expand(c.tensor("self"), c.tensor("other").Shape))
		}},
		"aten.repeat.default": {"self repeats", 1, torchRepeat},
		"aten.cat.default":    {"tensors dim", 1, torchCat},
		"aten.stack.default":  {"tensors dim", 1, torchStack},
		"aten.chunk.default":  {"self chunks dim", 0, torchChunk},
		"aten.split.Tensor":   {"self split_size dim", 0, torchSplit}, "aten.split_with_sizes.default": {"self split_sizes dim", 0, torchSplitSizes},
		"aten.unbind.int":     {"self dim", 0, torchUnbind},
		"aten.slice.Tensor":   {"self dim start end step", 1, torchSlice},
		"aten.narrow.default": {"self dim start length", 1, torchNarrow},
		"aten.select.int": {"self dim index", 1, func(c *torchCall) (results, error) {
			return one(kernel.Select(c.tensor("self"), c.int("dim", 0), c.int("index", 0)))
		}},
		"aten.index_select.default": {"self dim index", 1, func(c *torchCall) (results, error) {
			return one(kernel.Gather(c.tensor("self"), c.tensor("index"), c.int("dim", 0)))
		}},
		"aten.index.Tensor": {"self indices", 1, torchIndex},
		"aten.gather.default": {"self dim index sparse_grad", 1, func(c *torchCall) (results, error) {
			return one(kernel.GatherElements(c.tensor("self"), c.tensor("index"), c.int("dim", 0)))
		}},
		"aten.flip.default": {"self dims", 1, torchFlip},
		"aten.pad.default":  {"self pad mode value", 1, torchPad}, "aten.constant_pad_nd.default": {"self pad value", 1, torchPad},
		"aten.triu.default": {"self diagonal", 1, func(c *torchCall) (results, error) {
			return one(kernel.Tri(c.tensor("self"), c.int("diagonal", 0), true))
		}},
		"aten.tril.default": {"self diagonal", 1, func(c *torchCall) (results, error) {
			return one(kernel.Tri(c.tensor("self"), c.int("diagonal", 0), false))
		}},

		"aten.sym_size.int": {"self dim", 1, torchSymSize},
		"aten.full.default": {"size fill_value" + placing, 1, torchFull("")}, "aten.full_like.default": {"self fill_value" + placing, 1, torchFull("")},
		"aten.new_full.default": {"self size fill_value" + placing, 1, torchFull("")},
		"aten.zeros.default":    {"size" + placing, 1, torchFull("0")}, "aten.zeros_like.default": {"self" + placing, 1, torchFull("0")}, "aten.new_zeros.default": {"self size" + placing, 1, torchFull("0")},
		"aten.ones.default": {"size" + placing, 1, torchFull("1")}, "aten.ones_like.default": {"self" + placing, 1, torchFull("1")}, "aten.new_ones.default": {"self size" + placing, 1, torchFull("1")},
		"aten.scalar_tensor.default": {"s" + placing, 1, func(c *torchCall) (results, error) {
			return results{c.cast(c.operand("s").value, c.text("dtype", "float32"))}, nil
		}},
		"aten.arange.default": {"end" + placing, 1, torchArange}, "aten.arange.start": {"start end" + placing, 1, torchArange}, "aten.arange.start_step": {"start end step" + placing, 1, torchArange},
	}
}

// placing are arguments that say where and how a new tensor lies, and its dtype.
const placing = " dtype layout device pin_memory memory_format"

func torchTo(c *torchCall) (results, error) {
	x := c.tensor("self")
	return results{c.cast(x, c.text("dtype", x.DType()))}, nil
}

// torchView refuses the overload for dtypes by having no size.
func torchView(c *torchCall) (results, error) {
	return one(kernel.Reshape(c.tensor("self"), c.ints("size")))
}

func torchT(c *torchCall) (results, error) {
	x := c.tensor("self")
	if len(x.Shape) < 2 {
		return results{x}, nil
	}
	perm := make([]int, len(x.Shape))
	for i := range perm {
		perm[i] = len(perm) - 1 - i
	}
	return one(kernel.Transpose(x, perm))
}

func torchSqueeze(c *torchCall) (results, error) {
	return one(kernel.Squeeze(c.tensor("self"), c.ints("dim"), false))
}

// torchExpand keeps the dimensions that are -1.
func torchExpand(c *torchCall) (results, error) {
	x, size := c.tensor("self"), c.ints("size")
	for i := range size {
		if j := i - len(size) + len(x.Shape); size[i] == -1 && j >= 0 {
			size[i] = x.Shape[j]
		}
	}
	return one(kernel.Expand(x, size))
}

// torchRepeat adds axes on the left where there are more repeats than axes.
func torchRepeat(c *torchCall) (results, error) {
	x, times := c.tensor("self"), c.ints("repeats")
	if extra := len(times) - len(x.Shape); extra > 0 {
		var err error
		if x, err = kernel.Reshape(x, slices.Concat(slices.Repeat([]int{1}, extra), x.Shape)); err != nil {
			return nil, err
		}
	}
	return one(kernel.Tile(x, times))
}

// torchCat promotes to a common dtype and leaves out empty lists.
func torchCat(c *torchCall) (results, error) {
	var xs []*tensor
	dtype := ""
	for _, t := range c.tensors("tensors") {
		dtype = wider(dtype, t.DType())
		if !slices.Equal(t.Shape, []int{0}) {
			xs = append(xs, t)
		}
	}
	for i, t := range xs {
		xs[i] = c.cast(t, dtype)
	}
	return one(kernel.Concat(xs, c.int("dim", 0)))
}

func torchStack(c *torchCall) (results, error) {
	xs := c.tensors("tensors")
	for i, t := range xs {
		var err error
		if xs[i], err = kernel.Unsqueeze(t, []int{c.int("dim", 0)}); err != nil {
			return nil, err
		}
	}
	return one(kernel.Concat(xs, c.int("dim", 0)))
}

// size returns the length of the axis that the argument dim names.
func (c *torchCall) size() (int, error) {
	x := c.tensor("self")
	axis, err := kernel.Axis(c.int("dim", 0), len(x.Shape))
	if err != nil {
		return 0, err
	}
	return x.Shape[axis], nil
}

func torchChunk(c *torchCall) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	chunks := c.int("chunks", 1)
	if chunks < 1 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d chunks", chunks)
	}
	return c.pieces(n, max(1, (n+chunks-1)/chunks))
}

func torchSplit(c *torchCall) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	return c.pieces(n, c.int("split_size", 0))
}

func (c *torchCall) pieces(n, size int) (results, error) {
	sizes, err := kernel.Pieces(n, size)
	if err != nil {
		return nil, err
	}
	return kernel.Split(c.tensor("self"), c.int("dim", 0), sizes)
}

func torchSplitSizes(c *torchCall) (results, error) {
	return kernel.Split(c.tensor("self"), c.int("dim", 0), c.ints("split_sizes"))
}

func torchUnbind(c *torchCall) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	out, err := c.pieces(n, 1)
	if err != nil {
		return nil, err
	}
	for i, t := range out {
		if out[i], err = kernel.Squeeze(t, []int{c.int("dim", 0)}, false); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func torchSlice(c *torchCall) (results, error) {
	return one(kernel.Slice(c.tensor("self"), c.int("dim", 0), c.int("start", 0), c.int("end", math.MaxInt), c.int("step", 1)))
}

func torchNarrow(c *torchCall) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	start, length := c.int("start", 0), c.int("length", 0)
	if start < 0 {
		start += n
	}
	if start < 0 || length < 0 || start > n || length > n-start {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d elements from %d of %d", length, start, n)
	}
	return one(kernel.Slice(c.tensor("self"), c.int("dim", 0), start, start+length, 1))
}

// torchIndex takes elements by one list of places; several lists, and lists of
// bool, mean something else.
func torchIndex(c *torchCall) (results, error) {
	v, _ := c.get("indices", torchTensors, torchOptionals)
	axis := -1
	for i, slot := range v.slots {
		if slot < 0 {
			continue
		}
		if axis >= 0 || c.values[slot].DType() == "bool" {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "an index of several tensors or of bool")
		}
		axis = i
	}
	if axis < 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "an index of no tensors")
	}
	return one(kernel.Gather(c.tensor("self"), c.values[v.slots[axis]], axis))
}

func torchFlip(c *torchCall) (results, error) {
	x := c.tensor("self")
	for _, axis := range c.ints("dims") {
		var err error
		if x, err = kernel.Slice(x, axis, math.MaxInt, math.MinInt, -1); err != nil {
			return nil, err
		}
	}
	return results{x}, nil
}

// torchPad lists the pads from the last axis on, before and after by turns.
func torchPad(c *torchCall) (results, error) {
	x, pads := c.tensor("self"), c.ints("pad")
	rank := len(x.Shape)
	if len(pads)%2 != 0 || len(pads)/2 > rank {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "pads %v for shape %v", pads, x.Shape)
	}
	before, after := make([]int, rank), make([]int, rank)
	for i := 0; i < len(pads); i += 2 {
		before[rank-1-i/2], after[rank-1-i/2] = pads[i], pads[i+1]
	}
	mode := kernel.PadMode(c.text("mode", "constant"))
	switch mode {
	case "replicate":
		mode = kernel.PadEdge
	case "circular":
		mode = kernel.PadWrap
	}
	return one(kernel.Pad(x, before, after, mode, c.like(c.float("value", 0), x)))
}

func torchSymSize(c *torchCall) (results, error) {
	n, err := c.size()
	return results{kernel.Scalar(int64(n))}, err
}

// torchFull fills a new tensor with a number: the one given, or the argument's.
func torchFull(number string) func(c *torchCall) (results, error) {
	return func(c *torchCall) (results, error) {
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

// torchArange counts in integers unless an argument is none.
func torchArange(c *torchCall) (results, error) {
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
