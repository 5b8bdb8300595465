package kernel

import (
	"cmp"
	"math"
	"slices"
)

// index1 turns a negative index into its place from the start.
func index1(i, n int) (int, error) {
	if i < -n || i >= n {
		return 0, invalid("index %d of %d elements", i, n)
	}
	if i < 0 {
		i += n
	}
	return i, nil
}

// Gather takes the elements of an axis that the indices name; the axis is
// replaced by the shape of the indices.
func Gather(x, indices *Tensor, axis int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	at, err := AsInts(indices)
	if err != nil {
		return nil, err
	}
	out, err := New(x.DType(), slices.Concat(x.Shape[:axis], indices.Shape, x.Shape[axis+1:]))
	if err != nil {
		return nil, err
	}
	move, err := copierOf(out.Data, x.Data)
	if err != nil {
		return nil, err
	}
	outer, inner := product(x.Shape[:axis]), product(x.Shape[axis+1:])
	n := x.Shape[axis]
	for j, i := range at {
		i, err := index1(i, n)
		if err != nil {
			return nil, err
		}
		for o := range outer {
			move((o*len(at)+j)*inner, (o*n+i)*inner, inner, 1, 1)
		}
	}
	return out, nil
}

// GatherElements takes, for every place of indices, the element of x at the
// same place but for its position along the axis, which the index says.
func GatherElements(x, indices *Tensor, axis int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	at, err := AsInts(indices)
	if err != nil {
		return nil, err
	}
	if len(indices.Shape) != len(x.Shape) {
		return nil, invalid("indices of shape %v into shape %v", indices.Shape, x.Shape)
	}
	for i, d := range indices.Shape {
		if i != axis && d > x.Shape[i] {
			return nil, invalid("indices of shape %v into shape %v", indices.Shape, x.Shape)
		}
	}
	out, err := New(x.DType(), indices.Shape)
	if err != nil {
		return nil, err
	}
	move, err := copierOf(out.Data, x.Data)
	if err != nil {
		return nil, err
	}
	dense, strides := stridesOf(x.Shape), stridesOf(indices.Shape)
	for j := range at {
		i, err := index1(at[j], x.Shape[axis])
		if err != nil {
			return nil, err
		}
		from := i * dense[axis]
		for k, s := range strides {
			if k != axis {
				from += j / s % indices.Shape[k] * dense[k]
			}
		}
		move(j, from, 1, 1, 1)
	}
	return out, nil
}

// Where takes from a where the condition holds, else from b; all three
// broadcast.
func Where(cond, a, b *Tensor) (*Tensor, error) {
	if cond.DType() != "bool" {
		return nil, invalid("a condition of %s", cond.DType())
	}
	shape, err := BroadcastShape(cond.Shape, a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	wide := make([]*Tensor, 3)
	for i, t := range []*Tensor{cond, a, b} {
		if wide[i], err = Expand(t, shape); err != nil {
			return nil, err
		}
	}
	out, err := New(a.DType(), shape)
	if err != nil {
		return nil, err
	}
	fromA, err := copierOf(out.Data, wide[1].Data)
	if err != nil {
		return nil, err
	}
	fromB, err := copierOf(out.Data, wide[2].Data)
	if err != nil {
		return nil, err
	}
	holds := wide[0].Data.([]bool)
	for i := 0; i < len(holds); {
		end := i + 1
		for end < len(holds) && holds[end] == holds[i] {
			end++
		}
		if holds[i] {
			fromA(i, i, end-i, 1, 1)
		} else {
			fromB(i, i, end-i, 1, 1)
		}
		i = end
	}
	return out, nil
}

// Tri keeps the upper or the lower triangle of the last two axes, from the k-th
// diagonal on, and zeroes the rest.
func Tri(x *Tensor, k int, upper bool) (*Tensor, error) {
	rank := len(x.Shape)
	if rank < 2 {
		return nil, invalid("a triangle of shape %v", x.Shape)
	}
	rows, cols := x.Shape[rank-2], x.Shape[rank-1]
	k = min(max(k, -rows), cols)
	out, err := New(x.DType(), x.Shape)
	if err != nil {
		return nil, err
	}
	move, err := copierOf(out.Data, x.Data)
	if err != nil {
		return nil, err
	}
	for r := range product(x.Shape[:rank-1]) {
		row := r % rows
		from, to := 0, min(max(row+k+1, 0), cols)
		if upper {
			from, to = min(max(row+k, 0), cols), cols
		}
		move(r*cols+from, r*cols+from, to-from, 1, 1)
	}
	return out, nil
}

// Range returns the numbers from start up to limit in steps of delta, in the
// dtype of start.
func Range(start, limit, delta *Tensor) (*Tensor, error) {
	v := make([]float64, 3)
	for i, t := range []*Tensor{start, limit, delta} {
		f, err := AsFloat(t)
		if err != nil {
			return nil, err
		}
		v[i] = f
	}
	count := math.Max(0, math.Ceil((v[1]-v[0])/v[2]))
	if v[2] == 0 || !(count <= MaxElements) {
		return nil, invalid("a range from %g to %g in steps of %g", v[0], v[1], v[2])
	}
	out := make([]float64, int(count))
	for i := range out {
		out[i] = v[0] + float64(i)*v[2]
	}
	return Cast(&Tensor{Shape: []int{len(out)}, Data: out}, start.DType())
}

// TopK returns the k largest, or smallest, elements along an axis in order, and
// their places. Equal elements come in the order of their places.
func TopK(x *Tensor, k, axis int, largest bool) (values, places *Tensor, err error) {
	rank := len(x.Shape)
	if axis, err = Axis(axis, rank); err != nil {
		return nil, nil, err
	}
	if k < 0 || k > x.Shape[axis] {
		return nil, nil, invalid("the top %d of %d elements", k, x.Shape[axis])
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
	for r := range product(shape[:rank-1]) {
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
