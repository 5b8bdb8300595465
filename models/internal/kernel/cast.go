package kernel

import (
	"math"
	"strconv"
	"strings"
)

// number lists the types with arithmetic operations.
type number interface {
	float32 | float64 | int32 | int64
}

// anyNumber lists the types, other than bool, that Cast supports.
type anyNumber interface {
	number | int8 | int16 | uint8 | uint16 | uint32 | uint64
}

// Cast converts to another dtype as C does: floats are truncated toward zero when they become integers, and every
// number other than 0 becomes true. Half-precision types round the elements, which remain float32.
func Cast(x *Tensor, dtype string) (*Tensor, error) {
	if x.DType() == dtype {
		return x, nil
	}
	if round, ok := halves[dtype]; ok {
		wide, err := Cast(x, "float32")
		if err != nil {
			return nil, err
		}
		return Map(wide, round)
	}
	if x.DType() == "str" || dtype == "str" {
		return castText(x, dtype)
	}
	out, err := Dirty(dtype, x.Shape)
	if err != nil {
		return nil, err
	}
	known := false
	switch d := x.Data.(type) {
	case []float32:
		known = castAll(out.Data, d)
	case []float64:
		known = castAll(out.Data, d)
	case []int8:
		known = castAll(out.Data, d)
	case []int16:
		known = castAll(out.Data, d)
	case []int32:
		known = castAll(out.Data, d)
	case []int64:
		known = castAll(out.Data, d)
	case []uint8:
		known = castAll(out.Data, d)
	case []uint16:
		known = castAll(out.Data, d)
	case []uint32:
		known = castAll(out.Data, d)
	case []uint64:
		known = castAll(out.Data, d)
	case []bool:
		bits := make([]uint8, len(d))
		for i, v := range d {
			if v {
				bits[i] = 1
			}
		}
		known = castAll(out.Data, bits)
	}
	if !known {
		return nil, Unsupported("a cast from %s to %s", x.DType(), dtype)
	}
	return out, nil
}

// halves has the functions that round a number to half precision.
var halves = map[string]func(float64) float64{
	"float16":  func(v float64) float64 { return roundTo(v, 11, -24, 65520) },
	"bfloat16": func(v float64) float64 { return roundTo(v, 8, -133, math.Inf(1)) },
}

// roundTo rounds to a number of binary digits. The last digit is at least 2 to the power of least. Values that reach
// limit become infinite.
func roundTo(v float64, digits, least int, limit float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	_, exponent := math.Frexp(v)
	unit := math.Ldexp(1, max(exponent-digits, least))
	if v = math.RoundToEven(v/unit) * unit; math.Abs(v) >= limit {
		return math.Inf(int(math.Copysign(1, v)))
	}
	return v
}

// castText parses or formats numbers. It formats numbers other than integers with up to eight digits, as C's %g does.
func castText(x *Tensor, dtype string) (*Tensor, error) {
	if list, ok := x.Data.([]string); ok {
		wide := make([]float64, len(list))
		for i, s := range list {
			v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
			if err != nil {
				return nil, Invalid("%q is not a number", s)
			}
			wide[i] = v
		}
		return Cast(&Tensor{Shape: x.Shape, Data: wide}, dtype)
	}
	wide, err := Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	out := make([]string, wide.Len())
	for i, v := range wide.Data.([]float64) {
		out[i] = strconv.FormatFloat(v, 'g', 8, 64)
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			out[i] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return &Tensor{Shape: x.Shape, Data: out}, nil
}

func castAll[S anyNumber](dst any, src []S) bool {
	switch d := dst.(type) {
	case []float32:
		convert(d, src)
	case []float64:
		convert(d, src)
	case []int8:
		convert(d, src)
	case []int16:
		convert(d, src)
	case []int32:
		convert(d, src)
	case []int64:
		convert(d, src)
	case []uint8:
		convert(d, src)
	case []uint16:
		convert(d, src)
	case []uint32:
		convert(d, src)
	case []uint64:
		convert(d, src)
	case []bool:
		for i, v := range src {
			d[i] = v != 0
		}
	default:
		return false
	}
	return true
}

func convert[D, S anyNumber](dst []D, src []S) {
	for i, v := range src {
		dst[i] = D(v)
	}
}
