package graph

import (
	"encoding/binary"
	"math"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// ElementSizes has the size in bytes of an element of each dtype that files can store. float16 and bfloat16 are
// converted to float32, in which Millrace also computes them.
var ElementSizes = map[string]int{
	"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8,
	"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8,
}

// Decode converts little-endian elements to a tensor of one dimension.
func Decode(dtype string, raw []byte) (*mlflow.Tensor, error) {
	size := ElementSizes[dtype]
	if size == 0 {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "the model stores tensors of %s, which Millrace cannot read", dtype)
	}
	n := len(raw) / size
	if len(raw)%size != 0 || n > kernel.MaxElements {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d bytes cannot be a tensor of %s", len(raw), dtype)
	}
	out := &mlflow.Tensor{Shape: []int{n}}
	le := binary.LittleEndian
	switch dtype {
	case "bool":
		out.Data = Generate(n, func(i int) bool { return raw[i] != 0 })
	case "int8":
		out.Data = Generate(n, func(i int) int8 { return int8(raw[i]) }) //nolint:gosec // Two's complement.
	case "uint8":
		out.Data = Generate(n, func(i int) uint8 { return raw[i] })
	case "int16":
		out.Data = Generate(n, func(i int) int16 { return int16(le.Uint16(raw[2*i:])) }) //nolint:gosec // Two's complement.
	case "uint16":
		out.Data = Generate(n, func(i int) uint16 { return le.Uint16(raw[2*i:]) })
	case "int32":
		out.Data = Generate(n, func(i int) int32 { return int32(le.Uint32(raw[4*i:])) }) //nolint:gosec // Two's complement.
	case "uint32":
		out.Data = Generate(n, func(i int) uint32 { return le.Uint32(raw[4*i:]) })
	case "int64":
		out.Data = Generate(n, func(i int) int64 { return int64(le.Uint64(raw[8*i:])) }) //nolint:gosec // Two's complement.
	case "uint64":
		out.Data = Generate(n, func(i int) uint64 { return le.Uint64(raw[8*i:]) })
	case "float16":
		out.Data = Generate(n, func(i int) float32 { return half(le.Uint16(raw[2*i:])) })
	case "bfloat16":
		out.Data = Generate(n, func(i int) float32 { return math.Float32frombits(uint32(le.Uint16(raw[2*i:])) << 16) })
	case "float32":
		out.Data = Generate(n, func(i int) float32 { return math.Float32frombits(le.Uint32(raw[4*i:])) })
	case "float64":
		out.Data = Generate(n, func(i int) float64 { return math.Float64frombits(le.Uint64(raw[8*i:])) })
	}
	return out, nil
}

// Generate returns a list of n elements, the i-th of which is f(i).
func Generate[T any](n int, f func(int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// half converts an IEEE half-precision number.
func half(h uint16) float32 {
	sign := float32(1)
	if h&0x8000 != 0 {
		sign = -1
	}
	exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
	switch exponent {
	case 0:
		return sign * float32(math.Ldexp(fraction, -24))
	case 0x1f:
		if fraction != 0 {
			return float32(math.NaN())
		}
		return sign * float32(math.Inf(1))
	}
	return sign * float32(math.Ldexp(1024+fraction, exponent-25))
}

// Length returns the number of elements of a tensor's data, or -1 for a type that is not the data of a tensor.
func Length(data any) int {
	switch d := data.(type) {
	case []float32:
		return len(d)
	case []float64:
		return len(d)
	case []bool:
		return len(d)
	case []string:
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
	case []complex64:
		return len(d)
	}
	return -1
}

// Widened returns the dtype in which tensors of a stored dtype are held in memory.
func Widened(dtype string) string {
	if dtype == "float16" || dtype == "bfloat16" {
		return "float32"
	}
	return dtype
}

// ToInts converts numbers of a file to int. It returns an error for a number that int cannot hold.
func ToInts(list []int64) ([]int, error) {
	out := make([]int, len(list))
	for i, v := range list {
		if v > math.MaxInt || v < math.MinInt {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the number %d is too large", v)
		}
		out[i] = int(v)
	}
	return out, nil
}
