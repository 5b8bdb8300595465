package simd

import "slices"

// Image is a tensor that lies in memory in order and has two axes besides those in
// space: Major and Minor, which are those of the batch and of the channels, or for
// the kernel of a convolution those of the output and of the input channels.
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

// ConvSpec says what a convolution does. The lists have a member for each axis in
// space, of which there is at least one; those left out stand for 1 each.
type ConvSpec struct {
	In, Kernel, Out Image
	Strides         []int
	Dilations       []int // Of the kernel.
	Gaps            []int // Of the input: the dilation of a transposed convolution.
	// Padding before and after each axis, of which the sizes of Out tell the second.
	Padding [][2]int
	Groups  int
	ByBatch bool // The groups are parts of the batch, not of the channels.
}

// Convolution is a convolution in any of its forms: the gradients of one, by the
// input and by the kernel, are such with other axes, paddings and dilations.
//
// The input is seen as planes, one for each image and channel, which have the
// padding and the gaps of a dilation in them. An output is a sum over the channels
// and the elements of the kernel, each of which is at a fixed offset from the first
// one of the output's window. Thus neither way to compute has to copy windows.
type Convolution struct {
	groups   int
	byBatch  bool
	batch    int // Of the output.
	channels int // Input channels of a group.
	outs     int // Output channels of a group.

	in, kernel, out place
	// The sizes in space.
	inDims, kernelDims, outDims []int
	strides, dilations          []int

	planes planes
	dots   bool // Whether runDots is to be used.
}

// place is the number of elements of an image and its strides.
type place struct {
	size         int
	major, minor int
	space        []int
}

func newPlace(i Image) place {
	strides := Natural(i.Dims)
	p := place{size: Product(i.Dims), major: strides[i.Major], minor: strides[i.Minor]}
	for _, axis := range i.Space {
		p.space = append(p.space, strides[axis])
	}
	return p
}

// NewConvolution plans a convolution. The sizes have to agree.
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
	c.planes = newPlanes(c, padding, orOnes(spec.Gaps, rank))
	c.dots = c.dotsCost() < c.rowsCost()
	return c
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
func (c *Convolution) window() (outputs, elements []int) {
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
func (c *Convolution) group(g int) (in, kernel, out int) {
	in = g * c.channels * c.in.minor
	if c.byBatch {
		in = g * c.batch * c.in.major
	}
	return in, g * c.outs * c.kernel.major, g * c.outs * c.out.minor
}

// Run computes out from in and kernel. It panics if one of them is smaller than the
// spec says: the kernels in assembly check nothing.
func (c *Convolution) Run(w Workers, in, kernel, out []float32) {
	in, kernel, out = in[:c.in.size], kernel[:c.kernel.size], out[:c.out.size]
	switch {
	case len(out) == 0:
	case len(in) == 0 || len(kernel) == 0:
		clear(out)
	case c.dots:
		c.runDots(w, in, kernel, out)
	default:
		c.runRows(w, in, kernel, out)
	}
}
