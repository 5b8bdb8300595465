package cpu

import (
	"slices"

	"github.com/gomlx/compute"

	"github.com/millrace-ml/millrace/internal/simd"
)

// pad is the kernel of Pad, which adds elements around a tensor and between its elements.
type pad struct {
	in    []int // The dimensions of the tensor.
	steps []int // The distances between neighbors in the result.
	start int   // The offset of the first element.
}

// newPad returns the kernel of a Pad, or nil for a Pad that removes elements.
func newPad(op *operation) kernel {
	edges := op.attrs[0].([]compute.PadAxis)
	if slices.ContainsFunc(edges, func(a compute.PadAxis) bool { return a.Start < 0 || a.End < 0 || a.Interior < 0 }) ||
		op.ins[1].shape.Rank() != 0 {
		return nil
	}
	k := &pad{in: op.ins[0].shape.Dimensions, steps: simd.Natural(op.outs[0].shape.Dimensions)}
	for i, a := range edges {
		k.start += a.Start * k.steps[i]
		k.steps[i] *= 1 + a.Interior
	}
	return k
}

func (k *pad) run(w simd.Workers, in, out [][]float32) {
	x, to := in[0], out[0]
	for i := range to {
		to[i] = in[1][0]
	}
	if len(k.in) == 0 {
		to[0] = x[0]
		return
	}
	last := len(k.in) - 1
	width, step := k.in[last], k.steps[last]
	w.Split(simd.Product(k.in[:last]), 1+1<<14/max(1, width), func(_, first, end int) {
		place := positionOf(first, k.in[:last])
		for row := first; row < end; row++ {
			at := k.start
			for i, p := range place {
				at += p * k.steps[i]
			}
			for i, v := range x[row*width : (row+1)*width] {
				to[at+i*step] = v
			}
			advance(place, k.in[:last])
		}
	})
}
