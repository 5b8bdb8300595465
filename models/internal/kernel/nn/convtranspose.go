package nn

import (
	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// ConvTranspose computes a transposed convolution of an image of shape [batch, in, size...] with a weight of shape
// [in, out/groups, kernel...]: every element is multiplied by the weight, and the overlapping products are added. The
// padding of the window is removed from the result. extra, which may be nil, is added at the end of each axis.
func ConvTranspose(x, weight, bias *kernel.Tensor, w Window, groups int, extra []int) (*kernel.Tensor, error) {
	if len(weight.Shape) == 5 {
		return convTranspose3(x, weight, bias, w, groups, extra)
	}
	if _, ok := x.Data.([]float32); ok && simd.Fast() {
		if c, err := PrepareConvTranspose(weight, bias, w, groups, extra); err == nil {
			return c.Run(x, kernel.Epilogue{}, nil)
		}
	}
	return convTransposePlain(x, weight, bias, w, groups, extra)
}

// convTransposePlain is ConvTranspose for one or two spatial axes without package simd.
func convTransposePlain(
	x, weight, bias *kernel.Tensor, w Window, groups int, extra []int,
) (*kernel.Tensor, error) {
	axes := len(weight.Shape) - 2
	p, err := imageShapeOf(x, axes)
	if err != nil {
		return nil, err
	}
	if groups < 1 || groups > p.channels || p.channels%groups != 0 || weight.Shape[0] != p.channels {
		return nil,
			kernel.Invalid("a transposed convolution of weight %v in %d groups on shape %v", weight.Shape, groups, x.Shape)
	}
	w.Kernel = weight.Shape[2:]
	s, err := w.transposedSlides(p.sizes, extra)
	if err != nil {
		return nil, err
	}
	c := convolution{s: s, groups: groups, in: p.channels / groups, out: weight.Shape[1]}
	// in and out refer to the corresponding convolution, whose roles are reversed.
	shape := [2]slide{{out: s[0].in}, {out: s[1].in}}
	out, err := p.newLike(x, c.out*groups, shape)
	if err != nil {
		return nil, err
	}
	if _, err := kernel.Count([]int{c.out, s[0].kernel, s[1].kernel, s[0].out, s[1].out}); err != nil {
		return nil, err
	}
	ok := false
	switch d := out.Data.(type) {
	case []float32:
		ok = convTranspose(c, p.batch, d, x, weight)
	case []float64:
		ok = convTranspose(c, p.batch, d, x, weight)
	}
	if !ok {
		return nil, kernel.Unsupported("a transposed convolution of %s by %s", x.DType(), weight.DType())
	}
	return addChannels(out, bias, axes)
}

// spread resolves the window of the convolution from the result to an image of the given sizes.
func (w *Window) transposedSlides(sizes, extra []int) ([2]slide, error) {
	if w.Auto == SameUpper || w.Auto == SameLower {
		return [2]slide{}, kernel.Unsupported("a transposed convolution with auto_pad")
	}
	wide := make([]int, len(sizes))
	for i, size := range sizes {
		s, more := slide{}, 0
		n := len(sizes)
		ok := pick(w.Kernel, n, i, 1, &s.kernel) && pick(w.Strides, n, i, 1, &s.stride) &&
			pick(w.Dilations, n, i, 1, &s.dilation)
		ok = ok && pick(w.Pads, 2*n, i, 0, &s.before) && pick(w.Pads, 2*n, n+i, 0, &s.after) && pick(extra, n, i, 0, &more)
		if !ok || size < 1 || s.kernel < 1 || s.stride < 1 || s.dilation < 1 || more < 0 ||
			more >= max(s.stride, s.dilation) {
			return [2]slide{},
				kernel.Invalid("a transposed window with kernel %v, strides %v, dilations %v, pads %v and output padding %v",
					w.Kernel, w.Strides, w.Dilations, w.Pads, extra)
		}
		if w.Auto == Valid {
			s.before, s.after = 0, 0
		}
		wide[i] = (size-1)*s.stride + (s.kernel-1)*s.dilation + 1 + more - s.before - s.after
		if wide[i] < 1 {
			return [2]slide{}, kernel.Invalid("a transposed convolution with padding %v leaves nothing", w.Pads)
		}
	}
	s, err := w.slides(wide)
	if err != nil {
		return s, err
	}
	for i, size := range sizes {
		s[2-len(sizes)+i].out = size
	}
	return s, nil
}

func convTranspose[T kernel.Float](c convolution, batch int, out []T, x, weight *kernel.Tensor) bool {
	img, okX := x.Data.([]T)
	kern, okW := weight.Data.([]T)
	if !okX || !okW {
		return false
	}
	n := c.s[0].out * c.s[1].out
	inSize, outSize := c.in*n, c.out*c.s[0].in*c.s[1].in
	depth := c.out * c.s[0].kernel * c.s[1].kernel
	kernel.Parallel(batch*c.groups, 1+kernel.MinWork/(1+inSize*depth), func(lo, hi int) {
		var buf buffers[T]
		for i := lo; i < hi; i++ {
			g := i % c.groups
			// The columns are the transposed weight multiplied by the image.
			turned := zeros(buf.sums, depth*c.in)
			for r := range c.in {
				for d := range depth {
					turned[d*c.in+r] = kern[(g*c.in+r)*depth+d]
				}
			}
			buf.sums, buf.columns = turned, zeros(buf.columns, depth*n)
			kernel.Multiply(kernel.MatrixDims{M: depth, N: n, K: c.in}, turned, img[i*inSize:(i+1)*inSize], n, 1, buf.columns)
			fold(c, buf.columns, out[i*outSize:(i+1)*outSize])
		}
	})
	return true
}

// fold adds up columns, as the inverse of unfold.
func fold[T kernel.Float](c convolution, columns, out []T) {
	v, h := c.s[0], c.s[1]
	n := v.out * h.out
	for o := range c.out {
		channel := out[o*v.in*h.in : (o+1)*v.in*h.in]
		for ky := range v.kernel {
			for kx := range h.kernel {
				shift := kx*h.dilation - h.before
				first, last := h.reach(shift)
				for y := range v.out {
					row := y*v.stride + ky*v.dilation - v.before
					if row < 0 || row >= v.in {
						continue
					}
					for x := first; x < last; x++ {
						channel[row*h.in+x*h.stride+shift] += columns[y*h.out+x]
					}
				}
				columns = columns[n:]
			}
		}
	}
}
