package cpu

import (
	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
)

// slides returns the last two axes of windows that extend along these only, and false for other windows.
func (w *windows) slides() (s [2]layers.Slide, ok bool) {
	rank := len(w.in)
	if rank < 2 || simd.Product(w.in)*simd.Product(w.out) == 0 {
		return s, false
	}
	for i, n := range w.in {
		if i < rank-2 && (w.size[i] != 1 || w.strides[i] != 1 || w.before[i] != 0 || w.out[i] != n) || w.before[i] < 0 {
			return s, false
		}
	}
	for i := range s {
		at := rank - 2 + i
		s[i] = layers.Slide{
			In: w.in[at], Out: w.out[at], Kernel: w.size[at], Stride: w.strides[at], Dilation: 1, Before: w.before[at],
		}
	}
	return s, true
}

// planePooling is pooling of the maximum or the sum of windows over the last two axes.
type planePooling struct {
	pool layers.Pool
	in   []int
}

func (p *planePooling) run(w simd.Workers, in, out [][]float32) {
	p.pool.Run(w, simd.Product(p.in[:len(p.in)-2]), in[0], out[0])
}

// planeSelecting is selecting for windows over the last two axes.
type planeSelecting struct {
	s      [2]layers.Slide
	planes int
	sign   float32 // 1 for the largest elements, -1 for the smallest.
}

func (k *planeSelecting) run(w simd.Workers, in, out [][]float32) {
	inSize, outSize := k.s[0].In*k.s[1].In, k.s[0].Out*k.s[1].Out
	w.Split(k.planes, 1+(1<<13)/outSize, func(_, from, to int) {
		clear(out[0][from*inSize : to*inSize])
		for i := from; i < to; i++ {
			k.plane(in[0][i*inSize:(i+1)*inSize], in[1][i*outSize:(i+1)*outSize], out[0][i*inSize:(i+1)*inSize])
		}
	})
}

// plane adds each element of source to the place of the largest element of its window of x, the first one of several.
func (k *planeSelecting) plane(x, source, sums []float32) {
	v, h := k.s[0], k.s[1]
	if pairs(v) && pairs(h) {
		k.pairs(x, source, sums)
		return
	}
	for y := range v.Out {
		top := y*v.Stride - v.Before
		first, last := max(top, 0), min(top+v.Kernel, v.In)
		for i, given := range source[y*h.Out : (y+1)*h.Out] {
			left := i*h.Stride - h.Before
			from, to := max(left, 0), min(left+h.Kernel, h.In)
			if first >= last || from >= to {
				continue
			}
			best := first*h.In + from
			most := x[best] * k.sign
			for row := first; row < last; row++ {
				at := row*h.In + from
				for j, e := range x[at : row*h.In+to] {
					if e *= k.sign; e > most {
						best, most = at+j, e
					}
				}
			}
			sums[best] += given
		}
	}
}

// pairs reports whether windows are pairs of elements that do not overlap and are inside the image.
func pairs(s layers.Slide) bool {
	return s.Kernel == 2 && s.Stride == 2 && s.Before == 0 && 2*s.Out <= s.In
}

// pairs is plane for windows of two by two elements.
func (k *planeSelecting) pairs(x, source, sums []float32) {
	width := k.s[1].In
	for y := range k.s[0].Out {
		at := 2 * y * width
		given := source[y*k.s[1].Out : (y+1)*k.s[1].Out]
		first, second := x[at:at+2*len(given)], x[at+width:][:2*len(given)]
		for i, g := range given {
			a, b, c, d := first[2*i]*k.sign, first[2*i+1]*k.sign, second[2*i]*k.sign, second[2*i+1]*k.sign
			best := at + 2*i
			if b > a {
				a, best = b, at+2*i+1
			}
			if c > a {
				a, best = c, at+width+2*i
			}
			if d > a {
				best = at + width + 2*i + 1
			}
			sums[best] = g
		}
	}
}
