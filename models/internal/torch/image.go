package torch

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

func imageTable() map[string]operator {
	shuffle := func(factor string, back bool) operator {
		return operator{"self " + factor, 1, func(c *call) (results, error) {
			return one(nn.Shuffle(c.tensor("self"), c.int(factor, 1), back, false))
		}}
	}
	nearest := operator{"input output_size scale_factors", 1, nearestUpsampling(0)}
	exact := operator{"input output_size scale_factors", 1, nearestUpsampling(0.5)}
	linear := operator{"input output_size align_corners scale_factors", 1, linearResize(nn.ResizeLinear)}
	cubic := operator{"input output_size align_corners scale_factors", 1, linearResize(cubic)}
	return map[string]operator{
		"aten.upsample_nearest1d.vec": nearest, "aten.upsample_nearest2d.vec": nearest,
		"aten.upsample_nearest3d.vec":        nearest,
		"aten._upsample_nearest_exact1d.vec": exact, "aten._upsample_nearest_exact2d.vec": exact,
		"aten._upsample_nearest_exact3d.vec": exact,
		"aten.upsample_linear1d.vec":         linear, "aten.upsample_bilinear2d.vec": linear,
		"aten.upsample_trilinear3d.vec": linear,
		"aten.upsample_bicubic2d.vec":   cubic,
		"aten.pixel_shuffle.default":    shuffle("upscale_factor", false),
		"aten.pixel_unshuffle.default":  shuffle("downscale_factor", true),
		"aten.channel_shuffle.default":  {"self groups", 1, channelShuffle},
		"aten.im2col.default":           {"self kernel_size dilation padding stride", 1, patches},
		"aten.col2im.default":           {"self output_size kernel_size dilation padding stride", 1, fromPatches},
		"aten.grid_sampler.default":     {"input grid interpolation_mode padding_mode align_corners", 1, gridSample},
		"aten.affine_grid_generator.default": {"theta size align_corners", 1, func(c *call) (results, error) {
			return one(nn.AffineGrid(c.tensor("theta"), c.ints("size"), c.bool("align_corners", false)))
		}},
	}
}

// channelShuffle transposes the groups of channels with the channels of a group.
func channelShuffle(c *call) (results, error) {
	x, err := kernel.Unflatten(c.tensor("self"), 1, []int{c.int("groups", 1), -1})
	if err != nil {
		return nil, err
	}
	if x, err = kernel.Swap(x, 1, 2); err != nil {
		return nil, err
	}
	return one(kernel.Flatten(x, 1, 2))
}

// patchWindow returns the window of im2col and col2im.
func (c *call) patchWindow() nn.Window {
	w := c.window(2)
	w.Kernel = c.list("kernel_size", 2)
	return w
}

// patches returns the patches of an image as columns.
func patches(c *call) (results, error) {
	x := c.tensor("self")
	single := len(x.Shape) == 3
	if single {
		var err error
		if x, err = kernel.Unsqueeze(x, []int{0}); err != nil {
			return nil, err
		}
	}
	out, err := nn.Patches(x, c.patchWindow())
	if err != nil {
		return nil, err
	}
	if out, err = kernel.Flatten(out, 4, 5); err != nil {
		return nil, err
	}
	if out, err = kernel.Flatten(out, 1, 3); err != nil || !single {
		return results{out}, err
	}
	return one(kernel.Squeeze(out, []int{0}, true))
}

func fromPatches(c *call) (results, error) {
	return one(nn.ColumnsToImage(c.tensor("self"), c.list("output_size", 2), c.patchWindow()))
}

func gridSample(c *call) (results, error) {
	how, border := c.gridModes()
	return one(nn.GridSample(c.tensor("input"), c.tensor("grid"), how, border, c.bool("align_corners", false)))
}

// gridModes returns the way to sample a grid, and what is outside of the image.
func (c *call) gridModes() (nn.Sampling, nn.Border) {
	how := []nn.Sampling{nn.SampleLinear, nn.SampleNearest, nn.SampleCubic}
	border := []nn.Border{nn.BorderZeros, nn.BorderEdge, nn.BorderReflection}
	mode, pad := c.int("interpolation_mode", 0), c.int("padding_mode", 0)
	if mode < 0 || mode >= len(how) || pad < 0 || pad >= len(border) {
		c.fail(kernel.Unsupported("sampling a grid by the mode %d and the padding mode %d", mode, pad))
		return nn.SampleLinear, nn.BorderZeros
	}
	return how[mode], border[pad]
}

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
