package nn

import (
	"runtime"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// convFast is like conv but uses package simd. It returns false, without a result, if package simd is not faster or
// if the padded images would need excessive memory.
func convFast[T kernel.Float](c convolution, batch int, img, kern, out []T) bool {
	x, ok := kernel.FastFloat32s(img)
	if !ok || len(img)*len(kern)*len(out) == 0 || c.needsExcessiveMemory(batch, len(img), len(out)) {
		return false
	}
	v, h := c.s[0], c.s[1]
	image := func(channels, rows, columns int) simd.Image {
		return simd.Image{Dims: []int{batch, channels, rows, columns}, Major: 0, Minor: 1, Space: []int{2, 3}}
	}
	weight := simd.Image{Dims: []int{c.groups * c.out, c.in, v.kernel, h.kernel}, Major: 0, Minor: 1, Space: []int{2, 3}}
	simd.NewConvolution(simd.ConvSpec{
		In: image(c.groups*c.in, v.in, h.in), Kernel: weight, Out: image(c.groups*c.out, v.out, h.out),
		Strides:   []int{v.stride, h.stride},
		Dilations: []int{v.dilation, h.dilation},
		Padding:   [][2]int{{v.before, v.after}, {h.before, h.after}},
		Groups:    c.groups,
	}).Run(simd.Workers(runtime.GOMAXPROCS(0)), x, any(kern).([]float32), any(out).([]float32))
	return true
}

// bulky reports whether convFast would need excessive memory for images of in and out elements: a model can declare
// windows that are spread over millions of elements of padding. The sizes are floats because they can overflow an
// int.
func (c convolution) needsExcessiveMemory(batch, in, out int) bool {
	const spare, maxGathered = 1 << 22, 1 << 24
	v, h := c.s[0], c.s[1]
	row := h.spanned()
	planes := float64(batch*c.groups*c.in) * v.spanned() * row
	results := float64(batch*c.groups*c.out) * float64(v.out) * row
	gathered := 0.0
	if max(v.stride, h.stride) > 1 {
		gathered = float64(c.in*v.kernel*h.kernel) * float64(max(v.out*h.out, 24))
	}
	return planes > 4*float64(in)+spare || results > 4*float64(out)+spare || gathered > maxGathered
}

// spanned returns the number of elements of the padded image that the windows span.
func (s slide) spanned() float64 {
	return float64(s.out-1)*float64(s.stride) + float64(s.kernel-1)*float64(s.dilation) + 1
}
