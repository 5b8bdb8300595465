package layers

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// rowsCost estimates the work of runRows for one pair of channels and one image.
func (c *Convolution) rowsCost() int {
	_, grid := c.grid()
	return simd.Product(c.kernelDims) * simd.RoundUp(span(c.outDims, grid), tileCols)
}

// grid returns the strides of the outputs in the results of runRows. If the planes are used directly, the results
// have the same gaps between the rows as the planes.
func (c *Convolution) grid() (gathered bool, strides []int) {
	if slices.Max(c.strides) > 1 {
		return true, simd.Natural(c.outDims)
	}
	return false, c.planes.space
}

// runRows computes many outputs of an image at a time: the product of the kernel, with a row for each output channel,
// and a matrix with a row for each channel and element of the kernel. The rows are overlapping parts of the planes,
// or, if the convolution has strides, copies of every second, third or later element.
func (c *Convolution) runRows(w simd.Workers, in, kernel, out []float32) {
	gathered, grid := c.grid()
	width := span(c.outDims, grid)
	direct := c.planes.direct && !gathered && width >= tileCols
	off := c.rowOffsets(gathered, direct, simd.RoundUp(width, tileCols))
	s, packed := c.packKernel(kernel)
	defer s.GiveBack()
	w.Split(c.groups*c.batch, 1, func(_, from, to int) {
		r := c.newImager(grid, off, width, gathered, direct)
		defer r.scratch.GiveBack()
		for ; from < to; from++ {
			r.image(in, packed, out, from/c.batch, from%c.batch)
		}
	})
}

// rowOffsets returns the offsets of the rows of the matrix.
func (c *Convolution) rowOffsets(gathered, direct bool, length int) []int {
	_, elements := c.window()
	n := simd.Product(c.kernelDims)
	switch {
	case gathered:
		return simd.Offsets([]int{c.channels * n}, []int{length})
	case direct:
		return simd.Offsets(append([]int{c.channels}, c.kernelDims...), append([]int{c.in.minor}, elements...))
	}
	return simd.Offsets(append([]int{c.channels}, c.kernelDims...), append([]int{c.planes.size}, elements...))
}

// packKernel returns the kernel in panels of four output channels, for each group.
func (c *Convolution) packKernel(kernel []float32) (*simd.Scratch, []float32) {
	inner := c.channels * simd.Product(c.kernelDims)
	s, list := simd.Borrow(simd.RoundUp(c.outs, tileRows)*inner*c.groups + inner*c.outs)
	size := simd.RoundUp(c.outs, tileRows) * inner
	dims := append([]int{c.outs, c.channels}, c.kernelDims...)
	flat := list[size*c.groups:]
	for g := range c.groups {
		_, at, _ := c.group(g)
		from := append([]int{c.kernel.major, c.kernel.minor}, c.kernel.space...)
		simd.Move(dims, flat, 0, simd.Natural(dims), kernel, at, from)
		packRows(list[g*size:(g+1)*size], Matrix{flat, inner, 1}, c.outs, inner)
	}
	return s, list
}

// imager computes one image at a time.
type imager struct {
	*Convolution
	strides          []int
	off              []int
	length           int // The length of a row of results.
	gathered, direct bool
	starts, steps    []int // The positions of the gathered rows in the planes.
	scratch          *simd.Scratch

	planesOf, matrix, result []float32
}

func (c *Convolution) newImager(grid, off []int, width int, gathered, direct bool) *imager {
	r := &imager{Convolution: c, strides: grid, off: off, length: max(width, tileCols), gathered: gathered, direct: direct}
	var planes, matrix int
	if !direct {
		// The kernel in assembly reads whole tiles, which extend beyond the last plane.
		planes = c.channels*c.planes.size + tileCols
	}
	if gathered {
		outputs, elements := c.window()
		r.steps = outputs
		r.starts = simd.Offsets(append([]int{c.channels}, c.kernelDims...), append([]int{c.planes.size}, elements...))
		matrix = len(off) * simd.RoundUp(width, tileCols)
	}
	result := simd.RoundUp(c.outs, tileRows) * r.length
	var list []float32
	r.scratch, list = simd.Borrow(planes + matrix + result)
	r.planesOf, r.matrix, r.result = list[:planes], list[planes:planes+matrix], list[planes+matrix:]
	clear(r.planesOf)
	clear(r.matrix)
	return r
}

// image computes one image of the output.
func (r *imager) image(in, packed, out []float32, group, image int) {
	at, _, to := r.group(group)
	at += image * r.in.major
	b := in[at:]
	if !r.direct {
		r.planes.fill(r.planesOf, in, at, r.channels, r.in.minor)
		b = r.planesOf
	}
	if r.gathered {
		r.gather()
		b = r.matrix
	}
	inner, height := len(r.off), simd.RoundUp(r.outs, tileRows)
	packed = packed[group*height*inner:]
	for j := 0; ; j += tileCols {
		// The last tile ends at the end of the row and overlaps the previous one.
		j = min(j, r.length-tileCols)
		for i := 0; i < height; i += tileRows {
			tile(packed[i*inner:], b[j:], r.off, r.result[i*r.length+j:], r.length, false)
		}
		if j == r.length-tileCols {
			break
		}
	}
	to += image * r.out.major
	for i := range r.outs {
		simd.Move(r.outDims, out, to+i*r.out.minor, r.out.space, r.result, i*r.length, r.strides)
	}
}

// gather copies the windows of a convolution with strides into the matrix.
func (r *imager) gather() {
	for i, from := range r.starts {
		simd.Move(r.outDims, r.matrix, r.off[i], r.strides, r.planesOf, from, r.steps)
	}
}

// packRows writes d columns of m rows of a as panels of four rows, column by column.
func packRows(packed []float32, a Matrix, m, d int) {
	for i := range simd.RoundUp(m, tileRows) {
		to := packed[i/tileRows*tileRows*d+i%tileRows:]
		for k := range d {
			x := float32(0)
			if i < m {
				x = a.Floats[i*a.Row+k*a.Inner]
			}
			to[k*tileRows] = x
		}
	}
}
