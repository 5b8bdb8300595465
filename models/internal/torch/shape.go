package torch

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func shapeTable() map[string]operator {
	same := func(args string) operator {
		return operator{args, 1, func(c *call) (results, error) { return results{c.tensor("self")}, nil }}
	}
	swap := func(a, b string) operator {
		return operator{"self " + a + " " + b, 1, func(c *call) (results, error) {
			return one(kernel.Swap(c.tensor("self"), c.int(a, 0), c.int(b, 0)))
		}}
	}
	toDType := operator{"self dtype layout device pin_memory non_blocking copy memory_format", 1, to}
	return map[string]operator{
		"aten._assert_tensor_metadata.default": {}, "aten._assert_scalar.default": {}, "aten._assert_async.msg": {},
		"aten.sym_constrain_range_for_size.default": {}, "aten.sym_constrain_range.default": {},

		"aten.contiguous.default": same("self memory_format"), "aten.clone.default": same("self memory_format"),
		"aten.detach.default": same("self"), "aten.detach_.default": same("self"), "aten.alias.default": same("self"),
		"aten.to.dtype": toDType, "aten.to.device": toDType, "aten.to.dtype_layout": toDType,
		"aten._to_copy.default": toDType,
		"aten.type_as.default": {"self other", 1, func(c *call) (results, error) {
			return results{c.cast(c.tensor("self"), c.tensor("other").DType())}, nil
		}},

		"aten.view.default": {"self size", 1, viewAs}, "aten._unsafe_view.default": {"self size", 1, viewAs},
		"aten.reshape.default": {
			"self shape", 1,
			func(c *call) (results, error) { return one(kernel.Reshape(c.tensor("self"), c.ints("shape"))) },
		},
		"aten.view_as.default": {"self other", 1, func(c *call) (results, error) {
			return one(kernel.Reshape(c.tensor("self"), c.tensor("other").Shape))
		}},
		"aten.flatten.using_ints": {"self start_dim end_dim", 1, func(c *call) (results, error) {
			return one(kernel.Flatten(c.tensor("self"), c.int("start_dim", 0), c.int("end_dim", -1)))
		}},
		"aten.unflatten.int": {"self dim sizes", 1, func(c *call) (results, error) {
			return one(kernel.Unflatten(c.tensor("self"), c.int("dim", 0), c.ints("sizes")))
		}},
		"aten.transpose.int": swap("dim0", "dim1"),
		"aten.t.default":     {"self", 1, t}, "aten.numpy_T.default": {"self", 1, t},
		"aten.mT.default": {
			"self", 1,
			func(c *call) (results, error) { return one(kernel.Swap(c.tensor("self"), -1, -2)) },
		},
		"aten.permute.default": {
			"self dims", 1,
			func(c *call) (results, error) { return one(kernel.Transpose(c.tensor("self"), c.ints("dims"))) },
		},
		"aten.squeeze.default": {"self", 1, squeeze},
		"aten.squeeze.dim":     {"self dim", 1, squeeze},
		"aten.squeeze.dims":    {"self dim", 1, squeeze},
		"aten.unsqueeze.default": {"self dim", 1, func(c *call) (results, error) {
			return one(kernel.Unsqueeze(c.tensor("self"), []int{c.int("dim", 0)}))
		}},
		"aten.expand.default": {"self size implicit", 1, expand},
		"aten.expand_as.default": {"self other", 1, func(c *call) (results, error) {
			return one(kernel.Expand(c.tensor("self"), c.tensor("other").Shape))
		}},
		"aten.swapaxes.default": swap("axis0", "axis1"), "aten.swapdims.default": swap("dim0", "dim1"),
	}
}

func to(c *call) (results, error) {
	x := c.tensor("self")
	return results{c.cast(x, c.text("dtype", x.DType()))}, nil
}

// viewAs changes the shape. The overload that changes the dtype is unsupported; it has no size.
func viewAs(c *call) (results, error) {
	return one(kernel.Reshape(c.tensor("self"), c.ints("size")))
}

