package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

func (f *function) reshape(name string, dims []int, dtype dtypes.DType) *value {
	return f.emit("Reshape", shapes.Make(dtype, dims...), []string{name, f.ints(f.dims(dims))})
}

// Reshape supports one dimension that depends on the batch.
func (f *function) Reshape(x compute.Value, dims ...int) (compute.Value, error) {
	v, err := f.whole(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Reshape(v.shape, dims)
	if err != nil {
		return nil, err
	}
	open := 0
	for _, d := range f.dims(shape.Dimensions) {
		if d == -1 {
			open++
		}
	}
	if open > 1 {
		return nil,
			fmt.Errorf("a reshape to %s, where more than one dimension depends on the batch: %w", shape,
				compute.ErrNotImplemented)
	}
	return f.reshape(v.name, shape.Dimensions, shape.DType), nil
}

// DynamicReshape becomes Reshape. The size of the dynamic dimension is computed.
func (f *function) DynamicReshape(x compute.Value, dims ...compute.DynamicDimensionSpec) (compute.Value, error) {
	v := x.(*value)
	sizes, known, open := make([]int, len(dims)), 1, -1
	for i, d := range dims {
		switch {
		case d.Value != nil || d.Name != "" && open >= 0:
			return nil, unsupported(compute.OpTypeDynamicReshape)
		case d.Name != "":
			open = i
		default:
			sizes[i] = d.Static
			known *= d.Static
		}
	}
	if open >= 0 && known > 0 {
		sizes[open] = v.shape.Size() / known
	}
	return f.Reshape(v, sizes...)
}

// Transpose permutes dimensions.
func (f *function) Transpose(x compute.Value, permutation ...int) (compute.Value, error) {
	v := x.(*value)
	shape, err := shapeinference.Transpose(v.shape, permutation)
	if err != nil {
		return nil, err
	}
	out := f.emit("Transpose", shape, []string{v.name}, attribute{"perm", int64s(permutation)})
	out.stored = make([]int, len(permutation))
	for i, p := range permutation {
		out.stored[i] = v.stored[p]
	}
	return out, nil
}

// Concatenate concatenates values along an axis.
func (f *function) Concatenate(axis int, operands ...compute.Value) (compute.Value, error) {
	var in []shapes.Shape
	var names []string
	for _, x := range operands {
		v, err := f.whole(x)
		if err != nil {
			return nil, err
		}
		in, names = append(in, v.shape), append(names, v.name)
	}
	shape, err := shapeinference.Concatenate(in, axis)
	if err != nil {
		return nil, err
	}
	return f.emit("Concat", shape, names, attribute{"axis", int64(axis)}), nil
}

// Slice selects a part of each dimension. The batch is always selected as a whole.
func (f *function) Slice(x compute.Value, starts, limits, strides []int) (compute.Value, error) {
	v, err := f.whole(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Slice(v.shape, starts, limits, strides)
	if err != nil {
		return nil, err
	}
	var from, to, axes, steps []int
	for d, size := range v.shape.Dimensions {
		if starts[d] == 0 && limits[d] == size && (strides == nil || strides[d] == 1) {
			continue
		}
		from, to, axes = append(from, starts[d]), append(to, limits[d]), append(axes, d)
		if strides == nil {
			steps = append(steps, 1)
		} else {
			steps = append(steps, strides[d])
		}
	}
	if len(axes) == 0 {
		return v, nil
	}
	return f.emit("Slice", shape, []string{v.name, f.ints(from), f.ints(to), f.ints(axes), f.ints(steps)}), nil
}

// Pad adds a constant around a value.
func (f *function) Pad(x, fill compute.Value, axes ...compute.PadAxis) (compute.Value, error) {
	v, err := f.whole(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Pad(v.shape, axes...)
	if err != nil {
		return nil, err
	}
	pads := make([]int, 2*v.shape.Rank())
	for i, a := range axes {
		if a.Interior != 0 || a.Start < 0 || a.End < 0 {
			return nil, fmt.Errorf("interior or negative padding: %w", compute.ErrNotImplemented)
		}
		pads[i], pads[i+v.shape.Rank()] = a.Start, a.End
	}
	return f.emit("Pad", shape, []string{v.name, f.ints(pads), fill.(*value).name}), nil
}

// Iota returns the indices along an axis. The axis must not be the batch.
func (f *function) Iota(shape shapes.Shape, axis int) (compute.Value, error) {
	n := shape.Dimensions[axis]
	if f.dims([]int{n})[0] == -1 {
		return nil, fmt.Errorf("Iota along the batch: %w", compute.ErrNotImplemented)
	}
	count := make([]int, n)
	stored := make([]int, shape.Rank())
	for i := range stored {
		stored[i] = 1
	}
	for i := range count {
		count[i] = i
	}
	stored[axis] = n
	counted := f.reshape(f.ints(count), stored, int64Type)
	out, err := f.ConvertDType(counted, shape.DType)
	if err != nil {
		return nil, err
	}
	return &value{name: out.(*value).name, shape: shape, stored: stored}, nil
}

// reduce removes axes, or all axes if none are given.
func (f *function) reduce(op string, x compute.Value, axes []int) (compute.Value, error) {
	v, err := f.whole(x)
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 {
		for d := range v.shape.Rank() {
			axes = append(axes, d)
		}
	}
	shape, err := shapeinference.Reduce(v.shape, axes)
	if err != nil {
		return nil, err
	}
	for _, a := range axes {
		if f.dims(v.shape.Dimensions)[a] == -1 {
			return nil, fmt.Errorf("a reduction over the batch: %w", compute.ErrNotImplemented)
		}
	}
	keep := attribute{"keepdims", int64(0)}
	// The axes are an input since version 13.
	if op == "ReduceSum" {
		return f.emit(op, shape, []string{v.name, f.ints(axes)}, keep), nil
	}
	return f.emit(op, shape, []string{v.name}, attribute{"axes", int64s(axes)}, keep), nil
}

func (f *function) ReduceSum(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce("ReduceSum", x, axes)
}

func (f *function) ReduceMax(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce("ReduceMax", x, axes)
}

func (f *function) ReduceMin(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce("ReduceMin", x, axes)
}

func (f *function) ReduceProduct(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce("ReduceProd", x, axes)
}

// ArgMinMax returns the index of the smallest or largest element along an axis.
func (f *function) ArgMinMax(x compute.Value, axis int, dtype dtypes.DType, isMin bool) (compute.Value, error) {
	v, err := f.whole(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.ArgMinMax(v.shape, axis, int64Type)
	if err != nil {
		return nil, err
	}
	op := "ArgMax"
	if isMin {
		op = "ArgMin"
	}
	out := f.emit(op, shape, []string{v.name}, attribute{"axis", int64(axis)}, attribute{"keepdims", int64(0)})
	return f.ConvertDType(out, dtype)
}

// Gather supports the selection of rows, as in embeddings.
func (f *function) Gather(
	operand, indices compute.Value, vectorAxis int, offsetAxes, collapsed, startMap, sizes []int, sorted bool,
) (compute.Value, error) {
	table, err := f.whole(operand)
	if err != nil {
		return nil, err
	}
	at, err := f.whole(indices)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Gather(table.shape, at.shape, vectorAxis, offsetAxes, collapsed, startMap, sizes, sorted)
	if err != nil {
		return nil, err
	}
	rows := slices.Equal(startMap, []int{0}) && slices.Equal(collapsed, []int{0}) &&
		slices.Equal(sizes[1:], table.shape.Dimensions[1:])
	last := vectorAxis == at.shape.Rank()-1 && at.shape.Dimensions[vectorAxis] == 1
	for i, a := range offsetAxes {
		last = last && a == at.shape.Rank()-1+i
	}
	if !rows || !last {
		return nil, fmt.Errorf("Gather of parts other than rows: %w", compute.ErrNotImplemented)
	}
	flat := f.emit("Squeeze", shapes.Make(at.shape.DType, at.shape.Dimensions[:vectorAxis]...),
		[]string{at.name, f.ints([]int{vectorAxis})})
	return f.emit("Gather", shape, []string{table.name, flat.name}, attribute{"axis", int64(0)}), nil
}

func int64s(list []int) []int64 {
	out := make([]int64, len(list))
	for i, n := range list {
		out[i] = int64(n)
	}
	return out
}
