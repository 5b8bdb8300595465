package nn

import (
	"runtime"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// convFast is like conv but uses package simd. It returns false, without a result, if package simd is not faster or
// if the padded images would need excessive memory.
func convFast[T kernel.Float](c convolution, batch int, img, kern, out []T) bool {
	x, ok := kernel.FastFloat32s(img)
	if !ok || len(img)*len(kern)*len(out) == 0 {
		return false
	}
	f := layers.PlainFilter(any(kern).([]float32), c.groups, c.in, c.out, [2]int{c.s[0].kernel, c.s[1].kernel})
	if c.needsExcessiveMemory(batch, len(img)) && !f.Divided(c.slides(), nil) {
		return false
	}
	f.Run(simd.Workers(runtime.GOMAXPROCS(0)), batch, c.slides(), x, any(out).([]float32), nil)
	return true
}

// slides returns the window in the form of package simd.
func (c convolution) slides() (list [2]layers.Slide) {
	for i, s := range c.s {
		list[i] = layers.Slide{
			In: s.in, Out: s.out, Kernel: s.kernel, Stride: s.stride, Dilation: s.dilation, Before: s.before,
		}
	}
	return list
}

// needsExcessiveMemory reports whether package simd would need excessive memory for images of in elements: a model can
// declare windows that are spread over millions of elements of padding. The sizes are floats because they can overflow
// an int.
func (c convolution) needsExcessiveMemory(batch, in int) bool {
	const spare = 1 << 22
	planes := float64(batch*c.groups*c.in) * c.s[0].stored() * c.s[1].stored()
	return planes > 4*float64(in)+spare
}

// stored returns the number of elements of an axis that package simd stores: those that the windows span, but not those
// that strides skip.
func (s slide) stored() float64 {
	return float64(min(s.kernel, s.stride)) * (float64(s.out) + float64(s.kernel-1)*float64(s.dilation)/float64(s.stride))
}
