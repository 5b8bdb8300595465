package mlflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
)

// maxRank is the most dimensions of a tensor in JSON.
const maxRank = 32

// MarshalNested encodes the tensor as nested lists, and a scalar as a number. NaN and
// infinities are an error.
func (t *Tensor) MarshalNested() ([]byte, error) {
	at, err := t.element()
	if err != nil {
		return nil, err
	}
	var out []byte
	next := 0
	var write func(dims []int) error
	write = func(dims []int) error {
		if len(dims) == 0 {
			out, err = at(out, next)
			next++
			return err
		}
		out = append(out, '[')
		for i := range dims[0] {
			if i > 0 {
				out = append(out, ',')
			}
			if err := write(dims[1:]); err != nil {
				return err
			}
		}
		out = append(out, ']')
		return nil
	}
	return out, write(t.Shape)
}

// element returns a function that appends the JSON of the element i.
func (t *Tensor) element() (func(b []byte, i int) ([]byte, error), error) {
	switch d := t.Data.(type) {
	case []float32:
		return func(b []byte, i int) ([]byte, error) { return appendNumber(b, float64(d[i]), 32) }, nil
	case []float64:
		return func(b []byte, i int) ([]byte, error) { return appendNumber(b, d[i], 64) }, nil
	case []bool:
		return func(b []byte, i int) ([]byte, error) { return strconv.AppendBool(b, d[i]), nil }, nil
	case []string:
		return func(b []byte, i int) ([]byte, error) { return appendJSONString(b, d[i]), nil }, nil
	case []int64:
		return appendInts(d), nil
	case []int32:
		return appendInts(d), nil
	case []int16:
		return appendInts(d), nil
	case []int8:
		return appendInts(d), nil
	case []uint8:
		return appendInts(d), nil
	case []uint16:
		return appendInts(d), nil
	case []uint32:
		return appendInts(d), nil
	case []uint64:
		return func(b []byte, i int) ([]byte, error) { return strconv.AppendUint(b, d[i], 10), nil }, nil
	}
	return nil, Errorf(InvalidParameterValue, "a tensor of %T cannot be written as JSON", t.Data)
}

func appendInts[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](d []T) func([]byte, int) ([]byte, error) {
	return func(b []byte, i int) ([]byte, error) { return strconv.AppendInt(b, int64(d[i]), 10), nil }
}

func appendNumber(b []byte, v float64, bits int) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, Errorf(InvalidParameterValue, "the tensor holds %v, which JSON has no number for", v)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits), nil
}

// UnmarshalNested decodes nested lists with the same length at each depth as a tensor of
// a dtype: float32, float64, int32, int64, uint8, bool or str. A number that the dtype
// cannot represent is an error. null is NaN for floats and an error otherwise.
func UnmarshalNested(text []byte, dtype string) (*Tensor, error) {
	switch dtype {
	case "float32":
		return unmarshal(text, dtype, func(n json.Number) (float32, error) {
			v, err := strconv.ParseFloat(string(n), 32)
			return float32(v), err
		})
	case "float64":
		return unmarshal(text, dtype, json.Number.Float64)
	case "int64":
		return unmarshal(text, dtype, func(n json.Number) (int64, error) { return whole(n, 64) })
	case "int32":
		return unmarshal(text, dtype, func(n json.Number) (int32, error) {
			v, err := whole(n, 32)
			return int32(v), err //nolint:gosec // It has 32 bits.
		})
	case "uint8":
		return unmarshal(text, dtype, func(n json.Number) (uint8, error) {
			v, err := strconv.ParseUint(string(n), 10, 8)
			return uint8(v), err
		})
	case "bool":
		return unmarshal(text, dtype, func(b bool) (bool, error) { return b, nil })
	case "str":
		return unmarshal(text, dtype, func(s string) (string, error) { return s, nil })
	}
	return nil, Errorf(NotImplemented, "a tensor of %s cannot be read from JSON", dtype)
}

// whole returns an integer, which may be written as a float such as 2.0.
func whole(n json.Number, bits int) (int64, error) {
	v, err := strconv.ParseInt(string(n), 10, bits)
	if err == nil {
		return v, nil
	}
	f, asFloat := n.Float64()
	if limit := float64(int64(1) << 31); asFloat == nil && f == math.Trunc(f) && f >= -limit && f < limit {
		return int64(f), nil
	}
	return 0, err
}

// missing returns the value of null.
func missing[T any]() (v T, ok bool) {
	switch to := any(&v).(type) {
	case *float32:
		*to, ok = float32(math.NaN()), true
	case *float64:
		*to, ok = math.NaN(), true
	}
	return v, ok
}

// unmarshal decodes the scalars in order and the length of the lists at each depth.
func unmarshal[J json.Number | bool | string, T Number | string](
	text []byte,
	dtype string,
	convert func(J) (T, error),
) (*Tensor, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	r := &nestedReader{d: d}
	var flat []T
	err := r.read(0, func(token json.Token) error {
		if nan, ok := missing[T](); ok && token == nil {
			flat = append(flat, nan)
			return nil
		}
		j, ok := token.(J)
		if !ok {
			return Errorf(InvalidParameterValue, "%v is not a value of %s", token, dtype)
		}
		v, err := convert(j)
		if err != nil {
			return Errorf(InvalidParameterValue, "%v is not a value of %s", token, dtype)
		}
		flat = append(flat, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, Errorf(InvalidParameterValue, "there is something after the end of the tensor")
	}
	return NewTensor(flat, r.shape...)
}

type nestedReader struct {
	d     *json.Decoder
	shape []int
	deep  bool // The depth is known, because a scalar was read.
}

func (r *nestedReader) read(depth int, scalar func(json.Token) error) error {
	token, err := r.d.Token()
	if err != nil {
		return Errorf(InvalidParameterValue, "the tensor is no valid JSON: %v", err)
	}
	if token != json.Delim('[') {
		if depth != len(r.shape) {
			return Errorf(
				InvalidParameterValue,
				"the tensor is uneven: there is %v where a list of %v belongs",
				token,
				r.shape[depth:],
			)
		}
		r.deep = true
		return scalar(token)
	}
	first := depth == len(r.shape)
	if first && (r.deep || depth == maxRank) {
		return Errorf(
			InvalidParameterValue,
			"the tensor is uneven, or has more than %d dimensions: there is a list at depth %d",
			maxRank,
			depth,
		)
	}
	if first {
		r.shape = append(r.shape, 0)
	}
	n := 0
	for ; r.d.More(); n++ {
		if err := r.read(depth+1, scalar); err != nil {
			return err
		}
	}
	if _, err := r.d.Token(); err != nil {
		return Errorf(InvalidParameterValue, "the tensor is no valid JSON: %v", err)
	}
	if first {
		r.shape[depth] = n
	}
	if r.shape[depth] != n {
		return Errorf(
			InvalidParameterValue,
			"the tensor is uneven: a list has %d elements where another has %d",
			n,
			r.shape[depth],
		)
	}
	return nil
}
