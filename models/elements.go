package models

import (
	"encoding/binary"
	"math"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// elementSizes has the bytes of an element of each dtype that files store. The two
// half floats are widened to float32, which they are computed in, too.
var elementSizes = map[string]int{
	"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8,
	"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8,
}

// decode reads little-endian elements into a list.
func decode(dtype string, raw []byte) (*tensor, error) {
	size := elementSizes[dtype]
	if size == 0 {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "the model stores tensors of %s, which Millrace cannot read", dtype)
	}
	n := len(raw) / size
	if len(raw)%size != 0 || n > kernel.MaxElements {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d bytes are no tensor of %s", len(raw), dtype)
	}
	out := &tensor{Shape: []int{n}}
	le := binary.LittleEndian
	switch dtype {
	case "bool":
		out.Data = each(n, func(i int) bool { return raw[i] != 0 })
	case "int8":
		out.Data = each(n, func(i int) int8 { return int8(raw[i]) }) //nolint:gosec // Two's complement.
	case "uint8":
		out.Data = each(n, func(i int) uint8 { return raw[i] })
	case "int16":
		out.Data = each(n, func(i int) int16 { return int16(le.Uint16(raw[2*i:])) }) //nolint:gosec // Two's complement.
	case "uint16":
		out.Data = each(n, func(i int) uint16 { return le.Uint16(raw[2*i:]) })
	case "int32":
		out.Data = each(n, func(i int) int32 { return int32(le.Uint32(raw[4*i:])) }) //nolint:gosec // Two's complement.
	case "uint32":
		out.Data = each(n, func(i int) uint32 { return le.Uint32(raw[4*i:]) })
	case "int64":
		out.Data = each(n, func(i int) int64 { return int64(le.Uint64(raw[8*i:])) }) //nolint:gosec // Two's complement.
	case "uint64":
		out.Data = each(n, func(i int) uint64 { return le.Uint64(raw[8*i:]) })
	case "float16":
		out.Data = each(n, func(i int) float32 { return half(le.Uint16(raw[2*i:])) })
	case "bfloat16":
		out.Data = each(n, func(i int) float32 { return math.Float32frombits(uint32(le.Uint16(raw[2*i:])) << 16) })
	case "float32":
		out.Data = each(n, func(i int) float32 { return math.Float32frombits(le.Uint32(raw[4*i:])) })
	case "float64":
		out.Data = each(n, func(i int) float64 { return math.Float64frombits(le.Uint64(raw[8*i:])) })
	}
	return out, nil
}

func each[T any](n int, f func(int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// half widens an IEEE half-precision float.
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

// length counts the elements of a tensor's data, -1 for data that is none.
func length(data any) int {
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
	}
	return -1
}

// widened is the dtype that tensors of a dtype are kept as.
func widened(dtype string) string {
	if dtype == "float16" || dtype == "bfloat16" {
		return "float32"
	}
	return dtype
}
