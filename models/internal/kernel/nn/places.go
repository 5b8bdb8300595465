package nn

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// reach is the positions of an axis under a window: from, from+step and so on, below to.
type reach struct{ from, to, step int }

// PoolPlaces returns the places of the maxima that a pool of the window has found: the index of each in its channel.
// pooled is the result of the pool.
func PoolPlaces(x, pooled *kernel.Tensor, w Window) (*kernel.Tensor, error) {
	axes := len(w.Kernel)
	return placesOf(x, pooled, axes, func(axis, size, _, i int) reach {
		at := func(list []int, without int) int {
			if axis < len(list) {
				return list[axis]
			}
			return without
		}
		step := at(w.Dilations, 1)
		from := i*at(w.Strides, 1) - at(w.Pads, 0)
		to := min(from+(w.Kernel[axis]-1)*step+1, size)
		for from < 0 {
			from += step
		}
		return reach{from, to, step}
	})
}

// AdaptivePlaces returns the places of the maxima of an adaptive pool over the last axes.
func AdaptivePlaces(x, pooled *kernel.Tensor, axes int) (*kernel.Tensor, error) {
	return placesOf(x, pooled, axes, func(_, size, parts, i int) reach {
		return reach{i * size / parts, ((i+1)*size + parts - 1) / parts, 1}
	})
}

// placesOf searches the maximum under each window. of returns the positions of window i of an axis with a size and a
// number of windows.
func placesOf(x, pooled *kernel.Tensor, axes int, of func(axis, size, parts, i int) reach) (*kernel.Tensor, error) {
	lead := len(x.Shape) - axes
	if axes < 1 || axes > 3 || lead < 0 || len(pooled.Shape) != len(x.Shape) {
		return nil, kernel.Invalid("the places of a pool over %d axes of shape %v", axes, x.Shape)
	}
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	var windows [3][]reach // There are always three axes.
	sizes := [3]int{1, 1, 1}
	for i := range windows {
		windows[i] = []reach{{0, 1, 1}}
		if axis := i - 3 + axes; axis >= 0 {
			sizes[i] = x.Shape[lead+axis]
			windows[i] = make([]reach, pooled.Shape[lead+axis])
			for j := range windows[i] {
				windows[i][j] = of(axis, sizes[i], len(windows[i]), j)
			}
		}
	}
	size := sizes[0] * sizes[1] * sizes[2]
	all, out := wide.Data.([]float64), make([]int64, 0, pooled.Len())
	for range kernel.Product(x.Shape[:lead]) {
		out = bestOf(out, all[:size], sizes, windows)
		all = all[size:]
	}
	return &kernel.Tensor{Shape: slices.Clone(pooled.Shape), Data: out}, nil
}

// bestOf appends the places of the maxima of a channel.
func bestOf(out []int64, img []float64, sizes [3]int, windows [3][]reach) []int64 {
	for _, d := range windows[0] {
		for _, v := range windows[1] {
			for _, h := range windows[2] {
				best, place := kernel.NegInf, (d.from*sizes[1]+v.from)*sizes[2]+h.from
				for z := d.from; z < d.to; z += d.step {
					for y := v.from; y < v.to; y += v.step {
						for x := h.from; x < h.to; x += h.step {
							at := (z*sizes[1]+y)*sizes[2] + x
							if e := img[at]; e > best || kernel.IsNaN(e) {
								best, place = e, at
							}
						}
					}
				}
				out = append(out, int64(place))
			}
		}
	}
	return out
}

// Unpool puts the elements of x to their places in channels of the given sizes. All other elements are 0.
func Unpool(x, places *kernel.Tensor, sizes []int) (*kernel.Tensor, error) {
	lead := len(x.Shape) - len(sizes)
	if lead < 0 || !slices.Equal(x.Shape, places.Shape) {
		return nil, kernel.Invalid("unpooling shape %v by places of shape %v", x.Shape, places.Shape)
	}
	shape := slices.Concat(x.Shape[:lead], sizes)
	n, err := kernel.Count(shape)
	if err != nil {
		return nil, err
	}
	at, err := kernel.AsInts(places)
	if err != nil {
		return nil, err
	}
	channels := kernel.Product(x.Shape[:lead])
	if n == 0 || len(at) == 0 {
		return kernel.New(x.DType(), shape)
	}
	size, each := n/channels, len(at)/channels
	for i, place := range at {
		if place < 0 || place >= size {
			return nil, kernel.Invalid("the place %d in %d elements", place, size)
		}
		at[i] = i/each*size + place
	}
	zeros, err := kernel.New(x.DType(), []int{n})
	if err != nil {
		return nil, err
	}
	flat := &kernel.Tensor{Shape: []int{len(at)}, Data: x.Data}
	out, err := kernel.ScatterElements(zeros, kernel.Ints(at), flat, 0, kernel.Replace)
	if err != nil {
		return nil, err
	}
	return kernel.Reshape(out, shape)
}
