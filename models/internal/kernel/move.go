package kernel

import (
	"runtime"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// copier copies n elements from src[s] with step ss to dst[d] with step ds. The types of the elements are resolved
// once, when the copier is created.
type copier func(d, s, n, ds, ss int)

// copierOf returns the copier for two slices of the same type.
func copierOf(dst, src any) (copier, error) {
	switch d := dst.(type) {
	case []float32:
		return copyInto(d, src)
	case []float64:
		return copyInto(d, src)
	case []bool:
		return copyInto(d, src)
	case []string:
		return copyInto(d, src)
	case []int8:
		return copyInto(d, src)
	case []int16:
		return copyInto(d, src)
	case []int32:
		return copyInto(d, src)
	case []int64:
		return copyInto(d, src)
	case []uint8:
		return copyInto(d, src)
	case []uint16:
		return copyInto(d, src)
	case []uint32:
		return copyInto(d, src)
	case []uint64:
		return copyInto(d, src)
	case []complex64:
		return copyInto(d, src)
	}
	return nil, Unsupported("tensors of %T", dst)
}

func copyInto[T any](dst []T, from any) (copier, error) {
	src, ok := from.([]T)
	if !ok {
		return nil, Invalid("tensors of %T and %T where one type is expected", from, dst)
	}
	return func(d, s, n, ds, ss int) {
		if ds == 1 && ss == 1 {
			copy(dst[d:d+n], src[s:s+n])
			return
		}
		for range n {
			dst[d] = src[s]
			d += ds
			s += ss
		}
	}, nil
}

// walk calls row for every row of a shape, with the indices of its first element in two tensors with the given
// strides.
func walk(shape, sa, sb []int, row func(a, b int)) {
	if !slices.Contains(shape, 0) {
		walkRows(shape, sa, sb, 0, Product(shape[:max(len(shape)-1, 0)]), row)
	}
}

// walkRows is walk for the rows from lo to hi of a shape without zeros.
func walkRows(shape, sa, sb []int, lo, hi int, row func(a, b int)) {
	outer := max(len(shape)-1, 0)
	at := make([]int, outer)
	a, b := 0, 0
	for i, rest := outer-1, lo; i >= 0; i-- {
		at[i] = rest % shape[i]
		rest /= shape[i]
		a, b = a+at[i]*sa[i], b+at[i]*sb[i]
	}
	for range hi - lo {
		row(a, b)
		for i := outer - 1; i >= 0; i-- {
			at[i]++
			a += sa[i]
			b += sb[i]
			if at[i] < shape[i] {
				break
			}
			a -= sa[i] * shape[i]
			b -= sb[i] * shape[i]
			at[i] = 0
		}
	}
}

// lastRow returns the length of a row and its steps. A scalar is a row with one element.
func lastRow(shape, sa, sb []int) (n, stepA, stepB int) {
	if len(shape) == 0 {
		return 1, 1, 1
	}
	i := len(shape) - 1
	return shape[i], sa[i], sb[i]
}

// MoveBlock copies a block of the given shape between two tensors. The caller ensures that the block lies within
// both.
func MoveBlock(dst *Tensor, dstAt int, dstStrides []int, src *Tensor, srcAt int, srcStrides, shape []int) error {
	if to, ok := dst.Data.([]float32); ok {
		if from, ok := src.Data.([]float32); ok {
			simd.Workers(runtime.GOMAXPROCS(0)).Move(shape, to, dstAt, dstStrides, from, srcAt, srcStrides)
			return nil
		}
	}
	move, err := copierOf(dst.Data, src.Data)
	if err != nil {
		return err
	}
	n, ds, ss := lastRow(shape, dstStrides, srcStrides)
	walk(shape, dstStrides, srcStrides, func(d, s int) { move(dstAt+d, srcAt+s, n, ds, ss) })
	return nil
}

// Strided returns a dense tensor of the elements of x that the strides select, starting at offset. The caller ensures
// that they exist.
func Strided(x *Tensor, shape, strides []int, offset int) (*Tensor, error) {
	out, err := Dirty(x.DType(), shape)
	if err != nil {
		return nil, err
	}
	return out, MoveBlock(out, 0, StridesOf(shape), x, offset, strides, shape)
}

// AsStrided is like Strided but checks the shape, the strides and the offset, for arguments from a file.
func AsStrided(x *Tensor, shape, strides []int, offset int) (*Tensor, error) {
	n, err := Count(shape)
	if err != nil {
		return nil, err
	}
	if len(strides) != len(shape) || offset < 0 || offset > MaxElements {
		return nil, Invalid("strides %v and offset %d for shape %v", strides, offset, shape)
	}
	last, size := offset, x.Len()
	for i, d := range shape {
		if strides[i] < 0 || strides[i] > MaxElements {
			return nil, Invalid("a stride of %d", strides[i])
		}
		if n > 0 {
			last += (d - 1) * strides[i]
		}
		if last >= size && n > 0 {
			return nil,
				Invalid("shape %v, strides %v and offset %d reach beyond the %d elements stored", shape, strides, offset, size)
		}
	}
	if n > 0 && last >= size {
		return nil, Invalid("offset %d reaches beyond the %d elements stored", offset, size)
	}
	return Strided(x, shape, strides, offset)
}

// Expand broadcasts x to a shape.
func Expand(x *Tensor, shape []int) (*Tensor, error) {
	if _, err := Count(shape); err != nil {
		return nil, err
	}
	both, err := BroadcastShape(x.Shape, shape)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(both, shape) {
		return nil, Invalid("shape %v does not broadcast to %v", x.Shape, shape)
	}
	if slices.Equal(x.Shape, shape) {
		return x, nil
	}
	return Strided(x, shape, BroadcastStrides(x.Shape, shape), 0)
}

// Transpose moves axis perm[i] of x to position i.
func Transpose(x *Tensor, perm []int) (*Tensor, error) {
	if len(perm) != len(x.Shape) {
		return nil, Invalid("a permutation %v of %d dimensions", perm, len(x.Shape))
	}
	axes, err := axesOf(perm, len(x.Shape))
	if err != nil {
		return nil, err
	}
	dense := StridesOf(x.Shape)
	shape, strides := make([]int, len(axes)), make([]int, len(axes))
	for i, a := range axes {
		shape[i], strides[i] = x.Shape[a], dense[a]
	}
	return Strided(x, shape, strides, 0)
}

// Swap transposes two axes.
func Swap(x *Tensor, i, j int) (*Tensor, error) {
	i, err := Axis(i, len(x.Shape))
	if err != nil {
		return nil, err
	}
	j, err = Axis(j, len(x.Shape))
	if err != nil {
		return nil, err
	}
	perm := make([]int, len(x.Shape))
	for k := range perm {
		perm[k] = k
	}
	perm[i], perm[j] = j, i
	return Transpose(x, perm)
}

// Clone returns a copy of a tensor and its data.
func Clone(x *Tensor) (*Tensor, error) {
	return Strided(x, x.Shape, StridesOf(x.Shape), 0)
}
