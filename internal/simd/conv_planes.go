package simd

import "slices"

// planes is how a convolution sees the channels of an image: as planes with padding
// and gaps in them.
type planes struct {
	dims, space []int // The size of a plane and its strides.
	size        int
	// direct is set where the planes of the input can be used as they are.
	direct bool

	// What is copied of the input: the number of elements in each direction, and
	// where they start in the input and the plane; steps are the plane's strides.
	count, steps []int
	from, to     int
	source       []int // The input's strides.
}

func newPlanes(c *Convolution, padding [][2]int, gaps []int) planes {
	p := planes{source: c.in.space}
	for i, n := range c.outDims {
		p.dims = append(p.dims, (n-1)*c.strides[i]+(c.kernelDims[i]-1)*c.dilations[i]+1)
	}
	p.space, p.size = Natural(p.dims), Product(p.dims)
	for i, n := range c.inDims {
		// Element j of the input is at start+j*gap of the plane, or outside of it.
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

// fill copies planes of the input to list, n of them that are stride apart. What it
// does not write has to be zero.
func (p *planes) fill(list, in []float32, at, n, stride int) {
	if slices.Contains(p.count, 0) {
		return
	}
	for i := range n {
		Move(p.count, list, i*p.size+p.to, p.steps, in, at+i*stride+p.from, p.source)
	}
}
