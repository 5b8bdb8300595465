package kernel

import "slices"

// Roll rotates the elements of an axis by shift positions.
func Roll(x *Tensor, shift, axis int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	n := x.Shape[axis]
	if n == 0 {
		return x, nil
	}
	cut := ((-shift % n) + n) % n
	if cut == 0 {
		return x, nil
	}
	parts, err := Split(x, axis, []int{cut, n - cut})
	if err != nil {
		return nil, err
	}
	return Concat([]*Tensor{parts[1], parts[0]}, axis)
}

// Move moves the axes in from to the positions in to and keeps the order of the other axes.
func Move(x *Tensor, from, to []int) (*Tensor, error) {
	rank := len(x.Shape)
	from, err := axesOf(from, rank)
	if err != nil {
		return nil, err
	}
	if to, err = axesOf(to, rank); err != nil {
		return nil, err
	}
	if len(from) != len(to) {
		return nil, Invalid("moving axes %v to %v", from, to)
	}
	perm, rest := make([]int, rank), []int{}
	for i := range rank {
		if !slices.Contains(from, i) {
			rest = append(rest, i)
		}
	}
	for i := range perm {
		if at := slices.Index(to, i); at >= 0 {
			perm[i] = from[at]
		} else {
			perm[i], rest = rest[0], rest[1:]
		}
	}
	return Transpose(x, perm)
}

// Diagonal selects the elements whose positions along two axes differ by offset. They become the last axis.
func Diagonal(x *Tensor, offset, axis1, axis2 int) (*Tensor, error) {
	axes, err := axesOf([]int{axis1, axis2}, len(x.Shape))
	if err != nil {
		return nil, err
	}
	row, col := axes[0], axes[1]
	rows, cols := x.Shape[row], x.Shape[col]
	offset = min(max(offset, -rows), cols)
	n := min(rows+min(offset, 0), cols-max(offset, 0))
	strides := StridesOf(x.Shape)
	first := max(offset, 0)*strides[col] - min(offset, 0)*strides[row]
	shape, steps := []int{}, []int{}
	for i, d := range x.Shape {
		if i != row && i != col {
			shape, steps = append(shape, d), append(steps, strides[i])
		}
	}
	return Strided(x, append(shape, n), append(steps, strides[row]+strides[col]), first)
}

// DiagonalOf returns matrices of zeros with the last axis of x on a diagonal. The matrices are the last two axes.
func DiagonalOf(x *Tensor, offset int) (*Tensor, error) {
	rank := len(x.Shape)
	if rank == 0 || max(offset, -offset) > MaxElements {
		return nil, Invalid("a diagonal of shape %v at %d", x.Shape, offset)
	}
	n := x.Shape[rank-1] + max(offset, -offset)
	out, err := New(x.DType(), slices.Concat(x.Shape[:rank-1], []int{n, n}))
	if err != nil {
		return nil, err
	}
	return PutWhere(out, x, Replace, func(places *Tensor) (*Tensor, error) { return Diagonal(places, offset, -2, -1) })
}

// Eye returns a float32 matrix with ones on a diagonal and zeros elsewhere.
func Eye(shape []int, offset int) (*Tensor, error) {
	out, err := New("float32", shape)
	if err != nil {
		return nil, err
	}
	return PutWhere(out, Scalar(float32(1)), Replace, func(places *Tensor) (*Tensor, error) {
		return Diagonal(places, offset, 0, 1)
	})
}

// Windows selects windows of an axis, with the given step between them. The elements of a window become the last
// axis.
func Windows(x *Tensor, axis, size, step int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	if size < 0 || step < 1 || size > x.Shape[axis] {
		return nil, Invalid("windows of %d elements every %d of shape %v", size, step, x.Shape)
	}
	strides := StridesOf(x.Shape)
	shape := append(slices.Clone(x.Shape), size)
	steps := append(slices.Clone(strides), strides[axis])
	shape[axis] = (x.Shape[axis]-size)/step + 1
	if shape[axis] > 1 {
		steps[axis] *= step
	}
	return Strided(x, shape, steps, 0)
}