func t(c *call) (results, error) {
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

func squeeze(c *call) (results, error) {
	return one(kernel.Squeeze(c.tensor("self"), c.ints("dim"), false))
}

// expand broadcasts to a size. A size of -1 keeps the dimension.
func expand(c *call) (results, error) {
	x, size := c.tensor("self"), c.ints("size")
	for i := range size {
		if j := i - len(size) + len(x.Shape); size[i] == -1 && j >= 0 {
			size[i] = x.Shape[j]
		}
	}
	return one(kernel.Expand(x, size))
}

// repeat prepends axes if there are more repeats than axes.
func repeat(c *call) (results, error) {
	return one(tile(c.tensor("self"), c.ints("repeats")))
}

func cat(c *call) (results, error) {
	return one(c.concat(c.tensors("tensors"), c.int("dim", 0)))
}

// concat promotes the tensors to a common dtype and ignores empty vectors.
func (c *call) concat(all []*tensor, axis int) (*tensor, error) {
	var xs []*tensor
	dtype := ""
	for _, t := range all {
		dtype = wider(dtype, t.DType())
		if !slices.Equal(t.Shape, []int{0}) {
			xs = append(xs, t)
		}
	}
	for i, t := range xs {
		xs[i] = c.cast(t, dtype)
	}
	return kernel.Concat(xs, axis)
}

func stack(c *call) (results, error) {
	return one(kernel.Stack(c.tensors("tensors"), c.int("dim", 0)))
}

// sizeOf returns the length of an axis.
func sizeOf(x *tensor, axis int) (int, error) {
	axis, err := kernel.Axis(axis, len(x.Shape))
	if err != nil {
		return 0, err
	}
	return x.Shape[axis], nil
}

// size returns the length of the axis in the argument dim.
func (c *call) size() (int, error) { return sizeOf(c.tensor("self"), c.int("dim", 0)) }

func chunk(c *call) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	chunks := c.int("chunks", 1)
	if chunks < 1 {
		return nil, kernel.Invalid("%d chunks", chunks)
	}
	return c.pieces(n, max(1, (n+chunks-1)/chunks))
}

func split(c *call) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	return c.pieces(n, c.int("split_size", 0))
}

func (c *call) pieces(n, size int) (results, error) {
	sizes, err := kernel.Pieces(n, size)
	if err != nil {
		return nil, err
	}
	return kernel.Split(c.tensor("self"), c.int("dim", 0), sizes)
}

func splitSizes(c *call) (results, error) {
	return kernel.Split(c.tensor("self"), c.int("dim", 0), c.ints("split_sizes"))
}

func unbind(c *call) (results, error) {
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

func slice(c *call) (results, error) { return one(c.slice(c.tensor("self"))) }

func (c *call) slice(x *tensor) (*tensor, error) {
	return kernel.Slice(x, c.int("dim", 0), c.int("start", 0), c.int("end", math.MaxInt), c.int("step", 1))
}

func narrow(c *call) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	start, length := c.int("start", 0), c.int("length", 0)
	if start < 0 {
		start += n
	}
	if start < 0 || length < 0 || start > n || length > n-start {
		return nil, kernel.Invalid("%d elements from %d of %d", length, start, n)
	}
	return one(kernel.Slice(c.tensor("self"), c.int("dim", 0), start, start+length, 1))
}

func flipDims(c *call) (results, error) { return flipOf(c.ints("dims")...)(c) }

// flipOf reverses axes.
func flipOf(axes ...int) func(c *call) (results, error) {
	return func(c *call) (results, error) { return one(flip(c.tensor("self"), axes)) }
}

