package kernel

import "slices"

// Roll moves the elements of an axis by shift places; what falls off the end comes
// in at the start.
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

// Move puts the axes of from at the places of to and keeps the order of the others.
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
		return nil, invalid("moving axes %v to %v", from, to)
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

// Diagonal takes the elements whose places along two axes differ by offset. They
// become the last axis.
func Diagonal(x *Tensor, offset, axis1, axis2 int) (*Tensor, error) {
	axes, err := axesOf([]int{axis1, axis2}, len(x.Shape))
	if err != nil {
		return nil, err
	}
	row, col := axes[0], axes[1]
	rows, cols := x.Shape[row], x.Shape[col]
	offset = min(max(offset, -rows), cols)
	n := min(rows+min(offset, 0), cols-max(offset, 0))
	strides := stridesOf(x.Shape)
	first := max(offset, 0)*strides[col] - min(offset, 0)*strides[row]
	shape, steps := []int{}, []int{}
	for i, d := range x.Shape {
		if i != row && i != col {
			shape, steps = append(shape, d), append(steps, strides[i])
		}
	}
	return strided(x, append(shape, n), append(steps, strides[row]+strides[col]), first)
}

// DiagonalOf makes matrices of zeros with the last axis of x on a diagonal; their
// axes are the last two.
func DiagonalOf(x *Tensor, offset int) (*Tensor, error) {
	rank := len(x.Shape)
	if rank == 0 || max(offset, -offset) > MaxElements {
		return nil, invalid("a diagonal of shape %v at %d", x.Shape, offset)
	}
	n := x.Shape[rank-1] + max(offset, -offset)
	out, err := New(x.DType(), slices.Concat(x.Shape[:rank-1], []int{n, n}))
	if err != nil {
		return nil, err
	}
	return PutWhere(out, x, Replace, func(places *Tensor) (*Tensor, error) { return Diagonal(places, offset, -2, -1) })
}

// Eye makes a matrix of float32 with ones on a diagonal and zeros elsewhere.
func Eye(shape []int, offset int) (*Tensor, error) {
	out, err := New("float32", shape)
	if err != nil {
		return nil, err
	}
	return PutWhere(out, Scalar(float32(1)), Replace, func(places *Tensor) (*Tensor, error) { return Diagonal(places, offset, 0, 1) })
}

// Windows takes windows of an axis, one every step elements; the elements of each
// become the last axis.
func Windows(x *Tensor, axis, size, step int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	if size < 0 || step < 1 || size > x.Shape[axis] {
		return nil, invalid("windows of %d elements every %d of shape %v", size, step, x.Shape)
	}
	strides := stridesOf(x.Shape)
	shape := append(slices.Clone(x.Shape), size)
	steps := append(slices.Clone(strides), strides[axis])
	shape[axis] = (x.Shape[axis]-size)/step + 1
	if shape[axis] > 1 {
		steps[axis] *= step
	}
	return strided(x, shape, steps, 0)
}

// Patches takes what a window over the last two axes of x, of shape [batch,
// channels, rows, columns], meets: [batch, channels, kernel..., windows...].
func Patches(x *Tensor, w Window) (*Tensor, error) {
	padded, s, err := canvas(x, w)
	if err != nil {
		return nil, err
	}
	return patches(padded, s)
}

// canvas pads an image as a window asks for.
func canvas(x *Tensor, w Window) (*Tensor, [2]slide, error) {
	if len(x.Shape) != 4 {
		return nil, [2]slide{}, invalid("patches of shape %v", x.Shape)
	}
	s, err := w.slides(x.Shape[2:])
	if err != nil {
		return nil, s, err
	}
	padded, err := Pad(x, []int{0, 0, s[0].before, s[1].before}, []int{0, 0, s[0].after, s[1].after}, PadConstant, nil)
	return padded, s, err
}

func patches(x *Tensor, s [2]slide) (*Tensor, error) {
	at := stridesOf(x.Shape)
	shape := []int{x.Shape[0], x.Shape[1], s[0].kernel, s[1].kernel, s[0].out, s[1].out}
	return strided(x, shape, []int{at[0], at[1], s[0].dilation * at[2], s[1].dilation, s[0].stride * at[2], s[1].stride}, 0)
}

// FromPatches adds up patches of shape [batch, channels, kernel..., windows...]
// where they lie in an image of the given sizes.
func FromPatches(x *Tensor, sizes []int, w Window) (*Tensor, error) {
	if len(x.Shape) != 6 || len(sizes) != 2 {
		return nil, invalid("an image of %v made of patches of shape %v", sizes, x.Shape)
	}
	image, err := New(x.DType(), slices.Concat(x.Shape[:2], sizes))
	if err != nil {
		return nil, err
	}
	padded, s, err := canvas(image, w)
	if err != nil {
		return nil, err
	}
	padded, err = PutWhere(padded, x, JoinAdd, func(places *Tensor) (*Tensor, error) { return patches(places, s) })
	if err != nil {
		return nil, err
	}
	return Pad(padded, []int{0, 0, -s[0].before, -s[1].before}, []int{0, 0, -s[0].after, -s[1].after}, PadConstant, nil)
}

// Shuffle moves blocks of channels, the axis before the last two, to blocks of the
// image (PyTorch's pixel shuffle), or back. The block comes first among the
// channels if outer is set, as ONNX's DCR mode has it.
func Shuffle(x *Tensor, block int, back, outer bool) (*Tensor, error) {
	rank := len(x.Shape)
	if rank < 3 || block < 1 || block > maxWindow {
		return nil, invalid("shuffling blocks of %d of shape %v", block, x.Shape)
	}
	lead, c, h, w := x.Shape[:rank-3], x.Shape[rank-3], x.Shape[rank-2], x.Shape[rank-1]
	n, err := Count(lead)
	if err != nil {
		return nil, err
	}
	split, perm, shape := []int{n, c, h / block, block, w / block, block}, []int{0, 1, 3, 5, 2, 4}, []int{c * block * block, h / block, w / block}
	if back && outer {
		perm = []int{0, 3, 5, 1, 2, 4}
	}
	if !back {
		split, perm, shape = []int{n, c / block / block, block, block, h, w}, []int{0, 1, 4, 2, 5, 3}, []int{c / block / block, h * block, w * block}
		if outer {
			split, perm = []int{n, block, block, c / block / block, h, w}, []int{0, 3, 4, 1, 5, 2}
		}
	}
	if x, err = Reshape(x, split); err != nil {
		return nil, err
	}
	if x, err = Transpose(x, perm); err != nil {
		return nil, err
	}
	return Reshape(x, slices.Concat(lead, shape))
}
