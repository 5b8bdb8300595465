package kernel

import (
	"cmp"
	"math"
	"slices"
)

// TopK returns the k largest or smallest elements along an axis, in order, and their indices. Equal elements keep
// their order.
func TopK(x *Tensor, k, axis int, largest bool) (values, places *Tensor, err error) {
	rank := len(x.Shape)
	if axis, err = Axis(axis, rank); err != nil {
		return nil, nil, err
	}
	if k < 0 || k > x.Shape[axis] {
		return nil, nil, Invalid("the top %d of %d elements", k, x.Shape[axis])
	}
	wide, err := Cast(x, "float64")
	if err != nil {
		return nil, nil, err
	}
	if wide, err = Swap(wide, axis, rank-1); err != nil {
		return nil, nil, err
	}
	n := x.Shape[axis]
	shape := slices.Clone(wide.Shape)
	shape[rank-1] = k
	picked, err := New("int64", shape)
	if err != nil {
		return nil, nil, err
	}
	data, out, order := wide.Data.([]float64), picked.Data.([]int64), make([]int, n)
	for r := range Product(shape[:rank-1]) {
		for i, o := range sortedPlaces(data[r*n:(r+1)*n], order, k, largest)[:k] {
			out[r*k+i] = int64(o)
		}
	}
	if places, err = Swap(picked, axis, rank-1); err != nil {
		return nil, nil, err
	}
	values, err = GatherElements(x, places, axis)
	return values, places, err
}

// fewPlaces is the number of places up to which those of a long row are found without sorting the row.
const fewPlaces = 128

// sortedPlaces returns the indices of the k largest or smallest elements of a row, in order, and perhaps more. It
// overwrites order, which is as long as the row.
func sortedPlaces(row []float64, order []int, k int, largest bool) []int {
	if k > 0 && k <= fewPlaces && k <= len(row)/4 && !slices.ContainsFunc(row, math.IsNaN) {
		return fewSorted(row, order[:0], k, largest)
	}
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if largest {
			return cmp.Compare(row[b], row[a])
		}
		return cmp.Compare(row[a], row[b])
	})
	return order
}

// fewSorted keeps the best k elements of a row in a sorted list. Most elements are no better than the last of them.
func fewSorted(row []float64, best []int, k int, largest bool) []int {
	for i, v := range row {
		if len(best) == k {
			if last := row[best[k-1]]; v == last || (v > last) != largest {
				continue
			}
			best = best[:k-1]
		}
		at := len(best)
		best = append(best, i)
		for ; at > 0 && row[best[at-1]] != v && (v > row[best[at-1]]) == largest; at-- {
			best[at] = best[at-1]
		}
		best[at] = i
	}
	return best
}

// Nth returns the n-th smallest element along an axis, counted from 0, and its index. If keep is set, the axis
// remains with size 1.
func Nth(x *Tensor, n, axis int, keep bool) (value, place *Tensor, err error) {
	if axis, err = Axis(axis, len(x.Shape)); err != nil {
		return nil, nil, err
	}
	values, places, err := TopK(x, n+1, axis, false)
	if err != nil {
		return nil, nil, err
	}
	out := []*Tensor{values, places}
	for i, t := range out {
		if out[i], err = Slice(t, axis, n, n+1, 1); err != nil {
			return nil, nil, err
		}
		if !keep {
			if out[i], err = Squeeze(out[i], []int{axis}, true); err != nil {
				return nil, nil, err
			}
		}
	}
	return out[0], out[1], nil
}

// Buckets returns, for every element of x, the number of sorted bounds that are less than it, or not greater than it
// if right is set, as int64.
func Buckets(x, bounds *Tensor, right bool) (*Tensor, error) {
	wide, err := Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	limits, err := Cast(bounds, "float64")
	if err != nil || len(bounds.Shape) != 1 {
		return nil, Invalid("bounds of shape %v", bounds.Shape)
	}
	out, list := make([]int64, x.Len()), limits.Data.([]float64)
	for i, v := range wide.Data.([]float64) {
		at, found := slices.BinarySearch(list, v)
		for found && right && at < len(list) && list[at] == v {
			at++
		}
		out[i] = int64(at)
	}
	return &Tensor{Shape: x.Shape, Data: out}, nil
}
