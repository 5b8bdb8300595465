package npy

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/mlflow"
)

// Tensor returns the array in an .npy file of numbers or booleans. Floats of 16 bits become
// float32. The file has at least as many bytes as the tensor has values.
func Tensor(file []byte) (*mlflow.Tensor, error) {
	a, err := open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	kind := a.fields[0].kind
	if a.isRow || !kind.isNumber() && kind.kind != 'b' {
		return nil, tabular.Invalid("The array has values of the type %s, and no numbers or booleans.", a.typeName())
	}
	if a.count > a.size/a.item {
		return nil, errFewValues
	}
	values := file[int64(len(file))-a.size:]
	t := &mlflow.Tensor{Shape: make([]int, len(a.shape))}
	for i, n := range a.shape {
		t.Shape[i] = int(n)
	}
	t.Data = a.elements(kind, values)
	return t, nil
}

func (a *array) elements(d dtype, b []byte) any {
	switch d.name {
	case "bool":
		return each(a, b, func(b []byte) bool { return b[0] != 0 })
	case "int8":
		return each(a, b, func(b []byte) int8 { return int8(b[0]) }) //nolint:gosec // The bits are the value.
	case "uint8":
		return each(a, b, func(b []byte) uint8 { return b[0] })
	case "int16":
		return each(a, b, func(b []byte) int16 { return int16(d.order.Uint16(b)) }) //nolint:gosec // As above.
	case "uint16":
		return each(a, b, d.order.Uint16)
	case "int32":
		return each(a, b, func(b []byte) int32 { return int32(d.order.Uint32(b)) }) //nolint:gosec // As above.
	case "uint32":
		return each(a, b, d.order.Uint32)
	case "int64":
		return each(a, b, func(b []byte) int64 { return int64(d.order.Uint64(b)) }) //nolint:gosec // As above.
	case "uint64":
		return each(a, b, d.order.Uint64)
	case "float16":
		return each(a, b, func(b []byte) float32 { return float32(tabular.Float16(d.order.Uint16(b))) })
	case "float32":
		if d.order == binary.LittleEndian {
			return each(a, b, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })
		}
		return each(a, b, func(b []byte) float32 { return math.Float32frombits(d.order.Uint32(b)) })
	}
	return each(a, b, func(b []byte) float64 { return math.Float64frombits(d.order.Uint64(b)) })
}

// each decodes the values in C's order.
func each[T any](a *array, b []byte, one func([]byte) T) []T {
	out := make([]T, a.count)
	if !a.order || len(a.shape) < 2 {
		for i := range out {
			out[i] = one(b[int64(i)*a.item:])
		}
		return out
	}
	index, place := make([]int64, len(a.shape)), int64(0)
	for i := range out {
		out[i] = one(b[place*a.item:])
		stride := a.count
		for axis := len(index) - 1; axis >= 0; axis-- {
			stride /= a.shape[axis]
			place += stride
			if index[axis]++; index[axis] < a.shape[axis] {
				break
			}
			place -= stride * a.shape[axis]
			index[axis] = 0
		}
	}
	return out
}
