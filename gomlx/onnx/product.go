package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// DotGeneral becomes Gemm for two matrices, and otherwise MatMul between transpositions.
func (f *function) DotGeneral(
	lhs compute.Value, lhsContract, lhsBatch []int, rhs compute.Value, rhsContract, rhsBatch []int,
	c compute.DotGeneralConfig,
) (compute.Value, error) {
	a, err := f.whole(lhs)
	if err != nil {
		return nil, err
	}
	b, err := f.whole(rhs)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.DotGeneral(a.shape, lhsContract, lhsBatch, b.shape, rhsContract, rhsBatch, c)
	if err != nil {
		return nil, err
	}
	if a.shape.Rank() == 2 && b.shape.Rank() == 2 && len(lhsContract) == 1 && len(lhsBatch) == 0 {
		return f.emit("Gemm", shape, []string{a.name, b.name},
			attribute{"transA", int64(1 - lhsContract[0])}, attribute{"transB", int64(rhsContract[0])}), nil
	}
	left, err := f.matrices(a, lhsBatch, lhsContract, false)
	if err != nil {
		return nil, err
	}
	right, err := f.matrices(b, rhsBatch, rhsContract, true)
	if err != nil {
		return nil, err
	}
	dims := []int{left.shape.Dimensions[0], left.shape.Dimensions[1], right.shape.Dimensions[2]}
	product := f.emit("MatMul", shapes.Make(shape.DType, dims...), []string{left.name, right.name})
	return f.Reshape(product, shape.Dimensions...)
}

// matrices converts a value to the shape [batch, rows, columns]. The contracted dimensions become the rows if
// contractFirst is set, and otherwise the columns.
func (f *function) matrices(v *value, batch, contract []int, contractFirst bool) (*value, error) {
	var free []int
	for d := range v.shape.Rank() {
		if !slices.Contains(batch, d) && !slices.Contains(contract, d) {
			free = append(free, d)
		}
	}
	groups := [][]int{batch, free, contract}
	if contractFirst {
		groups = [][]int{batch, contract, free}
	}
	moved, err := f.Transpose(v, slices.Concat(groups...)...)
	if err != nil {
		return nil, err
	}
	dims := make([]int, len(groups))
	for i, group := range groups {
		dims[i] = 1
		for _, d := range group {
			dims[i] *= v.shape.Dimensions[d]
		}
	}
	out, err := f.Reshape(moved, dims...)
	if err != nil {
		return nil, err
	}
	return out.(*value), nil
}

// ConvGeneral becomes Conv, between transpositions if the channels are not axis 1.
func (f *function) ConvGeneral(
	input, kernel compute.Value, axes compute.ConvolveAxesConfig, strides []int, paddings [][2]int, inputDilations,
	kernelDilations []int, channelGroups, batchGroups int,
) (compute.Value, error) {
	x, err := f.whole(input)
	if err != nil {
		return nil, err
	}
	k, err := f.whole(kernel)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.ConvGeneral(x.shape, k.shape, axes, strides, paddings, inputDilations, kernelDilations,
		channelGroups, batchGroups)
	if err != nil {
		return nil, err
	}
	if batchGroups > 1 || slices.ContainsFunc(inputDilations, func(d int) bool { return d > 1 }) {
		return nil, fmt.Errorf("a convolution with batch groups or input dilations: %w", compute.ErrNotImplemented)
	}
	in := append([]int{axes.InputBatch, axes.InputChannels}, axes.InputSpatial...)
	out := append([]int{axes.OutputBatch, axes.OutputChannels}, axes.OutputSpatial...)
	filters := append([]int{axes.KernelOutputChannels, axes.KernelInputChannels}, axes.KernelSpatial...)
	names := make([]string, 2)
	for i, v := range []*value{x, k} {
		moved, err := f.permuted(v, [][]int{in, filters}[i])
		if err != nil {
			return nil, err
		}
		names[i] = moved.name
	}
	dims := make([]int, shape.Rank())
	back := make([]int, shape.Rank())
	for i, axis := range out {
		dims[i] = shape.Dimensions[axis]
		back[axis] = i
	}
	spatial := len(axes.InputSpatial)
	conv := f.emit("Conv", shapes.Make(shape.DType, dims...), names,
		attribute{"strides", int64s(orOnes(strides, spatial))},
		attribute{"dilations", int64s(orOnes(kernelDilations, spatial))},
		attribute{"pads", pads(paddings, spatial)}, attribute{"group", int64(max(1, channelGroups))})
	return f.permuted(conv, back)
}

