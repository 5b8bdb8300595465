package nn

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Layers over three axes use those over two. A convolution moves the elements under its window along the first axis
// to the channels. A pool reduces one axis at a time, which every kind of pooling allows.

// firstAxis divides a window over three axes into a window over the first axis and one over the others.
func (w Window) firstAxis() (first, rest Window) {
	first, rest = w, w
	cut := func(list []int) (a, b []int) {
		if len(list) != 3 {
			return list, list // Window.slides returns the error.
		}
		return list[:1], list[1:]
	}
	first.Kernel, rest.Kernel = cut(w.Kernel)
	first.Strides, rest.Strides = cut(w.Strides)
	first.Dilations, rest.Dilations = cut(w.Dilations)
	if len(w.Pads) == 6 {
		first.Pads = []int{w.Pads[0], w.Pads[3]}
		rest.Pads = []int{w.Pads[1], w.Pads[2], w.Pads[4], w.Pads[5]}
	}
	return first, rest
}

// batched adds a batch axis to an image with three axes if it has none.
func batched(x *kernel.Tensor) (wide *kernel.Tensor, added bool, err error) {
	if len(x.Shape) != 4 {
		return x, false, nil
	}
	wide, err = kernel.Unsqueeze(x, []int{0})
	return wide, true, err
}

// unbatched reverts batched.
func unbatched(x *kernel.Tensor, added bool) (*kernel.Tensor, error) {
	if !added {
		return x, nil
	}
	return kernel.Squeeze(x, []int{0}, true)
}

// conv3 computes Conv with three spatial axes.
func conv3(x, weight, bias *kernel.Tensor, w Window, groups int) (*kernel.Tensor, error) {
	x, added, err := batched(x)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 5 {
		return nil, kernel.Invalid("a convolution of weight %v on shape %v", weight.Shape, x.Shape)
	}
	w.Kernel = weight.Shape[2:]
	first, rest := w.firstAxis()
	s, err := first.slides(x.Shape[2:3])
	if err != nil {
		return nil, err
	}
	d, k := s[1], weight.Shape[2]
	before, after := make([]int, 5), make([]int, 5)
	before[2], after[2] = d.before, d.after
	if x, err = kernel.Pad(x, before, after, kernel.PadConstant, nil); err != nil {
		return nil, err
	}
	batch, channels := x.Shape[0], x.Shape[1]
	at := kernel.StridesOf(x.Shape)
	// The batch and the depth of the result become the batch, so that each output meets its own layers of the image.
	meets, err := kernel.Strided(x, []int{batch, d.out, channels, k, x.Shape[3], x.Shape[4]},
		[]int{at[0], d.stride * at[2], at[1], d.dilation * at[2], at[3], 1}, 0)
	if err != nil {
		return nil, err
	}
	if meets, err = kernel.Reshape(meets, []int{batch * d.out, channels * k, x.Shape[3], x.Shape[4]}); err != nil {
		return nil, err
	}
	if weight, err = kernel.Flatten(weight, 1, 2); err != nil {
		return nil, err
	}
	out, err := Conv(meets, weight, bias, rest, groups)
	if err != nil {
		return nil, err
	}
	if out, err = kernel.Reshape(out, slices.Concat([]int{batch, d.out}, out.Shape[1:])); err != nil {
		return nil, err
	}
	if out, err = kernel.Swap(out, 1, 2); err != nil {
		return nil, err
	}
	return unbatched(out, added)
}

// convTranspose3 computes ConvTranspose with three spatial axes. Each layer of the image yields the layers of the
// result under its window, as channels, which are then added.
func convTranspose3(x, weight, bias *kernel.Tensor, w Window, groups int, extra []int) (*kernel.Tensor, error) {
	x, added, err := batched(x)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 5 || extra != nil && len(extra) != 3 {
		return nil, kernel.Invalid("a transposed convolution of weight %v on shape %v", weight.Shape, x.Shape)
	}
	w.Kernel = weight.Shape[2:]
	first, rest := w.firstAxis()
	var firstExtra, restExtra []int
	if extra != nil {
		firstExtra, restExtra = extra[:1], extra[1:]
	}
	s, err := first.transposedSlides(x.Shape[2:3], firstExtra)
	if err != nil {
		return nil, err
	}
	flat, err := kernel.Swap(x, 1, 2)
	if err != nil {
		return nil, err
	}
	if flat, err = kernel.Flatten(flat, 0, 1); err != nil {
		return nil, err
	}
	outs, k := weight.Shape[1], weight.Shape[2]
	if weight, err = kernel.Flatten(weight, 1, 2); err != nil {
		return nil, err
	}
	layers, err := ConvTranspose(flat, weight, nil, rest, groups, restExtra)
	if err != nil {
		return nil, err
	}
	rows, cols := layers.Shape[2], layers.Shape[3]
	if layers, err = kernel.Reshape(layers, []int{x.Shape[0], x.Shape[2], groups * outs, k, rows, cols}); err != nil {
		return nil, err
	}
	out, err := foldDepth(layers, s[1])
	if err != nil {
		return nil, err
	}
	if out, err = addChannels(out, bias, 3); err != nil {
		return nil, err
	}
	return unbatched(out, added)
}

