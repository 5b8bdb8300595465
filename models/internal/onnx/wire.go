package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/millrace-ml/millrace/mlflow"
)

// field is one field of a Protocol Buffers message.
type field struct {
	id    protowire.Number
	kind  protowire.Type
	value uint64 // Of a varint or a fixed-size number.
	bytes []byte // Of a field with a length: a string, a message or packed numbers. It aliases the message.
}

func errDamaged() error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, "the ONNX file is damaged or cut off")
}

// eachField calls f for every field of a message. It returns an error for a malformed message and for groups, which
// ONNX does not use.
func eachField(data []byte, f func(field) error) error {
	for len(data) > 0 {
		next, n := consumeField(data)
		if n < 0 {
			return errDamaged()
		}
		if err := f(next); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// consumeField parses the first field of a message and returns its length, which is negative for a malformed field.
func consumeField(data []byte) (f field, n int) {
	id, kind, tag := protowire.ConsumeTag(data)
	if tag < 0 {
		return field{}, tag
	}
	f, n, data = field{id: id, kind: kind}, -1, data[tag:]
	switch kind {
	case protowire.VarintType:
		f.value, n = protowire.ConsumeVarint(data)
	case protowire.Fixed64Type:
		f.value, n = protowire.ConsumeFixed64(data)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(data)
		f.value = uint64(v)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(data)
	}
	if n < 0 {
		return field{}, n
	}
	return f, tag + n
}

// appendPacked appends the numbers of a repeated field in its packed form.
func appendPacked[V, T any](to []T, data []byte, consume func([]byte) (V, int), convert func(V) T) ([]T, error) {
	for len(data) > 0 {
		v, n := consume(data)
		if n < 0 {
			return nil, errDamaged()
		}
		to, data = append(to, convert(v)), data[n:]
	}
	return to, nil
}

// int64 returns the number of a field of type int64 or of an enumeration.
func (f field) int64() int64 { return int64(f.value) } //nolint:gosec // Protobuf writes the two's complement.

// int64s appends the numbers of a repeated field, which may be packed.
func (f field) int64s(to []int64) ([]int64, error) {
	if f.kind == protowire.VarintType {
		return append(to, f.int64()), nil
	}
	return appendPacked(to, f.bytes, protowire.ConsumeVarint, func(v uint64) int64 { return field{value: v}.int64() })
}

// float32s appends the numbers of a repeated field of floats, which may be packed.
func (f field) float32s(to []float32) ([]float32, error) {
	if f.kind == protowire.Fixed32Type {
		bits := uint32(f.value) //nolint:gosec // The value was read from 32 bits.
		return append(to, math.Float32frombits(bits)), nil
	}
	return appendPacked(to, f.bytes, protowire.ConsumeFixed32, math.Float32frombits)
}

// float64s appends the numbers of a repeated field of doubles, which may be packed.
func (f field) float64s(to []float64) ([]float64, error) {
	if f.kind == protowire.Fixed64Type {
		return append(to, math.Float64frombits(f.value)), nil
	}
	return appendPacked(to, f.bytes, protowire.ConsumeFixed64, math.Float64frombits)
}
