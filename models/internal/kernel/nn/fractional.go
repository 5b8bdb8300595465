package nn

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// maxFractional limits the elements of all windows of a fractional pool together.
const maxFractional = 1 << 32

// FractionalMaxPool returns the largest elements of windows that are spread over the last axes of x, of shape [batch,
// channels, axes...] or [channels, axes...], so that there are as many as sizes has along each. The steps between
// windows differ; samples, of shape [batch, channels, axes], has a number from 0 to 1 for each axis that chooses them,
// in the order in which PyTorch reads it. It also returns the places of the elements in each channel, as int64.
func FractionalMaxPool(x, samples *kernel.Tensor, window, sizes []int) (out, places *kernel.Tensor, err error) {
	axes := len(sizes)
	lead := len(x.Shape) - axes
	if lead < 1 || len(window) != axes {
		return nil, nil, kernel.Invalid("a fractional pool of shape %v by windows %v", x.Shape, window)
	}
	in := x.Shape[lead:]
	for i, n := range sizes {
		if n < 1 || window[i] < 1 || n > in[i] || window[i] > in[i] || n+window[i]-1 > in[i] {
			return nil, nil, kernel.Invalid("a fractional pool of shape %v by windows %v to %v", x.Shape, window, sizes)
		}
	}
	channels := kernel.Product(x.Shape[:lead])
	if work := float64(channels*kernel.Product(sizes)) * float64(kernel.Product(window)); work > maxFractional {
		return nil, nil, kernel.Invalid("a fractional pool of %v elements", work)
	}
	draws, err := kernel.Cast(samples, "float64")
	if err != nil {
		return nil, nil, err
	}
	chosen := draws.Data.([]float64)
	if len(chosen) != channels*axes {
		return nil, nil, kernel.Invalid("samples of shape %v for a fractional pool of shape %v", samples.Shape, x.Shape)
	}
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		return nil, nil, err
	}
	size, list := kernel.Product(in), []int{}
	for c := range channels {
		starts, err := fractions(chosen[c*axes:(c+1)*axes], in, window, sizes)
		if err != nil {
			return nil, nil, err
		}
		list = appendLargest(list, wide.Data.([]float64)[c*size:(c+1)*size], in, window, starts)
	}
	if places, err = kernel.Reshape(kernel.Ints(list), []int{channels, -1}); err != nil {
		return nil, nil, err
	}
	flat, err := kernel.Reshape(x, []int{channels, size})
	if err != nil {
		return nil, nil, err
	}
	if out, err = kernel.GatherElements(flat, places, 1); err != nil {
		return nil, nil, err
	}
	shape := slices.Concat(x.Shape[:lead], sizes)
	if out, err = kernel.Reshape(out, shape); err != nil {
		return nil, nil, err
	}
	places, err = kernel.Reshape(places, shape)
	return out, places, err
}

// fractions returns the first elements of the windows along each axis. With two axes, the first sample is that of the
// last axis. The arithmetic is that of float32, as in PyTorch.
func fractions(samples []float64, in, window, sizes []int) ([][]int, error) {
	samples = slices.Clone(samples)
	if len(samples) == 2 {
		slices.Reverse(samples)
	}
	starts := make([][]int, len(sizes))
	for axis, n := range sizes {
		s := float32(samples[axis])
		if !(s >= 0 && s <= 1) {
			return nil, kernel.Invalid("the sample %v of a fractional pool", s)
		}
		last := in[axis] - window[axis]
		list := make([]int, n)
		for i := range n - 1 {
			step := float32(last) / float32(n-1)
			list[i] = min(int((float32(i)+s)*step)-int(s*step), last)
		}
		list[n-1] = last
		starts[axis] = list
	}
	return starts, nil
}

// appendLargest appends the place of the largest element of each window, the first one of several.
func appendLargest(list []int, img []float64, in, window []int, starts [][]int) []int {
	sizes := make([]int, len(starts))
	for i, s := range starts {
		sizes[i] = len(s)
	}
	strides := kernel.StridesOf(in)
	eachPlace(sizes, func(at []int) {
		first := 0
		for i, a := range at {
			first += starts[i][a] * strides[i]
		}
		best := first
		eachPlace(window, func(cell []int) {
			place := first
			for i, c := range cell {
				place += c * strides[i]
			}
			if v := img[place]; v > img[best] || kernel.IsNaN(v) {
				best = place
			}
		})
		list = append(list, best)
	})
	return list
}

// eachPlace calls f for all positions of a tensor of a shape without zeros, in order.
func eachPlace(shape []int, f func(at []int)) {
	at := make([]int, len(shape))
	for range kernel.Product(shape) {
		f(at)
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
	}
}
