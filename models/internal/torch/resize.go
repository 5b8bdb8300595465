package torch

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// resizeTo returns the sizes of the last axes and, for each, the distance in the input that corresponds to one
// element of the output.
func (c *call) resizeTo(x *tensor) (sizes []int, steps []float64, err error) {
	sizes = c.ints("output_size")
	factors, _ := c.get("scale_factors", numbersKind)
	n := max(len(sizes), len(factors.floats))
	if n == 0 || n > len(x.Shape) || len(sizes) > 0 && len(factors.floats) > 0 {
		return nil, nil, kernel.Invalid("resizing shape %v to %v by %v", x.Shape, sizes, factors.floats)
	}
	from := x.Shape[len(x.Shape)-n:]
	for i, f := range factors.floats {
		size := f * float64(from[i])
		if !(size >= 0 && size <= kernel.MaxElements) {
			return nil, nil, kernel.Invalid("resizing shape %v by %v", x.Shape, factors.floats)
		}
		sizes, steps = append(sizes, int(size)), append(steps, 1/f)
	}
	for i := len(steps); i < n; i++ {
		steps = append(steps, float64(from[i])/float64(sizes[i]))
	}
	return sizes, steps, nil
}

// nearestUpsampling selects the input element at the edge of each output element, or at its center if shift is 0.5.
func nearestUpsampling(shift float32) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.tensor("input")
		sizes, steps, err := c.resizeTo(x)
		if err != nil {
			return nil, err
		}
		return one(nn.ResizeNearest(x, sizes, func(axis, i int) int {
			return int((float32(i) + shift) * float32(steps[axis]))
		}))
	}
}

// cubic uses the coefficient of PyTorch's bicubic interpolation.
func cubic(x *tensor, sizes []int, from func(axis, i int) float64) (*tensor, error) {
	return nn.ResizeCubic(x, sizes, -0.75, from)
}

func linearResize(
	resize func(x *tensor, sizes []int, from func(axis, i int) float64) (*tensor, error),
) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.tensor("input")
		sizes, steps, err := c.resizeTo(x)
		if err != nil {
			return nil, err
		}
		corners, first := c.bool("align_corners", false), len(x.Shape)-len(sizes)
		return one(resize(x, sizes, func(axis, i int) float64 {
			if corners {
				return float64(i) * float64(x.Shape[first+axis]-1) / math.Max(float64(sizes[axis]-1), 1)
			}
			return (float64(i)+0.5)*steps[axis] - 0.5
		}))
	}
}