func flip(x *tensor, axes []int) (*tensor, error) {
	for _, axis := range axes {
		var err error
		if x, err = kernel.Slice(x, axis, math.MaxInt, math.MinInt, -1); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// rot90 rotates two axes by 90 degrees, k times.
func rot90(c *call) (results, error) {
	x, axes := c.tensor("self"), c.ints("dims")
	if len(axes) != 2 {
		return nil, kernel.Invalid("a turn of the axes %v", axes)
	}
	var err error
	for range ((c.int("k", 1) % 4) + 4) % 4 {
		if x, err = flip(x, axes[1:]); err != nil {
			return nil, err
		}
		if x, err = kernel.Swap(x, axes[0], axes[1]); err != nil {
			return nil, err
		}
	}
	return results{x}, nil
}

// roll rotates the elements of axes, or all elements in row-major order.
func roll(c *call) (results, error) {
	x, shifts, axes := c.tensor("self"), c.ints("shifts"), c.ints("dims")
	flat := len(axes) == 0 && len(shifts) == 1
	shape := x.Shape
	var err error
	if flat {
		axes = []int{0}
		if x, err = kernel.Reshape(x, []int{-1}); err != nil {
			return nil, err
		}
	}
	if len(axes) != len(shifts) {
		return nil, kernel.Invalid("shifts %v of the axes %v", shifts, axes)
	}
	for i, axis := range axes {
		if x, err = kernel.Roll(x, shifts[i], axis); err != nil {
			return nil, err
		}
	}
	return one(kernel.Reshape(x, shape))
}

// pad adds elements around a tensor. The pads are listed from the last axis to the first, each before and after.
func pad(c *call) (results, error) {
	x, pads := c.tensor("self"), c.ints("pad")
	rank := len(x.Shape)
	if len(pads)%2 != 0 || len(pads)/2 > rank {
		return nil, kernel.Invalid("pads %v for shape %v", pads, x.Shape)
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

// sizeTable has the operators on sizes. Comparisons of sizes are used only by assertions and are not evaluated.
func sizeTable() map[string]operator {
	round := func(f curve) operator {
		return operator{
			"a x number self", 1,
			func(c *call) (results, error) { return results{kernel.Scalar(int64(f(c.number())))}, nil },
		}
	}
	return map[string]operator{
		"aten.sym_size.int":                {"self dim", 1, symSize},
		"aten.sym_numel.default":           {"self", 1, symNumel},
		"aten.numel.default":               {"self", 1, symNumel},
		"aten.item.default":                {"self", 1, item},
		"aten._local_scalar_dense.default": {"self", 1, item},

		"_operator.add": sizes(kernel.Add), "_operator.sub": sizes(kernel.Sub), "_operator.mul": sizes(kernel.Mul),
		"_operator.floordiv": sizes(kernel.FloorDiv), "_operator.mod": sizes(kernel.Mod), "_operator.pow": sizes(kernel.Pow),
		"torch.sym_max": sizes(kernel.Max), "torch.sym_min": sizes(kernel.Min),
		"_operator.truediv": {"a b", 1, func(c *call) (results, error) {
			return results{kernel.Scalar(c.float("a", 0) / c.float("b", 1))}, nil
		}},
		"_operator.neg": {"a", 1, func(c *call) (results, error) { return one(kernel.Neg(c.operand("a").value)) }},
		"torch.sym_float": {
			"a x number self", 1,
			func(c *call) (results, error) { return results{kernel.Scalar(c.number())}, nil },
		},
		"math.floor": round(math.Floor), "math.ceil": round(math.Ceil), "math.trunc": round(math.Trunc),
		"torch.sym_int": round(math.Trunc),
		"_operator.eq":  {}, "_operator.ne": {}, "_operator.lt": {}, "_operator.le": {}, "_operator.gt": {},
		"_operator.ge": {}, "_operator.and_": {}, "_operator.or_": {}, "torch.sym_not": {},
	}
}

// number returns the only argument of a function, regardless of its name.
func (c *call) number() float64 {
	for name := range c.args {
		return c.float(name, 0)
	}
	return 0
}

func symSize(c *call) (results, error) {
	n, err := c.size()
	return results{kernel.Scalar(int64(n))}, err
}

func symNumel(c *call) (results, error) {
	return results{kernel.Scalar(int64(c.tensor("self").Len()))}, nil
}

// item returns the element of a tensor with one element as a scalar.
func item(c *call) (results, error) { return one(kernel.Reshape(c.tensor("self"), []int{})) }

// sizes computes with two numbers: as integers unless one of them is a float.
func sizes(op kernel.Op) operator {
	return operator{"a b", 1, func(c *call) (results, error) {
		a, b := c.operand("a").value, c.operand("b").value
		if isFloat(a.DType()) || isFloat(b.DType()) {
			return one(kernel.Arith(op, c.cast(a, "float64"), c.cast(b, "float64")))
		}
		return one(kernel.Arith(op, a, b))
	}}
}
