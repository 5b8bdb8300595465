package nn

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// ResizeNearest changes the sizes of the last axes. Element i of an axis is the element at from(axis, i), which is
// clamped to the axis.
func ResizeNearest(x *kernel.Tensor, sizes []int, from func(axis, i int) int) (*kernel.Tensor, error) {
	first := len(x.Shape) - len(sizes)
	if first < 0 {
		return nil, kernel.Invalid("resizing shape %v to %v", x.Shape, sizes)
	}
	for axis, size := range sizes {
		n := x.Shape[first+axis]
		if n == 0 || size < 1 || size > maxWindow {
			return nil, kernel.Invalid("resizing shape %v to %v", x.Shape, sizes)
		}
		at, same := make([]int, size), size == n
		for i := range at {
			at[i] = min(max(from(axis, i), 0), n-1)
			same = same && at[i] == i
		}
		if same {
			continue
		}
		var err error
		if x, err = kernel.Gather(x, kernel.Ints(at), first+axis); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// ResizeLinear changes the sizes of the last axes. Element i of an axis is interpolated at the position from(axis,
// i).
func ResizeLinear(x *kernel.Tensor, sizes []int, from func(axis, i int) float64) (*kernel.Tensor, error) {
	return resize(x, sizes, func(axis, i, n int) ([]int, []float64) {
		f := min(max(from(axis, i), 0), float64(n-1))
		share := f - math.Floor(f)
		return []int{int(f), int(f) + 1}, []float64{1 - share, share}
	})
}

// ResizeCubic is like ResizeLinear with cubic interpolation between four elements. a is its coefficient, which is
// -0.75 in PyTorch.
func ResizeCubic(x *kernel.Tensor, sizes []int, a float64, from func(axis, i int) float64) (*kernel.Tensor, error) {
	return resize(x, sizes, func(axis, i, _ int) ([]int, []float64) {
		f := min(max(from(axis, i), -kernel.MaxElements), kernel.MaxElements)
		low := int(math.Floor(f))
		t := f - math.Floor(f)
		near := func(t float64) float64 { return ((a+2)*t-(a+3))*t*t + 1 }
		far := func(t float64) float64 { return ((a*t-5*a)*t+8*a)*t - 4*a }
		return []int{low - 1, low, low + 1, low + 2}, []float64{far(1 + t), near(t), near(1 - t), far(2 - t)}
	})
}

// resize changes the sizes of the last axes. Element i of an axis that has n elements before is the sum of the
// elements that taps returns, clamped to the axis, multiplied by their weights.
func resize(x *kernel.Tensor, sizes []int, taps func(axis, i, n int) ([]int, []float64)) (*kernel.Tensor, error) {
	first := len(x.Shape) - len(sizes)
	if first < 0 {
		return nil, kernel.Invalid("resizing shape %v to %v", x.Shape, sizes)
	}
	for axis, size := range sizes {
		n := x.Shape[first+axis]
		if n == 0 || size < 1 || size > maxWindow {
			return nil, kernel.Invalid("resizing shape %v to %v", x.Shape, sizes)
		}
		var at [][]int
		var shares [][]float64
		same := size == n
		for i := range size {
			places, weights := taps(axis, i, n)
			for k := range places {
				if i == 0 {
					at, shares = append(at, make([]int, size)), append(shares, make([]float64, size))
				}
				at[k][i], shares[k][i] = min(max(places[k], 0), n-1), weights[k]
				same = same && (weights[k] == 0 || weights[k] == 1 && at[k][i] == i)
			}
		}
		if same {
			continue
		}
		var err error
		if x, err = mix(x, at, shares, first+axis); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// mix computes weighted sums of elements along an axis: for every list of positions, the elements at these positions
// multiplied by their shares.
func mix(x *kernel.Tensor, at [][]int, shares [][]float64, axis int) (*kernel.Tensor, error) {
	if _, ok := x.Data.([]float32); ok && simd.Fast() {
		return mixFast(x, at, shares, axis)
	}
	var sum *kernel.Tensor
	for k := range at {
		part, err := kernel.Gather(x, kernel.Ints(at[k]), axis)
		if err != nil {
			return nil, err
		}
		weight, err := kernel.Cast(&kernel.Tensor{Shape: []int{len(shares[k])}, Data: shares[k]}, x.DType())
		if err != nil {
			return nil, err
		}
		if weight, err = kernel.PerChannel(weight, len(x.Shape)-axis-1); err != nil {
			return nil, err
		}
		if part, err = kernel.Arith(kernel.Mul, part, weight); err != nil {
			return nil, err
		}
		if sum == nil {
			sum = part
		} else if sum, err = kernel.Arith(kernel.Add, sum, part); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// mixFast is mix for tensors of float32 with kernels in assembly.
func mixFast(x *kernel.Tensor, at [][]int, shares [][]float64, axis int) (*kernel.Tensor, error) {
	shape := slices.Clone(x.Shape)
	n, size := shape[axis], len(at[0])
	shape[axis] = size
	out, err := kernel.Dirty("float32", shape)
	if err != nil {
		return nil, err
	}
	weights := make([][]float32, len(shares))
	for k, list := range shares {
		weights[k] = narrow(list)
	}
	in, to := x.Data.([]float32), out.Data.([]float32)
	inner := kernel.Product(shape[axis+1:])
	kernel.Parallel(kernel.Product(shape[:axis]), 1+minNorm/(1+size*inner), func(lo, hi int) {
		for o := lo; o < hi; o++ {
			from, row := in[o*n*inner:(o+1)*n*inner], to[o*size*inner:(o+1)*size*inner]
			for k := range at {
				if inner == 1 {
					mixElements(row, from, at[k], weights[k], k > 0)
				} else {
					mixRows(row, from, at[k], weights[k], k > 0)
				}
			}
		}
	})
	return out, nil
}

// mixElements adds the elements at some positions, multiplied by their shares, or sets the sums to them.
func mixElements(sums, from []float32, at []int, shares []float32, more bool) {
	shares = shares[:len(at)]
	sums = sums[:len(at)]
	for i, j := range at {
		if more {
			sums[i] += from[j] * shares[i]
		} else {
			sums[i] = from[j] * shares[i]
		}
	}
}

// mixRows is like mixElements for rows instead of elements.
func mixRows(sums, from []float32, at []int, shares []float32, more bool) {
	inner := len(sums) / len(at)
	for i, j := range at {
		row := from[j*inner : (j+1)*inner]
		if more {
			simd.MulAdd(sums[i*inner:(i+1)*inner], row, shares[i])
		} else {
			simd.ScaleShift(sums[i*inner:(i+1)*inner], row, shares[i], 0)
		}
	}
}
