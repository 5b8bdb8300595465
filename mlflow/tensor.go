package mlflow

import (
	"slices"
)

// Number is the constraint of element types of a [Tensor].
type Number interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool
}

// Tensor is a dense array in row-major order, the input or output of a model. Data is a
// slice of a [Number] type, of strings or of complex64, whose length is the product of
// Shape. A scalar has an empty Shape and one element. Complex numbers have no JSON.
type Tensor struct {
	Shape []int
	Data  any
}

// NewTensor returns a tensor with the given shape. It keeps data. The length of data
// must be the product of the shape.
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

// length returns the number of elements of a slice, or -1 for an invalid type.
func length(data any) int {
	switch d := data.(type) {
	case []float32:
		return len(d)
	case []float64:
		return len(d)
	case []int8:
		return len(d)
	case []int16:
		return len(d)
	case []int32:
		return len(d)
	case []int64:
		return len(d)
	case []uint8:
		return len(d)
	case []uint16:
		return len(d)
	case []uint32:
		return len(d)
	case []uint64:
		return len(d)
	case []bool:
		return len(d)
	case []string:
		return len(d)
	case []complex64:
		return len(d)
	}
	return -1
}

// DType returns the element type as in NumPy, such as float32, or str for strings. It
// returns "" for an invalid type of Data.
func (t *Tensor) DType() string {
	switch t.Data.(type) {
	case []float32:
		return "float32"
	case []float64:
		return "float64"
	case []int8:
		return "int8"
	case []int16:
		return "int16"
	case []int32:
		return "int32"
	case []int64:
		return "int64"
	case []uint8:
		return "uint8"
	case []uint16:
		return "uint16"
	case []uint32:
		return "uint32"
	case []uint64:
		return "uint64"
	case []bool:
		return "bool"
	case []complex64:
		return "complex64"
	case []string:
		return "str"
	}
	return ""
}

// Float32s returns the elements as float32. It returns the tensor's own slice of
// float32, converts other numbers, and returns an error for strings.
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

// TensorSpec describes an input or output of a model. The name of a single tensor may be
// empty. -1 in Shape is a dimension of any size, usually the batch.
type TensorSpec struct {
	Name  string
	DType string
	Shape []int
}
