package mlflow

import (
	"fmt"
	"slices"
)

// Number lists the element types of a [Tensor].
type Number interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool
}

// Tensor is a dense array in row-major order: what goes into a model and comes
// out of it. Data is a slice of a [Number] type or of strings, with as many
// elements as the product of Shape; a scalar has an empty Shape and one element.
type Tensor struct {
	Shape []int
	Data  any
}

// NewTensor makes a tensor of the given shape over data, which it keeps. It
// fails when data has not as many elements as the shape.
func NewTensor[T Number | string](data []T, shape ...int) (*Tensor, error) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return nil, Errorf(InvalidParameterValue, "a tensor of shape %v: dimensions are 0 or more", shape)
		}
		n *= d
	}
	if n != len(data) {
		return nil, Errorf(InvalidParameterValue, "a tensor of shape %v has %d elements, not %d", shape, n, len(data))
	}
	return &Tensor{Shape: slices.Clone(shape), Data: data}, nil
}

// Len returns the number of elements.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// DType returns the element type by NumPy's name, such as float32; str for
// strings, and "" for data that a tensor cannot hold.
func (t *Tensor) DType() string {
	switch t.Data.(type) {
	case []float32, []float64, []int8, []int16, []int32, []int64, []uint8, []uint16, []uint32, []uint64, []bool:
		return fmt.Sprintf("%T", t.Data)[2:]
	case []string:
		return "str"
	}
	return ""
}

// Float32s returns the elements as float32. It is the tensor's own slice when
// it already holds float32, a conversion of other numbers, and an error for
// strings.
func (t *Tensor) Float32s() ([]float32, error) {
	switch d := t.Data.(type) {
	case []float32:
		return d, nil
	case []float64:
		return toFloat32(d), nil
	case []int8:
		return toFloat32(d), nil
	case []int16:
		return toFloat32(d), nil
	case []int32:
		return toFloat32(d), nil
	case []int64:
		return toFloat32(d), nil
	case []uint8:
		return toFloat32(d), nil
	case []uint16:
		return toFloat32(d), nil
	case []uint32:
		return toFloat32(d), nil
	case []uint64:
		return toFloat32(d), nil
	case []bool:
		out := make([]float32, len(d))
		for i, v := range d {
			if v {
				out[i] = 1
			}
		}
		return out, nil
	}
	return nil, Errorf(InvalidParameterValue, "a tensor of %T has no numbers", t.Data)
}

func toFloat32[T float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](in []T) []float32 {
	out := make([]float32, len(in))
	for i, v := range in {
		out[i] = float32(v)
	}
	return out
}

// TensorSpec describes an input or output of a model. Name may be empty where
// there is only one; -1 in Shape stands for a dimension of any size, most often
// the batch.
type TensorSpec struct {
	Name  string
	DType string
	Shape []int
}
