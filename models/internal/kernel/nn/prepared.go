package nn

import (
	"runtime"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// PreparedConv is a convolution whose weight is stored in the form that the kernels read. It is made once for a
// constant weight, and several goroutines may use it at the same time.
type PreparedConv struct {
	shape  []int // Of the weight.
	bias   []float32
	window Window
	groups int
	fast   bool
	filter *layers.Filter // The weight, in the form of the kernels if there are kernels in assembly.
}

// PrepareConv prepares a convolution as described at [Conv], for tensors of float32 with one or two spatial axes. bias
// can be nil. The tensors must not change afterwards.
func PrepareConv(weight, bias *kernel.Tensor, w Window, groups int) (*PreparedConv, error) {
	if weight.DType() != "float32" || len(weight.Shape) < 3 || len(weight.Shape) > 4 {
		return nil, kernel.Unsupported("preparing a convolution by %s of shape %v", weight.DType(), weight.Shape)
	}
	outs := weight.Shape[0]
	if groups < 1 || outs%groups != 0 {
		return nil, kernel.Invalid("a convolution of weight %v in %d groups", weight.Shape, groups)
	}
	c := &PreparedConv{shape: weight.Shape, window: w, groups: groups}
	if bias != nil {
		list, ok := bias.Data.([]float32)
		if !ok || len(list) != outs {
			return nil, kernel.Invalid("a bias of %s of shape %v for a convolution of weight %v", bias.DType(), bias.Shape,
				weight.Shape)
		}
		c.bias = list
	}
	c.window.Kernel = weight.Shape[2:]
	k := [2]int{1, weight.Shape[len(weight.Shape)-1]}
	if len(weight.Shape) == 4 {
		k[0] = weight.Shape[2]
	}
	list, fast := kernel.FastFloat32s(weight.Data.([]float32))
	if c.fast = fast && len(list) > 0; c.fast {
		c.filter = layers.NewFilter(list, groups, weight.Shape[1], outs/groups, k)
	} else {
		c.filter = layers.PlainFilter(list, groups, weight.Shape[1], outs/groups, k)
	}
	return c, nil
}

// Shape returns the shape of the result for an image of shape x.
func (c *PreparedConv) Shape(x []int) ([]int, error) {
	p, s, err := c.slides(x)
	if err != nil {
		return nil, err
	}
	return p.shape(c.shape[0], s), nil
}

func (c *PreparedConv) slides(x []int) (p imageShape, s [2]slide, err error) {
	if p, err = imageShapeOf(&kernel.Tensor{Shape: x}, len(c.shape)-2); err != nil {
		return p, s, err
	}
	if p.channels%c.groups != 0 || c.shape[1] != p.channels/c.groups {
		return p, s, kernel.Invalid("a convolution of weight %v in %d groups on shape %v", c.shape, c.groups, x)
	}
	s, err = c.window.slides(p.sizes)
	return p, s, err
}

// Run convolves x, a tensor of float32, and applies the epilogue after the bias of the convolution. The epilogue's own
// bias, which can be nil, is added to it. The result is out, which has the shape of the result and shares no elements
// with x, or a new tensor if out is nil.
func (c *PreparedConv) Run(x *kernel.Tensor, e kernel.Epilogue, out *kernel.Tensor) (*kernel.Tensor, error) {
	img, ok := x.Data.([]float32)
	if !ok {
		return nil, kernel.Unsupported("a prepared convolution of %s", x.DType())
	}
	p, s, err := c.slides(x.Shape)
	if err != nil {
		return nil, err
	}
	if out, err = kernel.Result(out, p.shape(c.shape[0], s)); err != nil {
		return nil, err
	}
	axis := len(p.lead)
	if err := e.Check(out, axis); err != nil {
		return nil, err
	}
	e.Bias = sumOf(c.bias, e.Bias)
	list := out.Data.([]float32)
	sizes := convolution{s: s, groups: c.groups, in: c.shape[1], out: c.shape[0] / c.groups}
	slides, end := sizes.slides(), e.Ending()
	if c.fast && (!sizes.needsExcessiveMemory(p.batch, len(img)) || c.filter.Divided(slides, end)) {
		c.filter.Run(simd.Workers(runtime.GOMAXPROCS(0)), p.batch, slides, img, list, end)
		return out, nil
	}
	weight := &kernel.Tensor{Shape: c.shape, Data: c.filter.Weight()}
	result, err := Conv(x, weight, nil, c.window, c.groups)
	if err != nil {
		return nil, err
	}
	copy(list, result.Data.([]float32))
	return out, e.Apply(out, axis)
}

// sumOf adds two lists of the same length, either of which can be nil.
func sumOf(a, b []float32) []float32 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	sum := make([]float32, len(a))
	simd.Binary("Add")(sum, a, b)
	return sum
}