// permuted returns the transposed value, or v if the permutation changes nothing.
func (f *function) permuted(v *value, permutation []int) (*value, error) {
	if slices.IsSorted(permutation) {
		return v, nil
	}
	out, err := f.Transpose(v, permutation...)
	if err != nil {
		return nil, err
	}
	return out.(*value), nil
}

// ReduceWindow becomes a pool over the dimensions after the first two.
func (f *function) ReduceWindow(
	input compute.Value, kind compute.ReduceOpType, window, strides, inputDilations, windowDilations []int,
	paddings [][2]int,
) (compute.Value, error) {
	x, err := f.whole(input)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.ReduceWindow(x.shape, window, strides, inputDilations, windowDilations, paddings)
	if err != nil {
		return nil, err
	}
	if strides == nil {
		strides = window
	}
	var still, moving []int // Dimensions that are kept and dimensions that are pooled.
	for d, w := range window {
		if w == 1 && strides[d] == 1 {
			still = append(still, d)
		} else {
			moving = append(moving, d)
		}
	}
	dilated := slices.ContainsFunc(slices.Concat(inputDilations, windowDilations), func(d int) bool { return d > 1 })
	if len(still) != 2 || dilated || x.shape.DType != dtypes.Float32 ||
		kind != compute.ReduceOpMax && kind != compute.ReduceOpSum {
		return nil, unsupported(compute.OpTypeReduceWindow)
	}
	order := slices.Concat(still, moving)
	moved, err := f.permuted(x, order)
	if err != nil {
		return nil, err
	}
	return f.pool(moved, kind, shape, order, window, strides, paddings)
}

// pool pools the dimensions of x after the first two. order maps the dimensions of x to those of shape.
func (f *function) pool(
	x *value, kind compute.ReduceOpType, shape shapes.Shape, order, window, strides []int, paddings [][2]int,
) (compute.Value, error) {
	var sizes, steps []int
	var edges [][2]int
	count := 1
	for _, d := range order[2:] {
		sizes, steps = append(sizes, window[d]), append(steps, strides[d])
		count *= window[d]
		if paddings != nil {
			edges = append(edges, paddings[d])
		}
	}
	dims, back := make([]int, len(order)), make([]int, len(order))
	for i, d := range order {
		dims[i], back[d] = shape.Dimensions[d], i
	}
	attributes := []attribute{
		{"kernel_shape", int64s(sizes)},
		{"strides", int64s(steps)},
		{"pads", pads(edges, len(sizes))},
	}
	op := "MaxPool"
	// A sum is the average multiplied by the number of elements.
	if kind == compute.ReduceOpSum {
		op = "AveragePool"
		attributes = append(attributes, attribute{"count_include_pad", int64(1)})
	}
	out := f.emit(op, shapes.Make(shape.DType, dims...), []string{x.name}, attributes...)
	if kind == compute.ReduceOpSum {
		times, err := f.Constant([]float32{float32(count)})
		if err != nil {
			return nil, err
		}
		out = f.elementwise("Mul", out.shape, out, times.(*value))
	}
	return f.permuted(out, back)
}

func orOnes(list []int, n int) []int {
	if len(list) == n {
		return list
	}
	return slices.Repeat([]int{1}, n)
}

// pads returns paddings in ONNX's order: all starts, followed by all ends.
func pads(paddings [][2]int, n int) []int64 {
	out := make([]int64, 2*n)
	for i, p := range paddings {
		out[i], out[i+n] = int64(p[0]), int64(p[1])
	}
	return out
}
