package kernel

import "slices"

// Reshape returns the elements of x with other dimensions. One of them can be -1, which is computed from the others.
func Reshape(x *Tensor, dims []int) (*Tensor, error) {
	shape := slices.Clone(dims)
	free := slices.Index(shape, -1)
	if free >= 0 {
		shape[free] = 1
		rest, err := Count(shape)
		if err != nil {
			return nil, err
		}
		if rest == 0 || x.Len()%rest != 0 {
			return nil, Invalid("shape %v cannot become %v", x.Shape, dims)
		}
		shape[free] = x.Len() / rest
	}
	n, err := Count(shape)
	if err != nil {
		return nil, err
	}
	if n != x.Len() {
		return nil, Invalid("shape %v cannot become %v", x.Shape, dims)
	}
	return &Tensor{Shape: shape, Data: x.Data}, nil
}

// Flatten merges the axes from start to end, including both. A scalar becomes a vector with one element.
func Flatten(x *Tensor, start, end int) (*Tensor, error) {
	if len(x.Shape) == 0 {
		return Reshape(x, []int{1})
	}
	start, err := Axis(start, len(x.Shape))
	if err != nil {
		return nil, err
	}
	end, err = Axis(end, len(x.Shape))
	if err != nil {
		return nil, err
	}
	if end < start {
		return nil, Invalid("flattening axes %d to %d", start, end)
	}
	return Reshape(x, slices.Concat(x.Shape[:start], []int{Product(x.Shape[start : end+1])}, x.Shape[end+1:]))
}

// Unflatten divides one axis into several. One size can be -1.
func Unflatten(x *Tensor, axis int, sizes []int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	part, err := Reshape(&Tensor{Shape: x.Shape[axis : axis+1], Data: slice[bool](0)}, sizes)
	if err != nil {
		return nil, err
	}
	return Reshape(x, slices.Concat(x.Shape[:axis], part.Shape, x.Shape[axis+1:]))
}

// Squeeze removes the given axes of size 1, or all axes of size 1 if axes is nil. A larger axis is an error if strict
// is set and is kept otherwise.
func Squeeze(x *Tensor, axes []int, strict bool) (*Tensor, error) {
	drop, err := axesOf(axes, len(x.Shape))
	if err != nil {
		return nil, err
	}
	shape := []int{}
	for i, d := range x.Shape {
		named := axes == nil || slices.Contains(drop, i)
		if named && d != 1 && strict && axes != nil {
			return nil, Invalid("axis %d of shape %v is not 1 and cannot be squeezed", i, x.Shape)
		}
		if !named || d != 1 {
			shape = append(shape, d)
		}
	}
	return Reshape(x, shape)
}

// Unsqueeze adds axes of size 1 at the given positions of the result.
func Unsqueeze(x *Tensor, axes []int) (*Tensor, error) {
	rank := len(x.Shape) + len(axes)
	if rank > MaxRank {
		return nil, Invalid("a tensor of %d dimensions", rank)
	}
	places, err := axesOf(axes, rank)
	if err != nil {
		return nil, err
	}
	shape, rest := make([]int, rank), x.Shape
	for i := range shape {
		if slices.Contains(places, i) {
			shape[i] = 1
			continue
		}
		shape[i], rest = rest[0], rest[1:]
	}
	return Reshape(x, shape)
}

// Concat concatenates tensors along an axis.
func Concat(xs []*Tensor, axis int) (*Tensor, error) {
	if len(xs) == 0 {
		return nil, Invalid("there are no tensors to concatenate")
	}
	axis, err := Axis(axis, len(xs[0].Shape))
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(xs[0].Shape)
	shape[axis] = 0
	for _, x := range xs {
		if len(x.Shape) != len(shape) {
			return nil, Invalid("shapes %v and %v cannot be concatenated", xs[0].Shape, x.Shape)
		}
		for i, d := range x.Shape {
			if i != axis && d != shape[i] {
				return nil, Invalid("shapes %v and %v cannot be concatenated along axis %d", xs[0].Shape, x.Shape, axis)
			}
		}
		shape[axis] += x.Shape[axis]
	}
	out, err := Dirty(xs[0].DType(), shape)
	if err != nil {
		return nil, err
	}
	strides, at := StridesOf(shape), 0
	for _, x := range xs {
		if err := MoveBlock(out, at*strides[axis], strides, x, 0, StridesOf(x.Shape), x.Shape); err != nil {
			return nil, err
		}
		at += x.Shape[axis]
	}
	return out, nil
}

