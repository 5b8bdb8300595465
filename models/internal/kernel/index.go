package kernel

import "slices"

// GatherElements selects, for every element of indices, the element of x at the same position except along the axis,
// where the index is the position.
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
		return nil, Invalid("indices of shape %v into shape %v", indices.Shape, x.Shape)
	}
	for i, d := range indices.Shape {
		if i != axis && d > x.Shape[i] {
			return nil, Invalid("indices of shape %v into shape %v", indices.Shape, x.Shape)
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
	dense, strides := StridesOf(x.Shape), StridesOf(indices.Shape)
	for j := range at {
		i, err := indexFromStart(at[j], x.Shape[axis])
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

// GatherND selects parts of x. The last axis of indices has positions along the first axes of x that follow the batch
// axes. Both tensors share the batch axes.
func GatherND(x, indices *Tensor, batch int) (*Tensor, error) {
	rank, last := len(x.Shape), len(indices.Shape)-1
	if batch < 0 || last < batch || batch+indices.Shape[last] > rank ||
		!slices.Equal(x.Shape[:batch], indices.Shape[:batch]) {
		return nil, Invalid("indices of shape %v into shape %v", indices.Shape, x.Shape)
	}
	deep := indices.Shape[last]
	lists := make([]*Tensor, batch+deep)
	for i := range batch {
		// Every batch selects from its own part.
		shape := slices.Repeat([]int{1}, last)
		shape[i] = x.Shape[i]
		var err error
		if lists[i], err = Reshape(countUp(x.Shape[i]), shape); err != nil {
			return nil, err
		}
	}
	for i := range deep {
		var err error
		if lists[batch+i], err = Select(indices, last, i); err != nil {
			return nil, err
		}
	}
	if len(lists) == 0 {
		return Expand(x, slices.Concat(indices.Shape[:last], x.Shape))
	}
	return Index(x, lists)
}

// countUp returns the numbers from 0 to n-1 as int64.
func countUp(n int) *Tensor {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i)
	}
	return &Tensor{Shape: []int{n}, Data: out}
}

// Places returns a tensor in which each element is its own index in row-major order, as int64. Selecting elements of
// it yields the indices that Put writes to.
func Places(shape []int) (*Tensor, error) {
	n, err := Count(shape)
	if err != nil {
		return nil, err
	}
	return Reshape(countUp(n), shape)
}

// Index selects elements by several index tensors, one for each axis, which broadcast; nil keeps an axis. A tensor of
// bools selects the positions where it is true and can stand for several axes. The axes of the index tensors replace
// the indexed axes. They come first if the indexed axes are not adjacent.
func Index(x *Tensor, lists []*Tensor) (*Tensor, error) {
	lists, err := numbered(x, lists)
	if err != nil {
		return nil, err
	}
	var named, rest []int
	var shapes [][]int
	for i := range x.Shape {
		if i < len(lists) && lists[i] != nil {
			named, shapes = append(named, i), append(shapes, lists[i].Shape)
		} else {
			rest = append(rest, i)
		}
	}
	if len(named) == 0 {
		return x, nil
	}
	shape, err := BroadcastShape(shapes...)
	if err != nil {
		return nil, err
	}
	first := named[0]
	if named[len(named)-1]-first >= len(named) {
		// The indexed axes are not adjacent and move to the front.
		if x, err = Transpose(x, slices.Concat(named, rest)); err != nil {
			return nil, err
		}
		first = 0
	}
	at := make([]int64, Product(shape))
	n := 1
	for i := len(named) - 1; i >= 0; i-- {
		size := x.Shape[first+i]
		if err := addPlaces(at, lists[named[i]], shape, size, n); err != nil {
			return nil, err
		}
		n *= size
	}
	flat, err := Reshape(x, slices.Concat(x.Shape[:first], []int{n}, x.Shape[first+len(named):]))
	if err != nil {
		return nil, err
	}
	return Gather(flat, &Tensor{Shape: shape, Data: at}, first)
}

// addPlaces adds the positions along one axis, multiplied by its stride.
func addPlaces(at []int64, list *Tensor, shape []int, size, step int) error {
	wide, err := Expand(list, shape)
	if err != nil {
		return err
	}
	all, err := AsInts(wide)
	if err != nil {
		return err
	}
	for j, i := range all {
		if i, err = indexFromStart(i, size); err != nil {
			return err
		}
		at[j] += int64(i * step)
	}
	return nil
}

// numbered replaces tensors of bools by the positions where they are true.
func numbered(x *Tensor, lists []*Tensor) ([]*Tensor, error) {
	var out []*Tensor
	for _, list := range lists {
		if list == nil || list.DType() != "bool" {
			out = append(out, list)
			continue
		}
		at, n := len(out), len(list.Shape)
		if n == 0 || at+n > len(x.Shape) || !slices.Equal(x.Shape[at:at+n], list.Shape) {
			return nil, Invalid("an index of bool of shape %v into shape %v", list.Shape, x.Shape)
		}
		found, err := NonZero(list)
		if err != nil {
			return nil, err
		}
		for i := range n {
			axis, err := Select(found, 1, i)
			if err != nil {
				return nil, err
			}
			out = append(out, axis)
		}
	}
	if len(out) > len(x.Shape) {
		return nil, Invalid("an index of %d axes into shape %v", len(out), x.Shape)
	}
	return out, nil
}

// NonZero returns the positions of the elements that are not 0: one row of int64 for each element, with one number
// for each axis.
func NonZero(x *Tensor) (*Tensor, error) {
	bits, err := Cast(x, "bool")
	if err != nil {
		return nil, err
	}
	list, strides := bits.Data.([]bool), StridesOf(x.Shape)
	count := 0
	for _, set := range list {
		if set {
			count++
		}
	}
	out, err := New("int64", []int{count, len(strides)})
	if err != nil {
		return nil, err
	}
	rows, at := out.Data.([]int64), 0
	for i, set := range list {
		if !set {
			continue
		}
		for axis, s := range strides {
			rows[at] = int64(i / s % x.Shape[axis])
			at++
		}
	}
	return out, nil
}
