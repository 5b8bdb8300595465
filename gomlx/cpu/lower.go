package cpu

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"github.com/millrace-ml/millrace/internal/simd"
)

// kernel computes an operation on float32 tensors.
type kernel interface {
	run(w simd.Workers, in, out [][]float32)
}

// lower returns the kernel of an operation and its inputs, or nil if the Go backend must run the operation.
func lower(op *operation) (kernel, []*value) {
	if len(op.outs) != 1 || !isFloat(op.outs[0]) || len(op.ins) == 0 || !slices.ContainsFunc(op.ins, isFloat) ||
		slices.ContainsFunc(op.ins, notFloat) {
		return nil, nil
	}
	if e := newElementwise(op); e != nil {
		s := &e.steps[0]
		s.a.index = 0
		if s.unary != nil {
			return e, []*value{s.a.value}
		}
		s.b.index = 1
		return e, []*value{s.a.value, s.b.value}
	}
	if op.name == "BroadcastInDim" {
		o := newOperand(op.outs[0], op.outs[0].shape.Dimensions)
		return &rearrange{o.view}, []*value{o.value}
	}
	if k := lowerOne(op); k != nil {
		return k, op.ins
	}
	return nil, nil
}

// lowerOne returns the kernel of an operation that uses its arguments without changes.
func lowerOne(op *operation) kernel {
	in := op.ins[0].shape.Dimensions
	switch op.name {
	case "ConvGeneral":
		return newConvolution(op)
	case "DotGeneral":
		return newDot(op)
	case "ReduceSum", "ReduceMax", "ReduceMin":
		return lowerReduce(op)
	case "Transpose":
		from := simd.Natural(in)
		v := simd.View{Dims: op.outs[0].shape.Dimensions}
		for _, axis := range op.attrs[0].([]int) {
			v.Strides = append(v.Strides, from[axis])
		}
		return &rearrange{v.Compact()}
	case "Reverse":
		v := simd.View{Dims: in, Strides: simd.Natural(in)}
		for _, axis := range op.attrs[0].([]int) {
			v.Offset += (in[axis] - 1) * v.Strides[axis]
			v.Strides[axis] = -v.Strides[axis]
		}
		return &rearrange{v.Compact()}
	case "Slice":
		return lowerSlice(op, in)
	case "Pad":
		return newPad(op)
	case "ReduceWindow":
		return newPooling(op)
	case "SelectAndScatterMax", "SelectAndScatterMin":
		return newSelecting(op)
	}
	return nil
}

func lowerReduce(op *operation) kernel {
	dims, axes := op.ins[0].shape.Dimensions, op.attrs[0].([]int)
	if len(axes) == 0 {
		for i := range dims {
			axes = append(axes, i)
		}
	}
	return newReduce(op.name, dims, axes)
}

func lowerSlice(op *operation, in []int) kernel {
	starts, steps := op.attrs[0].([]int), op.attrs[2].([]int)
	v := simd.View{Dims: op.outs[0].shape.Dimensions, Strides: simd.Natural(in)}
	for i := range in {
		v.Offset += starts[i] * v.Strides[i]
		if len(steps) > 0 {
			v.Strides[i] *= steps[i]
		}
	}
	return &rearrange{v.Compact()}
}

// newDot returns the kernel of a DotGeneral whose types are all float32.
func newDot(op *operation) kernel {
	config := op.attrs[4].(compute.DotGeneralConfig)
	for _, t := range []dtypes.DType{config.AccumulatorDType, config.OutputDType} {
		if t != dtypes.InvalidDType && t != dtypes.Float32 {
			return nil
		}
	}
	return newMatrices(op.ins[0].shape.Dimensions, op.attrs[0].([]int), op.attrs[1].([]int),
		op.ins[1].shape.Dimensions, op.attrs[2].([]int), op.attrs[3].([]int))
}

func isFloat(v *value) bool  { return v != nil && v.shape.DType == dtypes.Float32 }
func notFloat(v *value) bool { return !isFloat(v) }

// rearrange is the kernel of operations that only move elements.
type rearrange struct{ view simd.View }

func (r *rearrange) run(w simd.Workers, in, out [][]float32) {
	w.Split(len(out[0]), 1<<15, func(_, from, to int) { r.view.Read(out[0][from:to], in[0], from) })
}
