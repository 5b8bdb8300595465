package nn

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Auto defines how the padding of a window is determined.
type Auto int

// The values of ONNX's auto_pad: explicit padding, no padding, or padding that makes the output as large as the input
// divided by the stride. SameUpper adds an odd element after the image, SameLower before it.
const (
	Explicit Auto = iota
	Valid
	SameUpper
	SameLower
)

// Window describes how a kernel slides over the axes of an image. A nil list stands for ones, or for zeros in Pads.
// Pads has the padding before each axis, followed by the padding after each axis.
type Window struct {
	Kernel, Strides, Dilations, Pads []int
	Auto                             Auto
	Ceil                             bool // Round the size of the output up.
}

// maxWindow limits every number of a window.
const maxWindow = 1 << 20

// slide is one axis of a window over an input of known size.
type slide struct{ in, out, kernel, stride, dilation, before, after int }

// slides resolves a window over the given sizes. There are always two axes; an image with one axis gets a first axis
// of size 1.
func (w *Window) slides(sizes []int) ([2]slide, error) {
	out := [2]slide{{1, 1, 1, 1, 1, 0, 0}, {1, 1, 1, 1, 1, 0, 0}}
	n := len(sizes)
	if n != 1 && n != 2 {
		return out, kernel.Unsupported("windows over %d axes", n)
	}
	for i, size := range sizes {
		s := slide{in: size}
		ok := pick(w.Kernel, n, i, 1, &s.kernel) && pick(w.Strides, n, i, 1, &s.stride) &&
			pick(w.Dilations, n, i, 1, &s.dilation)
		ok = ok && pick(w.Pads, 2*n, i, 0, &s.before) && pick(w.Pads, 2*n, n+i, 0, &s.after)
		if !ok || s.kernel < 1 || s.stride < 1 || s.dilation < 1 || s.before < 0 || s.after < 0 || size > kernel.MaxElements {
			return out,
				kernel.Invalid("a window with kernel %v, strides %v, dilations %v and pads %v over %d axes", w.Kernel, w.Strides,
					w.Dilations, w.Pads, n)
		}
		if err := s.resolve(w); err != nil {
			return out, err
		}
		out[2-n+i] = s
	}
	return out, nil
}

// Outputs returns the number of positions of a window along axes of the given sizes.
func (w *Window) Outputs(sizes []int) ([]int, error) {
	s, err := w.slides(sizes)
	return []int{s[0].out, s[1].out}[2-min(len(sizes), 2):], err
}

// pick reads element i of a list with n elements. If there is no list, it sets the default.
func pick(list []int, n, i, without int, to *int) bool {
	*to = without
	if list == nil {
		return true
	}
	if len(list) != n || list[i] > maxWindow {
		return false
	}
	*to = list[i]
	return true
}

// resolve computes the padding and the size of the output.
func (s *slide) resolve(w *Window) error {
	span := (s.kernel-1)*s.dilation + 1
	switch w.Auto {
	case Valid:
		s.before, s.after = 0, 0
	case SameUpper, SameLower:
		s.out = (s.in + s.stride - 1) / s.stride
		all := max(0, (s.out-1)*s.stride+span-s.in)
		s.before, s.after = all/2, all-all/2
		if w.Auto == SameLower {
			s.before, s.after = s.after, s.before
		}
		return nil
	}
	room := s.in + s.before + s.after - span
	if room < 0 {
		return kernel.Invalid("a window of %d elements over %d with padding", span, s.in+s.before+s.after)
	}
	s.out = room/s.stride + 1
	if w.Ceil && room%s.stride != 0 && s.out*s.stride < s.in+s.before {
		// The last window must begin in the image or in the padding before it.
		s.out++
	}
	return nil
}

// imageShape is a tensor as a batch of channels with one or two spatial axes.
type imageShape struct {
	batch, channels int
	sizes           []int
	lead            []int // The batch axis, if there is one.
}

// imageShapeOf splits a shape into the batch, the channels and the spatial axes.
func imageShapeOf(x *kernel.Tensor, axes int) (imageShape, error) {
	at := len(x.Shape) - axes
	if axes < 1 || at < 1 || at > 2 {
		return imageShape{},
			kernel.Invalid("an image of shape %v where %d axes beyond the channels are expected", x.Shape, axes)
	}
	p := imageShape{batch: 1, channels: x.Shape[at-1], sizes: x.Shape[at:], lead: x.Shape[:at-1]}
	if at == 2 {
		p.batch = x.Shape[0]
	}
	return p, nil
}

// newLike returns a tensor for the results of a window.
func (p imageShape) newLike(x *kernel.Tensor, channels int, s [2]slide) (*kernel.Tensor, error) {
	return kernel.New(x.DType(), p.shape(channels, s))
}

// shape returns the shape of the results of a window.
func (p imageShape) shape(channels int, s [2]slide) []int {
	outs := []int{s[0].out, s[1].out}
	return slices.Concat(p.lead, []int{channels}, outs[2-len(p.sizes):])
}
