package kernel

import "slices"

// PadMode defines the elements outside of a tensor.
type PadMode string

// The modes of padding: a constant, the reflection without the edge, the repeated edge, and the elements from the
// other end.
const (
	PadConstant PadMode = "constant"
	PadReflect  PadMode = "reflect"
	PadEdge     PadMode = "edge"
	PadWrap     PadMode = "wrap"
)

// Pad adds before[i] and after[i] elements to axis i. Negative numbers remove elements. value is the element for
// PadConstant, with the dtype of x; nil stands for 0.
func Pad(x *Tensor, before, after []int, mode PadMode, value *Tensor) (*Tensor, error) {
	if len(before) != len(x.Shape) || len(after) != len(x.Shape) {
		return nil, Invalid("pads %v and %v for shape %v", before, after, x.Shape)
	}
	for axis := range x.Shape {
		b, a := before[axis], after[axis]
		if max(b, a, -b, -a) > MaxElements || -b > x.Shape[axis] || -a > x.Shape[axis]-max(-b, 0) {
			return nil, Invalid("pads %v and %v for shape %v", before, after, x.Shape)
		}
		var err error
		if x, err = Slice(x, axis, max(-b, 0), x.Shape[axis]-max(-a, 0), 1); err != nil {
			return nil, err
		}
		b, a = max(b, 0), max(a, 0)
		switch {
		case b == 0 && a == 0:
		case mode == PadConstant:
			x, err = padConstant(x, axis, b, a, value)
		default:
			x, err = padFrom(x, axis, b, a, mode)
		}
		if err != nil {
			return nil, err
		}
	}
	return x, nil
}

func padConstant(x *Tensor, axis, b, a int, value *Tensor) (*Tensor, error) {
	shape := slices.Clone(x.Shape)
	shape[axis] += b + a
	out, err := New(x.DType(), shape)
	if err != nil {
		return nil, err
	}
	if value != nil {
		if value.Len() != 1 {
			return nil, Invalid("a padding value of shape %v", value.Shape)
		}
		if err := MoveBlock(out, 0, StridesOf(shape), value, 0, make([]int, len(shape)), shape); err != nil {
			return nil, err
		}
	}
	strides := StridesOf(shape)
	return out, MoveBlock(out, b*strides[axis], strides, x, 0, StridesOf(x.Shape), x.Shape)
}

// padFrom fills the padding of an axis with elements of the tensor.
func padFrom(x *Tensor, axis, b, a int, mode PadMode) (*Tensor, error) {
	n := x.Shape[axis]
	if n == 0 || mode == PadReflect && max(b, a) >= n || mode == PadWrap && max(b, a) > n {
		return nil, Invalid("padding %d and %d by %s on %d elements", b, a, mode, n)
	}
	if _, err := Count([]int{b + n + a}); err != nil {
		return nil, err
	}
	at := make([]int, b+n+a)
	for i := range at {
		j := i - b
		switch mode {
		case PadEdge:
			j = min(max(j, 0), n-1)
		case PadReflect:
			j = max(j, -j)
			j = min(j, 2*(n-1)-j)
		case PadWrap:
			j = (j + n) % n
		default:
			return nil, Unsupported("padding by %q", mode)
		}
		at[i] = j
	}
	return Gather(x, Ints(at), axis)
}
