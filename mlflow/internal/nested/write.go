package nested

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// Append appends a tensor as nested lists, and a scalar as its element. The length of the
// elements is the product of the shape. It returns false for elements of an unknown type. NaN
// and infinities are written as Python's json writes them; see [NonFinite].
func Append(b []byte, shape []int, elements any) ([]byte, bool) {
	switch d := elements.(type) {
	case []float32:
		return write(b, shape, d, appendFloat32), true
	case []float64:
		return write(b, shape, d, appendFloat64), true
	case []bool:
		return write(b, shape, d, strconv.AppendBool), true
	case []string:
		return write(b, shape, d, AppendString), true
	case []int64:
		return write(b, shape, d, appendInt), true
	case []int32:
		return write(b, shape, d, appendInt), true
	case []int16:
		return write(b, shape, d, appendInt), true
	case []int8:
		return write(b, shape, d, appendInt), true
	case []uint8:
		return write(b, shape, d, appendInt), true
	case []uint16:
		return write(b, shape, d, appendInt), true
	case []uint32:
		return write(b, shape, d, appendInt), true
	case []uint64:
		return write(b, shape, d, func(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 10) }), true
	}
	return b, false
}

func write[T Element](b []byte, shape []int, elements []T, one func([]byte, T) []byte) []byte {
	if len(shape) == 0 {
		return one(b, elements[0])
	}
	b = append(b, '[')
	if size := shape[0]; size > 0 {
		step := len(elements) / size
		for i := range size {
			if i > 0 {
				b = append(b, ',')
			}
			if len(shape) == 1 {
				b = one(b, elements[i])
				continue
			}
			start := len(b)
			b = write(b, shape[1:], elements[i*step:(i+1)*step], one)
			if i == 0 { // The others are likely to be as long.
				b = slices.Grow(b, (len(b)-start+1)*(size-1))
			}
		}
	}
	return append(b, ']')
}

// NonFinite returns the first NaN or infinity, for which JSON has no number.
func NonFinite(elements any) (v float64, found bool) {
	switch d := elements.(type) {
	case []float32:
		for _, v := range d {
			if v-v != 0 {
				return float64(v), true
			}
		}
	case []float64:
		for _, v := range d {
			if v-v != 0 {
				return v, true
			}
		}
	}
	return 0, false
}

func appendFloat32(b []byte, v float32) []byte { return appendFloat(b, float64(v), 32) }
func appendFloat64(b []byte, v float64) []byte { return appendFloat(b, v, 64) }

func appendFloat(b []byte, v float64, bits int) []byte {
	switch {
	case v-v == 0:
		return strconv.AppendFloat(b, v, 'g', -1, bits)
	case math.IsNaN(v):
		return append(b, "NaN"...)
	case v > 0:
		return append(b, "Infinity"...)
	}
	return append(b, "-Infinity"...)
}

func appendInt[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](b []byte, v T) []byte {
	return strconv.AppendInt(b, int64(v), 10)
}

// AppendString appends a string as encoding/json writes it.
func AppendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			q, _ := json.Marshal(s) // Strings always marshal.
			return append(b, q...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
