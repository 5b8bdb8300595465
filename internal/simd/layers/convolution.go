package layers

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// Image describes a dense tensor with spatial axes and two other axes, Major and Minor. These are the batch and the
// channels, or the output and input channels of a kernel.
type Image struct {
	Dims         []int
	Major, Minor int
	Space        []int
}

func (i Image) sizes() []int {
	list := make([]int, len(i.Space))
	for n, axis := range i.Space {
		list[n] = i.Dims[axis]
	}
	return list
}

// ConvSpec describes a convolution. The lists have one element for each spatial axis, of which there is at least one.
// A missing list stands for ones.
type ConvSpec struct {
	In, Kernel, Out Image
	Strides         []int
	Dilations       []int // The dilations of the kernel.
	Gaps            []int // The dilations of the input, as in a transposed convolution.
	// Padding has the padding before and after each axis. The padding after an axis follows from the sizes of Out.
	Padding [][2]int
	Groups  int
	ByBatch bool // The groups divide the batch instead of the channels.
}

// Convolution computes convolutions of all forms. The gradients of a convolution with respect to its input and its
// kernel are convolutions with other axes, paddings and dilations.
//
// The input is treated as planes, one for each image and channel, that include the padding and the gaps of a
// dilation. An output is a sum over the channels and the elements of the kernel, each of which is at a fixed offset
// from the first element of the output's window. Neither algorithm therefore copies windows.
type Convolution struct {
	groups   int
	byBatch  bool
	batch    int // The batch of the output.
	channels int // The input channels of a group.
	outs     int // The output channels of a group.

	in, kernel, out place
	// The spatial sizes.
	inDims, kernelDims, outDims []int
	strides, dilations          []int

	planes planes
	dots   bool // Whether to use runDots.
	// sliding has the axes if the images are planes that Filter can convolve, and is nil otherwise.
	sliding []Slide
}

// place has the number of elements of an image and its strides.
type place struct {
	size         int
	major, minor int
	space        []int
}

func newPlace(i Image) place {
	strides := simd.Natural(i.Dims)
	p := place{size: simd.Product(i.Dims), major: strides[i.Major], minor: strides[i.Minor]}
	for _, axis := range i.Space {
		p.space = append(p.space, strides[axis])
	}
	return p
}

// NewConvolution plans a convolution. The sizes of the spec must be consistent.
func NewConvolution(spec ConvSpec) *Convolution {
	rank := len(spec.In.Space)
	groups := max(1, spec.Groups)
	c := &Convolution{
		groups: groups, byBatch: spec.ByBatch,
		batch:    spec.Out.Dims[spec.Out.Major],
		channels: spec.Kernel.Dims[spec.Kernel.Minor],
		outs:     spec.Out.Dims[spec.Out.Minor] / groups,
		in:       newPlace(spec.In), kernel: newPlace(spec.Kernel), out: newPlace(spec.Out),
		inDims: spec.In.sizes(), kernelDims: spec.Kernel.sizes(), outDims: spec.Out.sizes(),
		strides: orOnes(spec.Strides, rank), dilations: orOnes(spec.Dilations, rank),
	}
	padding := spec.Padding
	if len(padding) == 0 {
		padding = make([][2]int, rank)
	}
	gaps := orOnes(spec.Gaps, rank)
	c.planes = newPlanes(c, padding, gaps)
	c.sliding = c.slides(padding, gaps)
	c.dots = c.dotsCost() < c.rowsCost()
	return c
}

// orOnes returns a list of factors in which missing elements and elements below 1 are replaced by 1.
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

// window returns the strides in the planes between outputs and between elements of the kernel.
func (c *Convolution) window() (outputs, elements []int) {
	for i, s := range c.planes.space {
		outputs = append(outputs, s*c.strides[i])
		elements = append(elements, s*c.dilations[i])
	}
	return outputs, elements
}

// span returns the distance between the first and the last element, plus one.
func span(dims, strides []int) int {
	n := 1
	for i, d := range dims {
		n += (d - 1) * strides[i]
	}
	return n
}

// group returns the first image of a group and the first of its output channels, as offsets.
func (c *Convolution) group(g int) (in, kernel, out int) {
	in = g * c.channels * c.in.minor
	if c.byBatch {
		in = g * c.batch * c.in.major
	}
	return in, g * c.outs * c.kernel.major, g * c.outs * c.out.minor
}

// Run computes out from in and kernel. It panics if a slice is shorter than the spec requires, because the kernels in
// assembly do not check bounds.
func (c *Convolution) Run(w simd.Workers, in, kernel, out []float32) {
	in, kernel, out = in[:c.in.size], kernel[:c.kernel.size], out[:c.out.size]
	switch {
	case len(out) == 0:
	case len(in) == 0 || len(kernel) == 0:
		clear(out)
	case c.dots:
		c.runDots(w, in, kernel, out)
	case c.sliding != nil:
		c.runFilter(w, in, kernel, out)
	default:
		c.runRows(w, in, kernel, out)
	}
}
