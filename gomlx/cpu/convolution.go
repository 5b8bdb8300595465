package cpu

import (
	"github.com/gomlx/compute"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
)

// convolution is the kernel of all forms of ConvGeneral.
type convolution struct{ *layers.Convolution }

// newConvolution returns the kernel, or nil for a convolution without elements.
func newConvolution(op *operation) kernel {
	axes := op.attrs[0].(compute.ConvolveAxesConfig)
	in, ker, out := op.ins[0].shape.Dimensions, op.ins[1].shape.Dimensions, op.outs[0].shape.Dimensions
	if len(axes.InputSpatial) == 0 || simd.Product(in) == 0 || simd.Product(ker) == 0 || simd.Product(out) == 0 {
		return nil
	}
	byChannel, byBatch := max(1, op.attrs[5].(int)), max(1, op.attrs[6].(int))
	return convolution{layers.NewConvolution(layers.ConvSpec{
		In: layers.Image{Dims: in, Major: axes.InputBatch, Minor: axes.InputChannels, Space: axes.InputSpatial},
		Kernel: layers.Image{
			Dims: ker, Major: axes.KernelOutputChannels, Minor: axes.KernelInputChannels,
			Space: axes.KernelSpatial,
		},
		Out:       layers.Image{Dims: out, Major: axes.OutputBatch, Minor: axes.OutputChannels, Space: axes.OutputSpatial},
		Strides:   op.attrs[1].([]int),
		Padding:   op.attrs[2].([][2]int),
		Gaps:      op.attrs[3].([]int),
		Dilations: op.attrs[4].([]int),
		Groups:    max(byChannel, byBatch),
		ByBatch:   byBatch > 1,
	})}
}

func (c convolution) run(w simd.Workers, in, out [][]float32) { c.Run(w, in[0], in[1], out[0]) }
