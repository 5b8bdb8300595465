package layers

import "github.com/millrace-ml/millrace/internal/simd"

// phases describes how a channel of an image is stored for a convolution: with its padding, and divided into one plane
// for each remainder of a row and a column by the strides. In these planes, the elements that a tap of the kernel is
// multiplied by are adjacent for adjacent outputs.
type phases struct {
	s          [2]Slide
	rows, cols int // The size of a plane.
	size       int // The size of all planes of a channel.
	// list has the remainders of the planes that taps use.
	list  [][2]int
	parts []part
	taps  []int // The offset of the first element of each tap.
}

func newPhases(s [2]Slide) *phases {
	p := &phases{
		s:    s,
		rows: s[0].Out + (s[0].Kernel-1)*s[0].Dilation/s[0].Stride,
		cols: s[1].Out + (s[1].Kernel-1)*s[1].Dilation/s[1].Stride,
	}
	index := map[[2]int]int{}
	for y := range s[0].Kernel {
		for x := range s[1].Kernel {
			at := [2]int{y * s[0].Dilation, x * s[1].Dilation}
			phase := [2]int{at[0] % s[0].Stride, at[1] % s[1].Stride}
			n, ok := index[phase]
			if !ok {
				n = len(p.list)
				index[phase] = n
				p.list = append(p.list, phase)
			}
			p.taps = append(p.taps, (n*p.rows+at[0]/s[0].Stride)*p.cols+at[1]/s[1].Stride)
		}
	}
	p.size = len(p.list) * p.rows * p.cols
	for n := range p.list {
		p.parts = append(p.parts, p.newPart(n))
	}
	return p
}

// part is the part of a plane that has elements of the image.
type part struct {
	rows, cols int
	to         int // The first element in the planes.
	from, row  int // The first element and the distance of the rows in the image.
}

// newPart returns the part of plane n.
func (p *phases) newPart(n int) part {
	y, rows := p.s[0].inside(p.list[n][0], p.rows)
	x, cols := p.s[1].inside(p.list[n][1], p.cols)
	width := p.s[1].In
	if rows == 0 || cols == 0 {
		return part{}
	}
	return part{
		rows: rows, cols: cols, to: (n*p.rows+y)*p.cols + x, row: p.s[0].Stride * width,
		from: p.s[0].at(p.list[n][0], y)*width + p.s[1].at(p.list[n][1], x),
	}
}

// at returns the element of the image at position i of the plane with a remainder. It can be outside of the image.
func (s Slide) at(phase, i int) int { return i*s.Stride + phase - s.Before }

// inside returns the first of n positions of a plane that has an element of the image, and the number of them.
func (s Slide) inside(phase, n int) (first, count int) {
	for first < n && s.at(phase, first) < 0 {
		first++
	}
	for first+count < n && s.at(phase, first+count) < s.In {
		count++
	}
	return first, count
}

// fill stores a channel of an image. The other elements of the planes must be zeros.
func (p *phases) fill(planes, channel []float32) {
	for _, x := range p.parts {
		if x.rows > 0 {
			simd.EveryRows(x.rows, x.cols, planes[x.to:], p.cols, channel[x.from:], x.row, p.s[1].Stride)
		}
	}
}

// move is a copy of a vector: the offsets in the planes and in a row of the panel.
type move struct{ from, to int32 }

// phasePanels provides the matrix of a convolution: a row for each channel and tap, and a column for each output.
type phasePanels struct {
	*phases
	list []float32 // The planes of all channels, and another vector.
}

func (p *phasePanels) panel(from, k, j, cols int, scratch []float32) ([]float32, int) {
	width := simd.RoundUp(cols, 16)
	p.gather(from, k, j, cols, scratch, width)
	return scratch, width
}

// gather copies k rows, at most maxDepth, from the given one on, of the columns from j on to rows of dst.
func (p *phasePanels) gather(from, k, j, cols int, dst []float32, row int) {
	var moves [blockCols]move
	var offsets [maxDepth]int
	n := p.moves(&moves, j, cols)
	taps := len(p.taps)
	channel, tap := from/taps, from%taps
	for i := range k {
		offsets[i] = channel*p.size + p.taps[tap]
		if tap++; tap == taps {
			channel, tap = channel+1, 0
		}
	}
	gather(dst, row, p.list, offsets[:k], moves[:n])
}

// moves sets the copies that fill a row of a panel. Each copies a whole vector: what it copies beyond the end of its
// row of the image is replaced by the next copy.
func (p *phasePanels) moves(list *[blockCols]move, j, cols int) int {
	outs, n, step := p.s[1].Out, 0, lanes()
	for done := 0; done < cols; {
		y, x := (j+done)/outs, (j+done)%outs
		run := min(outs-x, cols-done)
		if p.cols == outs {
			run = cols - done
		}
		for at := 0; at < run; at += step {
			list[n] = move{int32(y*p.cols + x + at), int32(done + at)} //nolint:gosec // They are below the size of a plane.
			n++
		}
		done += run
	}
	return n
}
