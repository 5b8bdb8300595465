package torch

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
	"github.com/millrace-ml/millrace/models/internal/kernel/vision"
)

// visionTable has the operators of torchvision, pools with places, and resizing with a filter.
func visionTable() map[string]operator {
	pool := func(axes int) operator {
		return operator{"self kernel_size stride padding dilation ceil_mode", 2, func(c *call) (results, error) {
			return c.poolWithPlaces(axes)
		}}
	}
	adaptive := func(axes int) operator {
		return operator{"self output_size", 2, func(c *call) (results, error) {
			x := c.tensor("self")
			out, err := nn.AdaptivePool(x, c.list("output_size", axes), nn.PoolMax)
			if err != nil || c.single {
				return results{out}, err
			}
			places, err := nn.AdaptivePlaces(x, out, axes)
			return results{out, places}, err
		}}
	}
	unpool := operator{"self indices output_size stride padding", 1, func(c *call) (results, error) {
		return one(nn.Unpool(c.tensor("self"), c.tensor("indices"), c.ints("output_size")))
	}}
	fractional := func(axes int) operator {
		return operator{"self kernel_size output_size random_samples", 2, func(c *call) (results, error) {
			out, places, err := nn.FractionalMaxPool(c.tensor("self"), c.tensor("random_samples"), c.list("kernel_size", axes),
				c.list("output_size", axes))
			return results{out, places}, err
		}}
	}
	filtered := func(f vision.Filter) operator {
		return operator{"input output_size align_corners scale_factors", 1, func(c *call) (results, error) {
			return c.filtered(f)
		}}
	}
	regions := func(f func(x, regions *tensor, r vision.Regions) (*tensor, error)) func(c *call) (results, error) {
		return func(c *call) (results, error) {
			return one(f(c.tensor("input"), c.tensor("rois"), vision.Regions{
				Scale: c.float("spatial_scale", 1), Height: c.int("pooled_height", 1), Width: c.int("pooled_width", 1),
				Samples: c.int("sampling_ratio", -1), Aligned: c.bool("aligned", false),
			}))
		}
	}
	const pooled = "input rois spatial_scale pooled_height pooled_width "
	return map[string]operator{
		"aten.max_pool1d_with_indices.default": pool(1), "aten.max_pool2d_with_indices.default": pool(2),
		"aten.max_pool3d_with_indices.default": pool(3),
		"aten.adaptive_max_pool1d.default":     adaptive(1), "aten.adaptive_max_pool2d.default": adaptive(2),
		"aten.adaptive_max_pool3d.default":   adaptive(3),
		"aten.fractional_max_pool2d.default": fractional(2), "aten.fractional_max_pool3d.default": fractional(3),
		"aten.max_unpool2d.default": unpool, "aten.max_unpool3d.default": unpool,
		"aten._upsample_bilinear2d_aa.vec":  filtered(vision.Triangle),
		"aten._upsample_bicubic2d_aa.vec":   filtered(vision.Cubic),
		"torchvision._cuda_version.default": {}, // Results of other versions of CUDA are not compared.
		"torchvision.nms.default": {"dets scores iou_threshold", 1, func(c *call) (results, error) {
			return one(vision.NMS(c.tensor("dets"), c.tensor("scores"), c.float("iou_threshold", 0)))
		}},
		"torchvision.roi_align.default":    {pooled + "sampling_ratio aligned", 1, regions(vision.RegionsAlign)},
		"torchvision.ps_roi_align.default": {pooled + "sampling_ratio", 1, regions(vision.PositionRegionsAlign)},
		"torchvision.roi_pool.default":     {pooled, 1, regions(vision.RegionsMax)},
	}
}

// poolWithPlaces returns the maxima of a pool and their places in the channels.
func (c *call) poolWithPlaces(axes int) (results, error) {
	out, err := c.pool(axes, nn.PoolMax)
	if err != nil || c.single {
		return out, err
	}
	w := c.window(axes)
	if w.Kernel = c.list("kernel_size", axes); w.Strides == nil {
		w.Strides = w.Kernel
	}
	places, err := nn.PoolPlaces(c.tensor("self"), out[0], w)
	return append(out, places), err
}

// filtered resizes the last two axes of an image.
func (c *call) filtered(f vision.Filter) (results, error) {
	x, sizes := c.tensor("input"), c.ints("output_size")
	if len(x.Shape) != 4 {
		return nil, kernel.Invalid("resizing an image of shape %v", x.Shape)
	}
	factors := c.floatList("scale_factors")
	if sizes == nil {
		if len(factors) != 2 {
			return nil, kernel.Invalid("resizing an image by the factors %v", factors)
		}
		for i, factor := range factors {
			n := float64(x.Shape[2+i]) * factor
			if !(n >= 0 && n < kernel.MaxElements) {
				return nil, kernel.Invalid("resizing an image by the factors %v", factors)
			}
			sizes = append(sizes, int(n))
		}
	}
	if len(sizes) != 2 || slices.Min(sizes) < 1 {
		return nil, kernel.Invalid("resizing an image to %v", sizes)
	}
	scales := make([]float64, 2)
	for i, n := range sizes {
		in := x.Shape[2+i]
		switch {
		case c.bool("align_corners", false):
			scales[i] = float64(in-1) / float64(max(n-1, 1))
		case len(factors) == 2 && factors[i] > 0:
			scales[i] = 1 / factors[i]
		default:
			scales[i] = float64(in) / float64(n)
		}
	}
	return one(vision.Resize(x, sizes, scales, f))
}

// floatList returns a list of numbers, or nil if it is missing.
func (c *call) floatList(name string) []float64 {
	v, _ := c.get(name, numbersKind)
	return v.floats
}
