package onnx

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/linalg"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
	"github.com/millrace-ml/millrace/models/internal/kernel/vision"
)

// detectOps are the operators of detectors, pools with places, and others whose results depend on values.
var detectOps = map[string]operator{
	"NonMaxSuppression": {"center_point_box", 2, 5, 1, nonMaxSuppression},
	"RoiAlign": {
		"coordinate_transformation_mode mode output_height output_width sampling_ratio spatial_scale", 3, 3, 1, roiAlign,
	},
	"MaxUnpool": {"kernel_shape pads strides", 2, 3, 1, maxUnpool},
	"Unique":    {"axis sorted", 1, 1, 4, unique},
	"Det": {"", 1, 1, 1, func(c *call) (results, error) {
		var out linalg.Stack
		batch, err := linalg.Each(c.in(0), true, func(m *linalg.Matrix) error {
			sign, log := linalg.Decompose(m).Det()
			out.Add(sign * math.Exp(log))
			return nil
		})
		if err != nil {
			return nil, err
		}
		return one(out.Tensor(batch, c.in(0).DType()))
	}},
}

// maxPoolPlaces returns the maxima of a pool and their places in the whole tensor.
func maxPoolPlaces(c *call) (results, error) {
	x, w := c.in(0), c.window()
	out, err := nn.Pool(x, w, nn.PoolMax)
	if err != nil {
		return nil, err
	}
	if w.Auto == nn.Valid {
		w.Pads = nil
	}
	places, err := nn.PoolPlaces(x, out, w)
	if err != nil {
		return nil, err
	}
	lead := len(x.Shape) - len(w.Kernel)
	size, each := kernel.Product(x.Shape[lead:]), kernel.Product(out.Shape[lead:])
	for i, list := 0, places.Data.([]int64); i < len(list); i++ {
		list[i] += int64(i / each * size)
	}
	return results{out, places}, nil
}

// maxUnpool puts elements to their places in a larger tensor. All other elements are 0.
func maxUnpool(c *call) (results, error) {
	x, size := c.in(0), c.intsIn(2)
	if size == nil {
		w := c.window()
		lead := len(x.Shape) - len(w.Kernel)
		if lead < 0 || w.Strides != nil && len(w.Strides) != len(w.Kernel) ||
			w.Pads != nil && len(w.Pads) != 2*len(w.Kernel) {
			return nil, kernel.Invalid("unpooling shape %v", x.Shape)
		}
		size = slices.Clone(x.Shape)
		for i, k := range w.Kernel {
			stride, pads := 1, 0
			if w.Strides != nil {
				stride = w.Strides[i]
			}
			if w.Pads != nil {
				pads = w.Pads[i] + w.Pads[i+len(w.Kernel)]
			}
			if size[lead+i] = (x.Shape[lead+i]-1)*stride + k - pads; stride < 0 || k < 0 || size[lead+i] < 0 {
				return nil, kernel.Invalid("unpooling shape %v", x.Shape)
			}
		}
	}
	n, err := kernel.Count(size)
	if err != nil {
		return nil, err
	}
	flat := func(t *tensor) *tensor { return &tensor{Shape: []int{t.Len()}, Data: t.Data} }
	out, err := nn.Unpool(flat(x), flat(c.in(1)), []int{n})
	if err != nil {
		return nil, err
	}
	return one(kernel.Reshape(out, size))
}

// unique returns the different elements, or the different parts along an axis, with the places of their first
// occurrences, the place of each element among them, and how often each of them occurs.
func unique(c *call) (results, error) {
	x, axis := c.in(0), c.int("axis", 0)
	if !c.has("axis") {
		x = &tensor{Shape: []int{x.Len()}, Data: x.Data}
	}
	moved, err := kernel.Move(x, []int{axis}, []int{0})
	if err != nil {
		return nil, err
	}
	n := moved.Shape[0]
	parts, _, err := kernel.Rows(&tensor{Shape: []int{n, moved.Len() / max(n, 1)}, Data: moved.Data}, 1)
	if err != nil {
		return nil, err
	}
	d := kernel.Unique(parts, true)
	if c.int("sorted", 1) == 0 {
		d = byOccurrence(d)
	}
	values, err := kernel.Gather(x, kernel.Ints(d.First), axis)
	if err != nil {
		return nil, err
	}
	return results{
		values, kernel.Ints(d.First), {Shape: []int{n}, Data: d.Places}, {Shape: []int{len(d.Counts)}, Data: d.Counts},
	}, nil
}

// byOccurrence sorts different parts by their first occurrences.
func byOccurrence(d kernel.Distinct) kernel.Distinct {
	order := make([]int, len(d.First))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return d.First[a] - d.First[b] })
	out := kernel.Distinct{Places: make([]int64, len(d.Places)), First: []int{}, Counts: []int64{}}
	to := make([]int64, len(order))
	for i, from := range order {
		out.First, out.Counts, to[from] = append(out.First, d.First[from]), append(out.Counts, d.Counts[from]), int64(i)
	}
	for i, p := range d.Places {
		out.Places[i] = to[p]
	}
	return out
}

func roiAlign(c *call) (results, error) {
	x, boxes := c.in(0), c.in(1)
	index, err := kernel.Cast(c.in(2), boxes.DType())
	if err != nil {
		return nil, err
	}
	if index, err = kernel.Reshape(index, []int{-1, 1}); err != nil {
		return nil, err
	}
	regions, err := kernel.Concat([]*tensor{index, boxes}, 1)
	if err != nil {
		return nil, err
	}
	mode := c.str("coordinate_transformation_mode", "half_pixel")
	return one(vision.RegionsAlign(x, regions, vision.Regions{
		Scale: c.float("spatial_scale", 1), Height: c.int("output_height", 1), Width: c.int("output_width", 1),
		Samples: c.int("sampling_ratio", 0), Aligned: mode == "half_pixel" && c.opset >= 16,
		Largest: c.str("mode", "avg") == "max",
	}))
}

// nonMaxSuppression returns the boxes that are kept, as triples of the image, the class and the box.
func nonMaxSuppression(c *call) (results, error) {
	boxes, scores := c.in(0), c.in(1)
	if len(boxes.Shape) != 3 || len(scores.Shape) != 3 || boxes.Shape[0] != scores.Shape[0] ||
		boxes.Shape[1] != scores.Shape[2] {
		return nil, kernel.Invalid("boxes of shape %v with scores of shape %v", boxes.Shape, scores.Shape)
	}
	limits := [3]float64{0, 0, math.Inf(-1)} // The most boxes of a class, the overlap, and the score.
	for i := range limits {
		if t := c.opt(2 + i); t != nil {
			v, err := kernel.AsFloat(t)
			if err != nil {
				return nil, err
			}
			limits[i] = v
		}
	}
	out := []int{}
	for image := range boxes.Shape[0] {
		box, err := kernel.Select(boxes, 0, image)
		if err != nil {
			return nil, err
		}
		if box, err = vision.Corners(box, c.int("center_point_box", 0) != 0); err != nil {
			return nil, err
		}
		for class := range scores.Shape[1] {
			score, err := kernel.Select(scores, 0, image)
			if err == nil {
				score, err = kernel.Select(score, 0, class)
			}
			if err != nil {
				return nil, err
			}
			keep, err := vision.Best(box, score, limits[1], limits[2], limits[0])
			if err != nil {
				return nil, err
			}
			for _, i := range keep {
				out = append(out, image, class, i)
			}
		}
	}
	return one(kernel.Reshape(kernel.Ints(out), []int{len(out) / 3, 3}))
}
