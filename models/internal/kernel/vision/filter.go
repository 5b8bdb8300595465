package vision

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Filter is a function of the distance in elements of the smaller of both images, and the distance from which on it
// is 0.
type Filter struct {
	Weight func(distance float64) float64
	Reach  float64
}

// Triangle is the filter of linear resizing, Cubic that of cubic resizing.
var (
	Triangle = Filter{func(d float64) float64 { return max(0, 1-math.Abs(d)) }, 1}
	Cubic    = Filter{cubic, 2}
)

// cubic is the curve of Keys with a = -0.5.
func cubic(d float64) float64 {
	const a = -0.5
	switch d = math.Abs(d); {
	case d < 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((d-5)*d+8)*d*a - 4*a
	}
	return 0
}

// tap is the elements that an element of the result consists of, and their shares.
type tap struct {
	from    int
	weights []float64
}

// taps returns the elements of the result of an axis. scale is the number of elements of the image for each of them.
func (f Filter) taps(in, out int, scale float64) ([]tap, error) {
	stretch := max(scale, 1)
	reach := f.Reach * stretch
	if each := min(2*reach+2, float64(in)); !(each*float64(out) < kernel.MaxElements) {
		return nil, kernel.Invalid("resizing %d elements to %d", in, out)
	}
	list := make([]tap, out)
	for i := range list {
		center := scale * (float64(i) + 0.5)
		from := max(int(center-reach+0.5), 0)
		to := min(int(center+reach+0.5), in)
		t, sum := tap{from: min(from, max(in-1, 0))}, 0.0
		for j := from; j < to; j++ {
			w := f.Weight((float64(j) - center + 0.5) / stretch)
			t.weights, sum = append(t.weights, w), sum+w
		}
		for j := range t.weights {
			if sum != 0 {
				t.weights[j] /= sum
			}
		}
		list[i] = t
	}
	return list, nil
}

// Resize resizes the last axes of an image to sizes, so that every element of the image counts when it becomes
// smaller. scales has the numbers of elements of the image for each element of the result.
func Resize(x *kernel.Tensor, sizes []int, scales []float64, f Filter) (*kernel.Tensor, error) {
	if len(x.Shape) < len(sizes) || len(scales) != len(sizes) {
		return nil, kernel.Invalid("resizing shape %v to %v", x.Shape, sizes)
	}
	out, dtype := x, x.DType()
	for i, n := range sizes {
		axis := len(x.Shape) - len(sizes) + i
		if n < 1 || x.Shape[axis] < 1 || !(scales[i] >= 0 && scales[i] < kernel.MaxElements) {
			return nil, kernel.Invalid("resizing shape %v to %v", x.Shape, sizes)
		}
		rows, rest, err := kernel.Rows(out, axis)
		if err != nil {
			return nil, err
		}
		if _, err := kernel.Count([]int{len(rows), n}); err != nil {
			return nil, err
		}
		taps, err := f.taps(x.Shape[axis], n, scales[i])
		if err != nil {
			return nil, err
		}
		list := make([]float64, 0, len(rows)*n)
		for _, row := range rows {
			for _, t := range taps {
				sum := 0.0
				for j, w := range t.weights {
					sum += w * row[t.from+j]
				}
				list = append(list, sum)
			}
		}
		shape := slices.Concat(rest, []int{n})
		if out, err = kernel.Move(&kernel.Tensor{Shape: shape, Data: list}, []int{-1}, []int{axis}); err != nil {
			return nil, err
		}
	}
	return kernel.Cast(out, dtype)
}
