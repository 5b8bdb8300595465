package layers

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// slides returns both axes of the convolution if images are contiguous planes of one or two axes, without gaps, in the
// order of batch and channels. Otherwise it returns nil.
func (c *Convolution) slides(padding [][2]int, gaps []int) []Slide {
	rank := len(c.inDims)
	if rank > 2 || c.byBatch || slices.Max(gaps) > 1 || !c.in.flat(c.inDims, c.groups*c.channels) ||
		!c.out.flat(c.outDims, c.groups*c.outs) {
		return nil
	}
	list := []Slide{{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}, {}}
	for i := range rank {
		list[2-rank+i] = Slide{
			In: c.inDims[i], Out: c.outDims[i], Kernel: c.kernelDims[i], Stride: c.strides[i], Dilation: c.dilations[i],
			Before: padding[i][0],
		}
	}
	return list
}

// flat reports whether an image has dense planes, one after the other for each minor and then each major index.
func (p place) flat(dims []int, minors int) bool {
	size := simd.Product(dims)
	return slices.Equal(p.space, simd.Natural(dims)) && (p.minor == size || minors == 1) && p.major == minors*size
}

// runFilter computes the convolution by Filter.
func (c *Convolution) runFilter(w simd.Workers, in, kernel, out []float32) {
	dims := append([]int{c.groups * c.outs, c.channels}, c.kernelDims...)
	s, weight := simd.Borrow(simd.Product(dims))
	defer s.GiveBack()
	from := append([]int{c.kernel.major, c.kernel.minor}, c.kernel.space...)
	simd.Move(dims, weight, 0, simd.Natural(dims), kernel, 0, from)
	sliding := [2]Slide(c.sliding)
	f := PlainFilter(weight, c.groups, c.channels, c.outs, [2]int{sliding[0].Kernel, sliding[1].Kernel})
	f.Run(w, c.batch, sliding, in, out, nil)
}
