package kernel

import (
	"cmp"
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
		row := data[r*n : (r+1)*n]
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			if largest {
				return cmp.Compare(row[b], row[a])
			}
			return cmp.Compare(row[a], row[b])
		})
		for i, o := range order[:k] {
			out[r*k+i] = int64(o)
		}
	}
	if places, err = Swap(picked, axis, rank-1); err != nil {
		return nil, nil, err
	}
	values, err = GatherElements(x, places, axis)
	return values, places, err
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
