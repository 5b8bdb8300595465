package cpu

import (
	"github.com/gomlx/compute"

	"github.com/millrace-ml/millrace/internal/floats"
)

// convolution is the kernel of ConvGeneral in all its forms.
type convolution struct{ *floats.Convolution }

// newConvolution returns the kernel, or nil for a convolution without elements.
func newConvolution(op *operation) kernel {
	axes := op.attrs[0].(compute.ConvolveAxesConfig)
	in, ker, out := op.ins[0].shape.Dimensions, op.ins[1].shape.Dimensions, op.outs[0].shape.Dimensions
	if len(axes.InputSpatial) == 0 || floats.Product(in) == 0 || floats.Product(ker) == 0 || floats.Product(out) == 0 {
		return nil
	}
	byChannel, byBatch := max(1, op.attrs[5].(int)), max(1, op.attrs[6].(int))
	return convolution{floats.NewConvolution(floats.ConvSpec{
		In:        floats.Image{Dims: in, Major: axes.InputBatch, Minor: axes.InputChannels, Space: axes.InputSpatial},
		Kernel:    floats.Image{Dims: ker, Major: axes.KernelOutputChannels, Minor: axes.KernelInputChannels, Space: axes.KernelSpatial},
		Out:       floats.Image{Dims: out, Major: axes.OutputBatch, Minor: axes.OutputChannels, Space: axes.OutputSpatial},
		Strides:   op.attrs[1].([]int),
		Padding:   op.attrs[2].([][2]int),
		Gaps:      op.attrs[3].([]int),
		Dilations: op.attrs[4].([]int),
		Groups:    max(byChannel, byBatch),
		ByBatch:   byBatch > 1,
	})}
}

func (c convolution) run(w floats.Workers, in, out [][]float32) { c.Run(w, in[0], in[1], out[0]) }
