package native

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// Identity and the barriers, which order what a graph computes, change nothing.
func (f *function) Identity(x compute.Value) (compute.Value, error) { return x, nil }

func (f *function) OptimizationBarrier(x ...compute.Value) ([]compute.Value, error) { return x, nil }

func (f *function) SchedulingBarrier(x compute.Value, _ ...compute.Value) (compute.Value, error) {
	return x, nil
}

// Reshape copies nothing.
func (f *function) Reshape(x compute.Value, dims ...int) (compute.Value, error) {
	n := x.(*node)
	shape, err := shapeinference.Reshape(n.shape, dims)
	if err != nil {
		return nil, err
	}
	return f.alias(shape, n), nil
}

// DynamicReshape is a Reshape whose one open dimension follows from the others.
func (f *function) DynamicReshape(x compute.Value, dims ...compute.DynamicDimensionSpec) (compute.Value, error) {
	n := x.(*node)
	sizes, known, open := make([]int, len(dims)), 1, -1
	for i, d := range dims {
		switch {
		case d.Value != nil || d.Name != "" && open >= 0:
			return nil, refuse(compute.OpTypeDynamicReshape)
		case d.Name != "":
			open = i
		default:
			sizes[i] = d.Static
			known *= d.Static
		}
	}
	if open >= 0 && known > 0 {
		sizes[open] = n.shape.Size() / known
	}
	return f.Reshape(x, sizes...)
}

// Transpose permutes dimensions; where they stay it copies nothing.
func (f *function) Transpose(x compute.Value, permutation ...int) (compute.Value, error) {
	n := x.(*node)
	shape, err := shapeinference.Transpose(n.shape, permutation)
	if err != nil {
		return nil, err
	}
	if slices.IsSorted(permutation) {
		return f.alias(shape, n), nil
	}
	if n.shape.DType != dtypes.Float32 {
		return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
			return g.Transpose(in[0], permutation...)
		}, x)
	}
	strides := make([]int, len(permutation))
	for i, p := range permutation {
		strides[i] = rowMajor(n.shape.Dimensions)[p]
	}
	last := len(permutation) - 1
	inner, step := shape.Dimensions[last], strides[last]
	starts := offsetsOf(shape.Dimensions[:last], strides[:last])
	return f.op(shape, func(in []any, out any) error {
		from, to := in[0].([]float32), out.([]float32)
		for i, at := range starts {
			for j := range inner {
				to[i*inner+j] = from[at+j*step]
			}
		}
		return nil
	}, n), nil
}

// rowMajor are the distances of neighbours in a row-major tensor.
func rowMajor(dims []int) []int {
	strides := make([]int, len(dims))
	size := 1
	for d := len(dims) - 1; d >= 0; d-- {
		strides[d] = size
		size *= dims[d]
	}
	return strides
}

// ReduceSum adds along axes, or everything.
func (f *function) ReduceSum(x compute.Value, axes ...int) (compute.Value, error) {
	n := x.(*node)
	if n.shape.DType != dtypes.Float32 {
		return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
			return g.ReduceSum(in[0], axes...)
		}, x)
	}
	if len(axes) == 0 {
		for d := range n.shape.Rank() {
			axes = append(axes, d)
		}
	}
	shape, err := shapeinference.Reduce(n.shape, axes)
	if err != nil {
		return nil, err
	}
	kept := slices.Clone(n.shape.Dimensions)
	for _, d := range axes {
		kept[d] = 1
	}
	w := newWalk(n.shape.Dimensions, kept)
	return f.op(shape, func(in []any, out any) error {
		from, to := in[0].([]float32), out.([]float32)
		clear(to)
		for i, o := range w.offsets {
			stretch := from[i*w.inner : (i+1)*w.inner]
			if w.moves[0] {
				sums := to[o[0] : o[0]+w.inner]
				add(sums, sums, stretch)
				continue
			}
			to[o[0]] += sum(stretch)
		}
		return nil
	}, n), nil
}

// sum adds in several lanes, which is faster and more exact than one.
func sum(list []float32) float32 {
	var lanes [8]float32
	for len(list) >= len(lanes) {
		for i := range lanes {
			lanes[i] += list[i]
		}
		list = list[len(lanes):]
	}
	total := float32(0)
	for _, v := range list {
		total += v
	}
	return total + (lanes[0] + lanes[4]) + (lanes[1] + lanes[5]) + (lanes[2] + lanes[6]) + (lanes[3] + lanes[7])
}

// Concatenate and the operations below are the Go backend's.
func (f *function) Concatenate(axis int, operands ...compute.Value) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Concatenate(axis, in...)
	}, operands...)
}

func (f *function) RNGBitGenerator(state compute.Value, shape shapes.Shape) (newState, values compute.Value, err error) {
	return f.restOfTwo(func(g compute.Function, in []compute.Value) (a, b compute.Value, err error) {
		return g.RNGBitGenerator(in[0], shape)
	}, state)
}

func (f *function) DynamicSlice(x compute.Value, starts []compute.Value, sizes []int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicSlice(in[0], in[1:], sizes)
	}, append([]compute.Value{x}, starts...)...)
}

func (f *function) DynamicUpdateSlice(x, update compute.Value, starts []compute.Value) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicUpdateSlice(in[0], in[1], in[2:])
	}, append([]compute.Value{x, update}, starts...)...)
}
