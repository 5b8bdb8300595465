package cpu

import (
	"slices"

	"github.com/gomlx/compute"
)

// convolution is the kernel of ConvGeneral in all its forms: a convolution, and its
// gradients by the input and by the kernel, which GoMLX writes as convolutions with
// other axes, paddings and dilations.
//
// The input is seen as planes, one for each image and channel, which have the
// padding and the gaps of a dilation in them. An output is a sum over the channels
// and the elements of the kernel, each of which is at a fixed offset from the first
// one of the output's window. Thus neither way to compute has to copy windows.
type convolution struct {
	groups   int
	byBatch  bool // The groups are parts of the batch, not of the channels.
	batch    int  // Of the output.
	channels int  // Input channels of a group.
	outs     int  // Output channels of a group.

	// The strides of the three tensors by batch (for the kernel, output channel),
	// by channel (for the kernel, input channel) and in space.
	in, kernel, out place
	// The sizes in space.
	inDims, kernelDims, outDims []int
	strides, dilations          []int

	planes planes
	dots   bool // Whether runDots is to be used.
}

// place is how a tensor with axes of two kinds besides those in space is laid out.
type place struct {
	major, minor int
	space        []int
}

func newPlace(dims []int, major, minor int, space []int) place {
	strides := natural(dims)
	return place{strides[major], strides[minor], pick(dims, strides, space).strides}
}

func newConvolution(op *operation) kernel {
	axes := op.attrs[0].(compute.ConvolveAxesConfig)
	in, ker, out := op.ins[0].shape.Dimensions, op.ins[1].shape.Dimensions, op.outs[0].shape.Dimensions
	rank := len(axes.InputSpatial)
	if rank == 0 || product(in) == 0 || product(ker) == 0 || product(out) == 0 {
		return nil
	}
	byChannel, byBatch := max(1, op.attrs[5].(int)), max(1, op.attrs[6].(int))
	c := &convolution{
		groups: max(byChannel, byBatch), byBatch: byBatch > 1,
		batch: out[axes.OutputBatch], channels: ker[axes.KernelInputChannels],
		in:         newPlace(in, axes.InputBatch, axes.InputChannels, axes.InputSpatial),
		kernel:     newPlace(ker, axes.KernelOutputChannels, axes.KernelInputChannels, axes.KernelSpatial),
		out:        newPlace(out, axes.OutputBatch, axes.OutputChannels, axes.OutputSpatial),
		inDims:     gather(in, axes.InputSpatial),
		kernelDims: gather(ker, axes.KernelSpatial),
		outDims:    gather(out, axes.OutputSpatial),
		strides:    orOnes(op.attrs[1].([]int), rank),
		dilations:  orOnes(op.attrs[4].([]int), rank),
	}
	c.outs = out[axes.OutputChannels] / c.groups
	padding := op.attrs[2].([][2]int)
	if len(padding) == 0 {
		padding = make([][2]int, rank)
	}
	c.planes = newPlanes(c, padding, orOnes(op.attrs[3].([]int), rank))
	c.dots = c.dotsCost() < c.rowsCost()
	return c
}

func gather(dims, axes []int) []int {
	list := make([]int, len(axes))
	for i, a := range axes {
		list[i] = dims[a]
	}
	return list
}

// orOnes returns a list of factors, which stand for 1 where they are missing or less.
func orOnes(list []int, rank int) []int {
	if len(list) == 0 {
		return slices.Repeat([]int{1}, rank)
	}
	list = slices.Clone(list)
	for i := range list {
		list[i] = max(1, list[i])
	}
	return list
}

// window returns the strides in the planes from one output to the next, and from one
// element of the kernel to the next.
func (c *convolution) window() (outputs, elements []int) {
	for i, s := range c.planes.space {
		outputs = append(outputs, s*c.strides[i])
		elements = append(elements, s*c.dilations[i])
	}
	return outputs, elements
}

// span returns how far the last of the elements is from the first, plus one.
func span(dims, strides []int) int {
	n := 1
	for i, d := range dims {
		n += (d - 1) * strides[i]
	}
	return n
}

// group returns where the images of a group and the output channels start.
func (c *convolution) group(g int) (in, kernel, out int) {
	in = g * c.channels * c.in.minor
	if c.byBatch {
		in = g * c.batch * c.in.major
	}
	return in, g * c.outs * c.kernel.major, g * c.outs * c.out.minor
}

func (c *convolution) run(w workers, in, out [][]float32) {
	if c.dots {
		c.runDots(w, in[0], in[1], out[0])
		return
	}
	c.runRows(w, in[0], in[1], out[0])
}
