package nn

import "github.com/millrace-ml/millrace/models/internal/kernel"

// PreparedConv is a convolution whose weight is stored in the form that the kernels read. It is made once for a
// constant weight, and several goroutines may use it at the same time.
type PreparedConv struct {
	weight *kernel.Tensor
	bias   []float32
	window Window
	groups int
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
	c := &PreparedConv{weight: weight, window: w, groups: groups}
	if bias != nil {
		list, ok := bias.Data.([]float32)
		if !ok || len(list) != outs {
			return nil, kernel.Invalid("a bias of %s of shape %v for a convolution of weight %v", bias.DType(), bias.Shape,
				weight.Shape)
		}
		c.bias = list
	}
	c.window.Kernel = weight.Shape[2:]
	return c, nil
}

// Shape returns the shape of the result for an image of shape x.
func (c *PreparedConv) Shape(x []int) ([]int, error) {
	axes := len(c.weight.Shape) - 2
	p, err := imageShapeOf(&kernel.Tensor{Shape: x}, axes)
	if err != nil {
		return nil, err
	}
	if p.channels%c.groups != 0 || c.weight.Shape[1] != p.channels/c.groups {
		return nil, kernel.Invalid("a convolution of weight %v in %d groups on shape %v", c.weight.Shape, c.groups, x)
	}
	s, err := c.window.slides(p.sizes)
	if err != nil {
		return nil, err
	}
	return p.shape(c.weight.Shape[0], s), nil
}

// Run convolves x, a tensor of float32, and applies the epilogue after the bias of the convolution. The epilogue's own
// bias, which can be nil, is added to it. The result is out, which has the shape of the result and shares no elements
// with x, or a new tensor if out is nil.
func (c *PreparedConv) Run(x *kernel.Tensor, e kernel.Epilogue, out *kernel.Tensor) (*kernel.Tensor, error) {
	if x.DType() != "float32" {
		return nil, kernel.Unsupported("a prepared convolution of %s", x.DType())
	}
	shape, err := c.Shape(x.Shape)
	if err != nil {
		return nil, err
	}
	if out, err = kernel.Result(out, shape); err != nil {
		return nil, err
	}
	result, err := Conv(x, c.weight, nil, c.window, c.groups)
	if err != nil {
		return nil, err
	}
	copy(out.Data.([]float32), result.Data.([]float32))
	channels := len(shape) - len(c.weight.Shape) + 1
	if c.bias != nil {
		first := kernel.Epilogue{Bias: c.bias}
		if err := first.Apply(out, channels); err != nil {
			return nil, err
		}
	}
	return out, e.Apply(out, channels)
}