// Stack concatenates tensors of the same shape along a new axis.
func Stack(xs []*Tensor, axis int) (*Tensor, error) {
	apart := make([]*Tensor, len(xs))
	for i, x := range xs {
		var err error
		if apart[i], err = Unsqueeze(x, []int{axis}); err != nil {
			return nil, err
		}
	}
	return Concat(apart, axis)
}

// Split divides x along an axis into parts of the given sizes.
func Split(x *Tensor, axis int, sizes []int) ([]*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	var out []*Tensor
	at := 0
	for _, n := range sizes {
		if n < 0 || n > x.Shape[axis]-at {
			return nil, Invalid("pieces of %v do not fit axis %d of shape %v", sizes, axis, x.Shape)
		}
		piece, err := Slice(x, axis, at, at+n, 1)
		if err != nil {
			return nil, err
		}
		out = append(out, piece)
		at += n
	}
	if at != x.Shape[axis] {
		return nil, Invalid("pieces of %v do not fill axis %d of shape %v", sizes, axis, x.Shape)
	}
	return out, nil
}

// maxPieces limits the number of parts of a tensor.
const maxPieces = 1 << 16

// Pieces returns the sizes of the parts of an axis of n elements, each with size elements. The last part can be
// smaller.
func Pieces(n, size int) ([]int, error) {
	if size <= 0 || n/size > maxPieces {
		return nil, Invalid("%d elements in pieces of %d", n, size)
	}
	if n == 0 {
		return []int{0}, nil
	}
	var out []int
	for ; n > 0; n -= size {
		out = append(out, min(n, size))
	}
	return out, nil
}

// Slice selects every step-th element of an axis from start to end, excluding end. Negative bounds count from the
// end, and all bounds are clamped, as in Python. A negative step selects in reverse order.
func Slice(x *Tensor, axis, start, end, step int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	n := x.Shape[axis]
	if step == 0 || step < -MaxElements {
		return nil, Invalid("a slice with step %d", step)
	}
	step = min(step, MaxElements)
	clamp := func(v, low, high int) int {
		if v < 0 {
			v += n
		}
		return min(max(v, low), high)
	}
	count := 0
	if step > 0 {
		start, end = clamp(start, 0, n), clamp(end, 0, n)
		count = max(0, (end-start+step-1)/step)
	} else {
		start, end = clamp(start, -1, n-1), clamp(end, -1, n-1)
		count = max(0, (start-end-step-1)/-step)
	}
	if start == 0 && step == 1 && count == n {
		return x, nil
	}
	shape, strides := slices.Clone(x.Shape), StridesOf(x.Shape)
	shape[axis] = count
	offset := start * strides[axis]
	strides[axis] *= step
	return Strided(x, shape, strides, offset)
}

// Select returns one element of an axis and removes the axis.
func Select(x *Tensor, axis, index int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	index, err = indexFromStart(index, x.Shape[axis])
	if err != nil {
		return nil, err
	}
	strides := StridesOf(x.Shape)
	return Strided(x, slices.Delete(slices.Clone(x.Shape), axis, axis+1),
		slices.Delete(slices.Clone(strides), axis, axis+1), index*strides[axis])
}

// Tile repeats x along every axis.
func Tile(x *Tensor, times []int) (*Tensor, error) {
	if len(times) != len(x.Shape) {
		return nil, Invalid("repeats %v for shape %v", times, x.Shape)
	}
	for axis, n := range times {
		if n < 0 || n > maxPieces {
			return nil, Invalid("repeats %v for shape %v", times, x.Shape)
		}
		if n == 1 {
			continue
		}
		apart, err := Unsqueeze(x, []int{axis})
		if err != nil {
			return nil, err
		}
		shape := slices.Clone(apart.Shape)
		shape[axis] = n
		if apart, err = Expand(apart, shape); err != nil {
			return nil, err
		}
		if x, err = Reshape(apart, slices.Concat(x.Shape[:axis], []int{n * x.Shape[axis]}, x.Shape[axis+1:])); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// Repeat repeats every element of an axis.
func Repeat(x *Tensor, axis, times int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	apart, err := Unsqueeze(x, []int{axis + 1})
	if err != nil {
		return nil, err
	}
	repeats := slices.Repeat([]int{1}, len(apart.Shape))
	repeats[axis+1] = times
	if apart, err = Tile(apart, repeats); err != nil {
		return nil, err
	}
	return Flatten(apart, axis, axis+1)
}

// PerChannel appends axes to a vector with one value for each channel, so that it broadcasts to an image.
func PerChannel(list *Tensor, axes int) (*Tensor, error) {
	shape := make([]int, axes+1)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = list.Len()
	return Reshape(list, shape)
}
