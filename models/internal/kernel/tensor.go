// Package kernel implements the tensor operations of models, independent of file formats. Arguments can come from
// hostile files: every function returns an error, and does not panic, for shapes, axes and indices that are invalid.
// Tensors are immutable, so results may share data with arguments.
package kernel

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// Tensor is the tensor of the SDK. Its data is dense and in row-major order.
type Tensor = mlflow.Tensor

// Limits of a tensor.
const (
	MaxElements = 1 << 28 // 1 GiB of float32.
	MaxRank     = 16
)

// Invalid returns the error for arguments that an operation does not accept.
func Invalid(format string, args ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, "invalid arguments: "+format, args...)
}

// Unsupported returns the error for an operation that Millrace does not implement.
func Unsupported(format string, args ...any) error {
	return mlflow.Errorf(mlflow.NotImplemented, "not supported: "+format, args...)
}

// Count returns the number of elements of a shape. It returns an error for negative dimensions and for shapes that
// exceed the limits.
func Count(shape []int) (int, error) {
	if len(shape) > MaxRank {
		return 0, Invalid("a tensor of %d dimensions; Millrace takes up to %d", len(shape), MaxRank)
	}
	n, empty := 1, false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, Invalid("a tensor of shape %v: dimensions are 0 or more", shape)
		case d == 0:
			empty = true
		case d > MaxElements/n:
			return 0, Invalid("a tensor of shape %v is too large; Millrace takes up to %d elements", shape, MaxElements)
		default:
			n *= d
		}
	}
	if empty {
		return 0, nil
	}
	return n, nil
}

// Product returns the number of elements of the shape of an existing tensor.
func Product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// New returns a tensor of zeros. dtype is NumPy's name.
func New(dtype string, shape []int) (*Tensor, error) {
	n, err := Count(shape)
	if err != nil {
		return nil, err
	}
	if dtype == "float32" {
		return &Tensor{Shape: slices.Clone(shape), Data: zeroFloats(n)}, nil
	}
	alloc, ok := allocs[dtype]
	if !ok {
		return nil, Unsupported("tensors of %s", dtype)
	}
	return &Tensor{Shape: slices.Clone(shape), Data: alloc(n)}, nil
}

// zeroFloats returns a list of n zeros, in recycled memory if there is some.
func zeroFloats(n int) any {
	if n < minRecycled {
		return make([]float32, n)
	}
	class, room := classOf(n)
	if list, ok := recycled[class].Get().(*[]float32); ok {
		clear((*list)[:n])
		return (*list)[:n]
	}
	return make([]float32, n, room)
}

var allocs = map[string]func(int) any{
	"float32": zeroFloats, "float64": slice[float64], "bool": slice[bool], "str": slice[string],
	"int8": slice[int8], "int16": slice[int16], "int32": slice[int32], "int64": slice[int64],
	"uint8": slice[uint8], "uint16": slice[uint16], "uint32": slice[uint32], "uint64": slice[uint64],
	"complex64": slice[complex64],
}

func slice[T any](n int) any { return make([]T, n) }

// Known reports whether New and Cast support a dtype. Complex numbers are made by package fft only.
func Known(dtype string) bool { return allocs[dtype] != nil && dtype != "complex64" }

// Scalar returns a tensor without dimensions.
func Scalar[T mlflow.Number](v T) *Tensor { return &Tensor{Shape: []int{}, Data: []T{v}} }

// Ints returns a vector of int64.
func Ints(v []int) *Tensor {
	out := make([]int64, len(v))
	for i, d := range v {
		out[i] = int64(d)
	}
	return &Tensor{Shape: []int{len(v)}, Data: out}
}

// AsInts returns the elements of a tensor of integers of any shape.
func AsInts(t *Tensor) ([]int, error) {
	switch d := t.Data.(type) {
	case []int64:
		return toInts(d), nil
	case []int32:
		return toInts(d), nil
	case []bool:
		out := make([]int, len(d))
		for i, v := range d {
			if v {
				out[i] = 1
			}
		}
		return out, nil
	}
	return nil, Invalid("a tensor of %s where integers are expected", t.DType())
}

func toInts[T int32 | int64](d []T) []int {
	out := make([]int, len(d))
	for i, v := range d {
		out[i] = int(v)
	}
	return out
}

// AsFloat returns the element of a tensor with one number.
func AsFloat(t *Tensor) (float64, error) {
	if t.Len() != 1 {
		return 0, Invalid("a tensor of shape %v where one number is expected", t.Shape)
	}
	wide, err := Cast(t, "float64")
	if err != nil {
		return 0, err
	}
	return wide.Data.([]float64)[0], nil
}

// Axis converts an axis that may be negative to an axis counted from 0.
func Axis(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank {
		return 0, Invalid("axis %d of a tensor of %d dimensions", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// axesOf applies Axis to a list. An axis that occurs twice is an error.
func axesOf(axes []int, rank int) ([]int, error) {
	out := make([]int, len(axes))
	for i, a := range axes {
		a, err := Axis(a, rank)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out[:i], a) {
			return nil, Invalid("axis %d is named twice", a)
		}
		out[i] = a
	}
	return out, nil
}

// StridesOf returns the strides of a dense tensor.
func StridesOf(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// BroadcastShape returns the shape to which all given shapes broadcast.
func BroadcastShape(shapes ...[]int) ([]int, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
		for _, s := range shapes {
			j := i - rank + len(s)
			if j < 0 || s[j] == 1 || s[j] == out[i] {
				continue
			}
			if out[i] != 1 {
				return nil, Invalid("shapes %v do not broadcast", shapes)
			}
			out[i] = s[j]
		}
	}
	_, err := Count(out)
	return out, err
}

// BroadcastStrides returns the strides that read a tensor of a shape as one of the shape out. The caller ensures that
// it broadcasts.
func BroadcastStrides(shape, out []int) []int {
	s := make([]int, len(out))
	dense := StridesOf(shape)
	for i, d := range shape {
		if d != 1 {
			s[i+len(out)-len(shape)] = dense[i]
		}
	}
	return s
}

// NegInf is the initial value of maxima.
var NegInf = math.Inf(-1)
