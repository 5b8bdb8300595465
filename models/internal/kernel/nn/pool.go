package nn

import "github.com/millrace-ml/millrace/models/internal/kernel"

// Pooling is the operation that a pool applies to the elements of its window.
type Pooling int

// The kinds of pooling: the maximum, the mean of the elements of the image, the mean including the zeros of the
// padding, and the sum.
const (
	PoolMax Pooling = iota
	PoolMean
	PoolMeanPadded
	PoolSum
)

// Pool applies a pool to an image of shape [batch, channels, size...].
func Pool(x *kernel.Tensor, w Window, kind Pooling) (*kernel.Tensor, error) {
	if len(w.Kernel) == 3 {
		return pool3(x, w, kind)
	}
	p, err := imageShapeOf(x, len(w.Kernel))
	if err != nil {
		return nil, err
	}
	s, err := w.slides(p.sizes)
	if err != nil {
		return nil, err
	}
	spans := [2][]span{s[0].spans(), s[1].spans()}
	return poolSpans(x, p, s, spans, kind)
}

// AdaptivePool divides the axes of an image into the given numbers of parts, which can overlap by one element, and
// pools each part. A size of -1 keeps an axis.
func AdaptivePool(x *kernel.Tensor, sizes []int, kind Pooling) (*kernel.Tensor, error) {
	if len(sizes) == 3 {
		return adaptivePool3(x, sizes, kind)
	}
	p, err := imageShapeOf(x, len(sizes))
	if err != nil {
		return nil, err
	}
	if len(sizes) > 2 {
		return nil, kernel.Unsupported("pooling of %d axes", len(sizes))
	}
	// Windows of equal sizes are also described as slides, which others are not.
	s := [2]slide{{in: 1, out: 1, kernel: 1, stride: 1}, {in: 1, out: 1, kernel: 1, stride: 1}}
	spans := [2][]span{{{0, 1, 1}}}
	for i, n := range sizes {
		if n == -1 {
			n = p.sizes[i]
		}
		if n < 0 || n > maxWindow || p.sizes[i] == 0 {
			return nil, kernel.Invalid("pooling shape %v to %v", x.Shape, sizes)
		}
		axis := 2 - len(sizes) + i
		s[axis] = slide{in: p.sizes[i], out: n}
		spans[axis] = make([]span, n)
		if n > 0 && p.sizes[i]%n == 0 {
			s[axis].kernel, s[axis].stride = p.sizes[i]/n, p.sizes[i]/n
		}
		for j := range n {
			from, to := j*p.sizes[i]/n, ((j+1)*p.sizes[i]+n-1)/n
			spans[axis][j] = span{from, to, to - from}
		}
	}
	return poolSpans(x, p, s, spans, kind)
}

// span is the part of an axis under a window. padded is the length of the window including the padding.
type span struct{ from, to, padded int }

// spans returns the positions of a window. The span of a dilated window can begin in the padding, because its
// elements are not adjacent.
func (s slide) spans() []span {
	out := make([]span, s.out)
	for i := range out {
		from := i*s.stride - s.before
		to := from + (s.kernel-1)*s.dilation + 1
		places := (min(to, s.in+s.after)-from-1)/s.dilation + 1
		for from < 0 {
			from += s.dilation
		}
		out[i] = span{from, min(to, s.in), places}
	}
	return out
}

func poolSpans(x *kernel.Tensor, p imageShape, s [2]slide, spans [2][]span, kind Pooling) (*kernel.Tensor, error) {
	out, err := p.newLike(x, p.channels, s)
	if err != nil {
		return nil, err
	}
	steps := [2]int{max(1, s[0].dilation), max(1, s[1].dilation)}
	work := p.batch * p.channels
	if poolFast(x, out, work, s, spans, steps, kind) {
		return out, nil
	}
	switch d := x.Data.(type) {
	case []float32:
		poolAll(d, out.Data.([]float32), work, s, spans, steps, kind)
	case []float64:
		poolAll(d, out.Data.([]float64), work, s, spans, steps, kind)
	default:
		return nil, kernel.Unsupported("pooling of %s", x.DType())
	}
	return out, nil
}

func poolAll[T kernel.Float](in, out []T, images int, s [2]slide, spans [2][]span, steps [2]int, kind Pooling) {
	inSize, outSize := s[0].in*s[1].in, s[0].out*s[1].out
	kernel.Parallel(images, 1+kernel.MinWork/(1+inSize+outSize), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			img, at := in[i*inSize:(i+1)*inSize], i*outSize
			for _, v := range spans[0] {
				for _, h := range spans[1] {
					out[at] = poolOne(img, s[1].in, v, h, steps, kind)
					at++
				}
			}
		}
	})
}

func poolOne[T kernel.Float](img []T, width int, v, h span, steps [2]int, kind Pooling) T {
	best, sum, count := T(kernel.NegInf), 0.0, 0
	for y := v.from; y < v.to; y += steps[0] {
		for x := h.from; x < h.to; x += steps[1] {
			e := img[y*width+x]
			if e > best || kernel.IsNaN(e) {
				best = e
			}
			sum += float64(e)
			count++
		}
	}
	switch kind {
	case PoolMean:
		return T(sum / float64(count))
	case PoolMeanPadded:
		return T(sum / float64(v.padded*h.padded))
	case PoolSum:
		return T(sum)
	}
	return best
}
