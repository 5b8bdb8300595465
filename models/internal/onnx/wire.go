package onnx

import (
	"encoding/binary"
	"math"

	"github.com/millrace-ml/millrace/mlflow"
)

// wire reads the fields of one message of Protocol Buffers. It stops at the first
// thing that is wrong and remembers it.
type wire struct {
	rest []byte
	bad  bool
}

// field is one field: a number for varints and fixed sizes, else bytes.
type field struct {
	id    int
	kind  int
	value uint64
	bytes []byte
}

// The kinds of fields on the wire.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// next returns the next field; ok is false at the end.
func (w *wire) next() (f field, ok bool) {
	if w.bad || len(w.rest) == 0 {
		return field{}, false
	}
	tag := w.varint()
	f.id, f.kind = int(tag>>3&math.MaxInt32), int(tag&7)
	switch f.kind {
	case wireVarint:
		f.value = w.varint()
	case wireFixed64:
		if b := w.take(8); b != nil {
			f.value = binary.LittleEndian.Uint64(b)
		}
	case wireBytes:
		f.bytes = w.take(w.varint())
	case wireFixed32:
		if b := w.take(4); b != nil {
			f.value = uint64(binary.LittleEndian.Uint32(b))
		}
	default:
		w.bad = true
	}
	return f, !w.bad
}

func (w *wire) varint() uint64 {
	v, n := binary.Uvarint(w.rest)
	if n <= 0 {
		w.bad = true
		return 0
	}
	w.rest = w.rest[n:]
	return v
}

func (w *wire) take(n uint64) []byte {
	if w.bad || n > uint64(len(w.rest)) {
		w.bad = true
		return nil
	}
	b := w.rest[:n:n]
	w.rest = w.rest[n:]
	return b
}

// eachField calls f for every field of a message and fails for a broken one.
func eachField(data []byte, f func(field) error) error {
	w := wire{rest: data}
	for {
		next, ok := w.next()
		if !ok {
			break
		}
		if err := f(next); err != nil {
			return err
		}
	}
	if w.bad {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "the ONNX file is damaged or cut off")
	}
	return nil
}

// int64s appends the numbers of a repeated field, packed or not.
func (f field) int64s(to []int64) []int64 {
	if f.kind == wireVarint {
		return append(to, int64(f.value)) //nolint:gosec // Negative numbers are written in two's complement.
	}
	w := wire{rest: f.bytes}
	for len(w.rest) > 0 && !w.bad {
		to = append(to, int64(w.varint())) //nolint:gosec // As above.
	}
	return to
}

// float32s appends the numbers of a repeated field of floats, packed or not.
func (f field) float32s(to []float32) []float32 {
	if f.kind == wireFixed32 {
		return append(to, math.Float32frombits(uint32(f.value))) //nolint:gosec // The value was read from 32 bits.
	}
	for b := f.bytes; len(b) >= 4; b = b[4:] {
		to = append(to, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return to
}

// float64s is float32s for doubles.
func (f field) float64s(to []float64) []float64 {
	if f.kind == wireFixed64 {
		return append(to, math.Float64frombits(f.value))
	}
	for b := f.bytes; len(b) >= 8; b = b[8:] {
		to = append(to, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return to
}
