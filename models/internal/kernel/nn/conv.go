// Package nn implements the layers of neural networks on top of package kernel: convolutions, pools, normalization,
// attention, recurrent layers and resizing.
package nn

import "github.com/millrace-ml/millrace/models/internal/kernel"

// maxColumns limits the elements of the unfolded image that a convolution processes at a time, so that they fit in
// the second-level cache.
const maxColumns = 1 << 16

// Conv convolves an image of shape [batch, in, size...], with one to three spatial axes, with a weight of shape [out,
// in/groups, kernel...]. It adds the bias of shape [out], which may be nil. The kernel of the window is that of the
// weight.
func Conv(x, weight, bias *kernel.Tensor, w Window, groups int) (*kernel.Tensor, error) {
	axes := len(weight.Shape) - 2
	if axes == 3 {
		return conv3(x, weight, bias, w, groups)
	}
	p, err := imageShapeOf(x, axes)
	if err != nil {
		return nil, err
	}
	w.Kernel = weight.Shape[2:]
	s, err := w.slides(p.sizes)
	if err != nil {
		return nil, err
	}
	outs := weight.Shape[0]
	if groups < 1 || groups > p.channels || p.channels%groups != 0 || outs%groups != 0 ||
		weight.Shape[1] != p.channels/groups {
		return nil, kernel.Invalid("a convolution of weight %v in %d groups on shape %v", weight.Shape, groups, x.Shape)
	}
	out, err := p.newLike(x, outs, s)
	if err != nil {
		return nil, err
	}
	c := convolution{s: s, groups: groups, in: p.channels / groups, out: outs / groups}
	if unfolded := c.in * s[0].kernel * s[1].kernel; unfolded > kernel.MaxElements ||
		s[1].out > kernel.MaxElements/max(1, unfolded) {
		return nil, kernel.Invalid("a convolution of weight %v on shape %v is too large", weight.Shape, x.Shape)
	}
	ok := false
	switch d := out.Data.(type) {
	case []float32:
		ok = conv(c, p.batch, d, x, weight)
	case []float64:
		ok = conv(c, p.batch, d, x, weight)
	}
	if !ok {
		return nil, kernel.Unsupported("a convolution of %s by %s", x.DType(), weight.DType())
	}
	return addChannels(out, bias, axes)
}

// addChannels adds one number to each channel.
func addChannels(x, bias *kernel.Tensor, axes int) (*kernel.Tensor, error) {
	if bias == nil {
		return x, nil
	}
	wide, err := kernel.PerChannel(bias, axes)
	if err != nil {
		return nil, err
	}
	return kernel.Arith(kernel.Add, x, wide)
}

// convolution has the sizes of one group; in and out are numbers of channels.
type convolution struct {
	s               [2]slide
	groups, in, out int
}

func conv[T kernel.Float](c convolution, batch int, out []T, x, weight *kernel.Tensor) bool {
	img, okX := x.Data.([]T)
	kern, okW := weight.Data.([]T)
	if !okX || !okW {
		return false
	}
	if convFast(c, batch, img, kern, out) {
		return true
	}
	inSize := c.in * c.s[0].in * c.s[1].in
	outSize := c.out * c.s[0].out * c.s[1].out
	depth := c.in * c.s[0].kernel * c.s[1].kernel
	kernel.Parallel(batch*c.groups, 1+kernel.MinWork/(1+outSize*depth), func(lo, hi int) {
		var buf buffers[T]
		for i := lo; i < hi; i++ {
			g := i % c.groups
			convolveOne(c, &buf, img[i*inSize:(i+1)*inSize], kern[g*c.out*depth:(g+1)*c.out*depth], out[i*outSize:(i+1)*outSize])
		}
	})
	return true
}

// buffers is the memory that a goroutine reuses for several images.
type buffers[T kernel.Float] struct{ columns, sums []T }

// convolveOne convolves one group of one image. It unfolds the image into columns for some output rows at a time and
// multiplies them by the weight.
func convolveOne[T kernel.Float](c convolution, buf *buffers[T], img, kern, out []T) {
	rows, cols := c.s[0].out, c.s[1].out
	depth := c.in * c.s[0].kernel * c.s[1].kernel
	step := min(rows, max(1, maxColumns/max(1, depth*cols)))
	for y := 0; y < rows; y += step {
		n := min(step, rows-y) * cols
		buf.columns, buf.sums = zeros(buf.columns, depth*n), zeros(buf.sums, c.out*n)
		for i := range c.in {
			channel := img[i*c.s[0].in*c.s[1].in : (i+1)*c.s[0].in*c.s[1].in]
			unfold(c.s, channel, buf.columns[i*c.s[0].kernel*c.s[1].kernel*n:], y, n)
		}
		kernel.Multiply(kernel.MatrixDims{M: c.out, N: n, K: depth}, kern, buf.columns, n, 1, buf.sums)
		for o := range c.out {
			copy(out[(o*rows+y)*cols:], buf.sums[o*n:(o+1)*n])
		}
	}
}

// zeros returns a slice of n zeros and reuses the memory of b if it is large enough.
func zeros[T kernel.Float](b []T, n int) []T {
	if cap(b) < n {
		return make([]T, n)
	}
	b = b[:n]
	clear(b)
	return b
}

// unfold copies, for n outputs from row y on, the elements of one channel that each element of the kernel is
// multiplied by: one row of n values for each element of the kernel. The columns contain zeros, which remain where
// there is padding.
func unfold[T kernel.Float](s [2]slide, channel, columns []T, y, n int) {
	for ky := range s[0].kernel {
		for kx := range s[1].kernel {
			shift := kx*s[1].dilation - s[1].before
			first, last := s[1].reach(shift)
			for at := 0; at < n; at += s[1].out {
				row := (y+at/s[1].out)*s[0].stride + ky*s[0].dilation - s[0].before
				if row < 0 || row >= s[0].in || first >= last {
					continue
				}
				from := channel[row*s[1].in : (row+1)*s[1].in]
				to := columns[at+first : at+last]
				if s[1].stride == 1 {
					copy(to, from[first+shift:])
					continue
				}
				x := first*s[1].stride + shift
				for i := range to {
					to[i] = from[x]
					x += s[1].stride
				}
			}
			columns = columns[n:]
		}
	}
}

// reach returns the range of outputs, excluding last, whose element at the shift is inside the image.
func (s slide) reach(shift int) (first, last int) {
	if shift < 0 {
		first = (-shift + s.stride - 1) / s.stride
	}
	if shift < s.in {
		last = (s.in-1-shift)/s.stride + 1
	}
	return min(first, s.out), min(last, s.out)
}
