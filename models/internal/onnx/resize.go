package onnx

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// resize scales axes by the factors in input 2 or to the sizes in input 3. In version 10 the factors are input 1.
func resize(c *call) (results, error) {
	x := c.in(0)
	scales, sizes, err := c.resizeTo(x)
	if err != nil {
		return nil, err
	}
	place, round := c.resizing()
	at := func(axis, i int) float64 {
		return place(float64(i), scales[axis], float64(x.Shape[axis]), float64(sizes[axis]))
	}
	switch {
	case c.err != nil:
		return nil, c.err
	case c.str("mode", "nearest") == "linear":
		return one(nn.ResizeLinear(x, sizes, at))
	case c.str("mode", "nearest") == "cubic":
		return one(nn.ResizeCubic(x, sizes, c.float("cubic_coeff_a", -0.75), at))
	}
	return one(nn.ResizeNearest(x, sizes, func(axis, i int) int { return int(round(at(axis, i))) }))
}

// resizing returns the functions that the attributes of a resize select: the place in the input, and for the mode
// nearest the rounding.
func (c *call) resizing() (place func(i, scale, in, out float64) float64, round func(float64) float64) {
	if c.int("antialias", 0) != 0 || c.int("exclude_outside", 0) != 0 ||
		c.str("keep_aspect_ratio_policy", "stretch") != "stretch" {
		c.fail(kernel.Unsupported("resizing with antialias, exclude_outside or keep_aspect_ratio_policy"))
	}
	mode := c.str("coordinate_transformation_mode", c.resizeMode("asymmetric", "half_pixel"))
	place, known := resizePlaces[mode]
	if !known {
		c.fail(kernel.Unsupported("resizing with coordinate_transformation_mode '%s'", mode))
	}
	mode, rounding := c.str("mode", "nearest"), c.str("nearest_mode", c.resizeMode("floor", "round_prefer_floor"))
	round, known = resizeRounds[rounding]
	if mode != "linear" && mode != "cubic" && (mode != "nearest" || !known) {
		c.fail(kernel.Unsupported("resizing with mode '%s' and nearest_mode '%s'", mode, rounding))
	}
	return place, round
}

// resizeMode returns old in version 10 and now in later versions.
func (c *call) resizeMode(old, now string) string {
	if c.opset < 11 {
		return old
	}
	return now
}

// resizeTo returns the factors and the sizes of all axes, computing one from the other.
func (c *call) resizeTo(x *tensor) (scales []float64, sizes []int, err error) {
	factors, sizes := c.opt(2), slices.Clone(c.intsIn(3))
	if c.opset < 11 {
		factors = c.opt(1)
	}
	rank := len(x.Shape)
	if factors != nil && factors.Len() > 0 {
		wide, err := kernel.Cast(factors, "float64")
		if err != nil {
			return nil, nil, err
		}
		scales, sizes = wide.Data.([]float64), nil
		for i, f := range scales {
			if i >= rank || !(f > 0 && f*float64(x.Shape[i]) <= kernel.MaxElements) {
				return nil, nil, kernel.Invalid("scales %v for shape %v", scales, x.Shape)
			}
			sizes = append(sizes, int(math.Floor(f*float64(x.Shape[i]))))
		}
	} else {
		for i, n := range sizes {
			if i < rank && x.Shape[i] > 0 {
				scales = append(scales, float64(n)/float64(x.Shape[i]))
			}
		}
	}
	if len(sizes) != rank || len(scales) != rank {
		return nil, nil, kernel.Invalid("resizing shape %v by %v to %v", x.Shape, scales, sizes)
	}
	return scales, sizes, nil
}

// resizePlaces maps a coordinate of the output to a coordinate of the input, given the scale and the sizes of both
// axes.
var resizePlaces = map[string]func(i, scale, in, out float64) float64{
	"asymmetric": func(i, scale, _, _ float64) float64 { return i / scale },
	"half_pixel": func(i, scale, _, _ float64) float64 { return (i+0.5)/scale - 0.5 },
	"pytorch_half_pixel": func(i, scale, _, out float64) float64 {
		if out <= 1 {
			return 0
		}
		return (i+0.5)/scale - 0.5
	},
	"align_corners": func(i, _, in, out float64) float64 {
		if out <= 1 {
			return 0
		}
		return i * (in - 1) / (out - 1)
	},
}

// resizeRounds has the rounding modes of nearest-neighbor interpolation.
var resizeRounds = map[string]func(float64) float64{
	"round_prefer_floor": func(v float64) float64 { return math.Ceil(v - 0.5) },
	"round_prefer_ceil":  func(v float64) float64 { return math.Floor(v + 0.5) },
	"floor":              math.Floor,
	"ceil":               math.Ceil,
}