// foldDepth adds layers of shape [batch, depth, channels, kernel, rows, columns] to the result of shape [batch,
// channels, depth, rows, columns], at their positions.
func foldDepth(layers *kernel.Tensor, d slide) (*kernel.Tensor, error) {
	shape := []int{layers.Shape[0], layers.Shape[2], d.in, layers.Shape[4], layers.Shape[5]}
	out, err := kernel.New(layers.DType(), shape)
	if err != nil {
		return nil, err
	}
	from, to := kernel.StridesOf(layers.Shape), kernel.StridesOf(shape)
	plane := shape[3] * shape[4]
	for b := range shape[0] {
		for i := range layers.Shape[1] {
			for c := range shape[1] {
				for k := range layers.Shape[3] {
					at := i*d.stride + k*d.dilation - d.before
					if at >= 0 && at < d.in {
						addInto(out.Data, b*to[0]+c*to[1]+at*to[2], layers.Data, b*from[0]+i*from[1]+c*from[2]+k*from[3], plane)
					}
				}
			}
		}
	}
	return out, nil
}

// addInto adds n elements of src, starting at s, to those of dst, starting at d.
func addInto(dst any, d int, src any, s, n int) {
	switch to := dst.(type) {
	case []float32:
		addAll(to[d:d+n], src.([]float32)[s:s+n])
	case []float64:
		addAll(to[d:d+n], src.([]float64)[s:s+n])
	}
}

func addAll[T kernel.Float](dst, src []T) {
	for i, v := range src {
		dst[i] += v
	}
}

// poolEachAxis pools three axes: first the last two, then the first.
func poolEachAxis(
	x *kernel.Tensor, pool func(x *kernel.Tensor, first bool) (*kernel.Tensor, error),
) (*kernel.Tensor, error) {
	x, added, err := batched(x)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 5 {
		return nil, kernel.Invalid("pooling three axes of shape %v", x.Shape)
	}
	lead := x.Shape[:2]
	flat, err := kernel.Flatten(x, 1, 2)
	if err != nil {
		return nil, err
	}
	if flat, err = pool(flat, false); err != nil {
		return nil, err
	}
	rows, cols := flat.Shape[2], flat.Shape[3]
	if flat, err = kernel.Reshape(flat, []int{lead[0], lead[1], x.Shape[2], rows * cols}); err != nil {
		return nil, err
	}
	if flat, err = pool(flat, true); err != nil {
		return nil, err
	}
	out, err := kernel.Reshape(flat, []int{lead[0], lead[1], flat.Shape[2], rows, cols})
	if err != nil {
		return nil, err
	}
	return unbatched(out, added)
}

// pool3 computes Pool over three axes.
func pool3(x *kernel.Tensor, w Window, kind Pooling) (*kernel.Tensor, error) {
	first, rest := w.firstAxis()
	return poolEachAxis(x, func(x *kernel.Tensor, depth bool) (*kernel.Tensor, error) {
		if depth {
			return Pool(x, first.withUnitAxis(), kind)
		}
		return Pool(x, rest, kind)
	})
}

// withUnitAxis extends a window over one axis by a second axis on which it has one element.
func (w Window) withUnitAxis() Window {
	beside := func(list []int, v int) []int {
		if list == nil {
			return nil
		}
		return append(slices.Clone(list), v)
	}
	w.Kernel, w.Strides, w.Dilations = beside(w.Kernel, 1), beside(w.Strides, 1), beside(w.Dilations, 1)
	if len(w.Pads) == 2 {
		w.Pads = []int{w.Pads[0], 0, w.Pads[1], 0}
	}
	return w
}

// adaptivePool3 computes AdaptivePool over three axes.
func adaptivePool3(x *kernel.Tensor, sizes []int, kind Pooling) (*kernel.Tensor, error) {
	return poolEachAxis(x, func(x *kernel.Tensor, depth bool) (*kernel.Tensor, error) {
		if depth {
			return AdaptivePool(x, []int{sizes[0], -1}, kind)
		}
		return AdaptivePool(x, sizes[1:], kind)
	})
}
