package layers

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// planes describes the channels of an image as planes that include the padding and the gaps of a dilation.
type planes struct {
	dims, space []int // The dimensions and the strides of a plane.
	size        int
	// direct is set if the input has no padding and no gaps, so that its planes need not be copied.
	direct bool

	// The part of the input that is copied: the number of elements along each axis and the first element in the input
	// and in the plane. steps has the strides in the plane.
	count, steps []int
	from, to     int
	source       []int // The strides of the input.
}

func newPlanes(c *Convolution, padding [][2]int, gaps []int) planes {
	p := planes{source: c.in.space}
	for i, n := range c.outDims {
		p.dims = append(p.dims, (n-1)*c.strides[i]+(c.kernelDims[i]-1)*c.dilations[i]+1)
	}
	p.space, p.size = simd.Natural(p.dims), simd.Product(p.dims)
	for i, n := range c.inDims {
		// Element j of the input is at position start+j*gap of the plane, or outside of the plane.
		start, gap := padding[i][0], gaps[i]
		first := 0
		if start < 0 {
			first = (-start + gap - 1) / gap
		}
		last := (p.dims[i] - 1 - start) / gap
		if p.dims[i]-1 < start {
			last = -1
		}
		p.count = append(p.count, max(0, min(n-1, last)-first+1))
		p.steps = append(p.steps, p.space[i]*gap)
		p.from += first * c.in.space[i]
		p.to += (start + first*gap) * p.space[i]
	}
	p.direct = slices.Equal(p.count, p.dims) && slices.Equal(p.dims, c.inDims) && slices.Equal(p.space, c.in.space)
	return p
}

// fill copies n planes of the input to list, with the given stride between them. The other elements of list must be
// zero.
func (p *planes) fill(list, in []float32, at, n, stride int) {
	if slices.Contains(p.count, 0) {
		return
	}
	for i := range n {
		simd.Move(p.count, list, i*p.size+p.to, p.steps, in, at+i*stride+p.from, p.source)
	}
}
