package layers

import "github.com/millrace-ml/millrace/internal/simd"

// dotsCost estimates the work of runDots in the units of rowsCost. A dot product costs more than its length suggests.
func (c *Convolution) dotsCost() int {
	_, elements := c.window()
	return simd.Product(c.outDims) * (span(c.kernelDims, elements) + 16)
}

// runDots computes each output as a dot product of a part of a plane and the kernel, for each channel, with zeros in
// the gaps of the kernel. It is efficient for kernels that are larger than the output, as in the gradient with
// respect to the kernel, where the batch takes the role of the channels.
func (c *Convolution) runDots(w simd.Workers, in, kernel, out []float32) {
	outputs, _ := c.window()
	images := c.in.major
	if !c.planes.direct {
		images = c.planes.size
	}
	off := simd.Offsets(append([]int{c.batch}, c.outDims...), append([]int{images}, outputs...))
	n := simd.RoundUp(len(off), dotCols)
	for len(off) < n {
		off = append(off, off[0])
	}
	size := simd.RoundUp(c.outs, dotRows) * n
	s, results := simd.Borrow(size * int(w))
	defer s.GiveBack()
	for g := range c.groups {
		parts := w.Split(c.channels, 1, func(worker, from, to int) {
			d := c.newDots(off, results[worker*size:(worker+1)*size])
			defer d.scratch.GiveBack()
			for ; from < to; from++ {
				d.channel(in, kernel, g, from)
			}
		})
		add := simd.Binary("Add")
		for i := 1; i < parts; i++ {
			add(results[:size], results[:size], results[i*size:(i+1)*size])
		}
		_, _, at := c.group(g)
		dims := append([]int{c.outs, c.batch}, c.outDims...)
		from := append([]int{n, simd.Product(c.outDims)}, simd.Natural(c.outDims)...)
		simd.Move(dims, out, at, append([]int{c.out.minor, c.out.major}, c.out.space...), results, 0, from)
	}
}

// dotter adds up the products of the channels.
type dotter struct {
	*Convolution
	off              []int
	elements         []int
	length           int // The length of a kernel with its gaps.
	kernels, planeOf []float32
	result           []float32
	scratch          *simd.Scratch
}

func (c *Convolution) newDots(off []int, result []float32) *dotter {
	_, elements := c.window()
	d := &dotter{Convolution: c, off: off, elements: elements, length: span(c.kernelDims, elements), result: result}
	kernels := simd.RoundUp(c.outs, dotRows) * d.length
	planes := 0
	if !c.planes.direct {
		planes = c.batch * c.planes.size
	}
	var list []float32
	d.scratch, list = simd.Borrow(kernels + planes)
	d.kernels, d.planeOf = list[:kernels], list[kernels:]
	clear(list)
	clear(result)
	return d
}

func (d *dotter) channel(in, kernel []float32, group, channel int) {
	at, first, _ := d.group(group)
	at += channel * d.in.minor
	first += channel * d.kernel.minor
	dims := append([]int{d.outs}, d.kernelDims...)
	simd.Move(dims, d.kernels, 0, append([]int{d.length}, d.elements...), kernel, first,
		append([]int{d.kernel.major}, d.kernel.space...))
	b := in[at:]
	if !d.planes.direct {
		d.planes.fill(d.planeOf, in, at, d.batch, d.in.major)
		b = d.planeOf
	}
	n, height := len(d.off), simd.RoundUp(d.outs, dotRows)
	for from := 0; from < d.length; from += blockLength {
		k := min(blockLength, d.length-from)
		for i := 0; i < height; i += dotRows {
			for j := 0; j < n; j += dotCols {
				dots(k, d.kernels[i*d.length+from:], d.length, b[from:], (*[dotCols]int)(d.off[j:]), d.result[i*n+j:], n)
			}
		}
	}
}
