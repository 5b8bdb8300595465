package otlp

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/span"
)

// number is the number of a field.
type number = protowire.Number

// Decode reads a request in protobuf.
func Decode(body []byte) ([]*span.Resource, error) {
	var list []*span.Resource
	err := fields(body, func(n number, v value) error {
		if n != 1 {
			return nil
		}
		r := &span.Resource{}
		list = append(list, r)
		return v.message(func(n number, v value) error { return resourceField(r, n, v) })
	})
	for _, r := range list {
		r.Attributes = unique(r.Attributes)
		finish(r)
	}
	return list, err
}

func resourceField(r *span.Resource, n number, v value) error {
	switch n {
	case 1:
		return v.message(func(n number, v value) error {
			if n != 1 {
				return nil
			}
			return attribute(&r.Attributes, v, false)
		})
	case 2:
		return v.message(func(n number, v value) error { return scopeField(r, n, v) })
	}
	return nil
}

func scopeField(r *span.Resource, n number, v value) error {
	if n != 2 {
		return nil
	}
	s := &span.Span{Status: span.StatusUnset}
	var traceID, id, parent []byte
	err := v.message(func(n number, v value) (err error) {
		switch n {
		case 1:
			traceID, err = v.bytes()
		case 2:
			id, err = v.bytes()
		case 4:
			parent, err = v.bytes()
		case 15:
			err = v.message(func(n number, v value) error { return statusField(s, n, v) })
		default:
			err = spanField(s, n, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.Attributes = unique(s.Attributes)
	r.Spans = append(r.Spans, s)
	return complete(s, traceID, id, parent)
}

func spanField(s *span.Span, n number, v value) (err error) {
	switch n {
	case 5:
		s.Name, err = v.text()
	case 7:
		s.Start, err = v.time()
	case 8:
		s.End, err = v.time()
	case 9:
		err = attribute(&s.Attributes, v, true)
	case 11:
		err = event(s, v)
	case 13:
		err = link(s, v)
	}
	return err
}

func event(s *span.Span, v value) error {
	var e span.Event
	err := v.message(func(n number, v value) (err error) {
		switch n {
		case 1:
			e.Time, err = v.time()
		case 2:
			e.Name, err = v.text()
		case 3:
			err = attribute(&e.Attributes, v, false)
		}
		return err
	})
	e.Attributes = unique(e.Attributes)
	s.Events = append(s.Events, e)
	return err
}

func link(s *span.Span, v value) error {
	var l span.Link
	var traceID, id []byte
	err := v.message(func(n number, v value) (err error) {
		switch n {
		case 1:
			traceID, err = v.bytes()
		case 2:
			id, err = v.bytes()
		case 4:
			err = attribute(&l.Attributes, v, false)
		}
		return err
	})
	if err != nil {
		return err
	}
	l.Attributes = unique(l.Attributes)
	err = linkTrace(&l, traceID, id)
	s.Links = append(s.Links, l)
	return err
}

func statusField(s *span.Span, n number, v value) (err error) {
	switch n {
	case 2:
		s.Message, err = v.text()
	case 3:
		var code uint64
		code, err = v.varint()
		s.Status = statusOf(int64(min(code, math.MaxInt32)))
	}
	return err
}

// attribute reads a KeyValue. Texts of the attributes of spans may be JSON.
func attribute(list *span.Attributes, v value, ofSpan bool) error {
	key, raw, err := v.keyValue()
	if err != nil {
		return err
	}
	var text string
	if s, isText, err := textOf(raw); err != nil {
		return err
	} else if ofSpan && isText {
		text = stored(s)
	} else {
		json, err := appendAny(nil, raw, 0)
		if err != nil {
			return err
		}
		text = string(json)
	}
	return add(list, key, text)
}

// keyValue returns the key and the bytes of the value of a KeyValue.
func (v value) keyValue() (key string, raw []byte, err error) {
	err = v.message(func(n number, v value) (err error) {
		switch n {
		case 1:
			key, err = v.text()
		case 2:
			var part []byte
			if part, err = v.bytes(); err == nil {
				raw = append(raw[:len(raw):len(raw)], part...) // Messages that are repeated are merged.
			}
		}
		return err
	})
	return key, raw, err
}

// textOf returns the text of an AnyValue whose last field is one.
func textOf(raw []byte) (text string, isText bool, err error) {
	err = fields(raw, func(n number, v value) (err error) {
		if isText = n == 1; isText {
			text, err = v.text()
		}
		return err
	})
	return text, isText, err
}

// appendAny appends the JSON of an AnyValue below depth lists and maps. The last field counts.
func appendAny(b, raw []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: a value has more than %d levels", ErrFormat, maxDepth)
	}
	start := len(b)
	b = append(b, "null"...)
	err := fields(raw, func(n number, v value) (err error) {
		switch n {
		case 1, 2, 3, 4, 7:
			b, err = appendScalar(b[:start], n, v)
		case 5:
			b, err = appendList(b[:start], v, depth)
		case 6:
			b, err = appendMap(b[:start], v, depth)
		}
		return err
	})
	return b, err
}

func appendScalar(b []byte, n number, v value) ([]byte, error) {
	switch n {
	case 1:
		text, err := v.text()
		return python.AppendJSONString(b, text), err
	case 2:
		x, err := v.varint()
		return strconv.AppendBool(b, x != 0), err
	case 3:
		x, err := v.varint()
		return strconv.AppendInt(b, int64(x), 10), err //nolint:gosec // int64 is sent as its two's complement.
	case 4:
		x, err := v.fixed64()
		return python.AppendJSONFloat(b, math.Float64frombits(x)), err
	default: // MLflow writes bytes as Python prints them.
		x, err := v.bytes()
		return python.AppendJSONString(b, python.ReprBytes(x)), err
	}
}

func appendList(b []byte, v value, depth int) ([]byte, error) {
	b = append(b, '[')
	first := true
	err := v.message(func(n number, v value) error {
		if n != 1 {
			return nil
		}
		raw, err := v.bytes()
		if err != nil {
			return err
		}
		if !first {
			b = append(b, ", "...)
		}
		first = false
		b, err = appendAny(b, raw, depth+1)
		return err
	})
	return append(b, ']'), err
}

func appendMap(b []byte, v value, depth int) ([]byte, error) {
	var list span.Attributes
	err := v.message(func(n number, v value) error {
		if n != 1 {
			return nil
		}
		key, raw, err := v.keyValue()
		if err != nil {
			return err
		}
		json, err := appendAny(nil, raw, depth+1)
		if err != nil {
			return err
		}
		return add(&list, key, string(json))
	})
	return unique(list).AppendValues(b), err
}

// value is the value of a field.
type value struct {
	kind protowire.Type
	raw  []byte // without the length of bytes
	n    uint64 // of numbers
}

// fields calls f for each field of a message.
func fields(message []byte, f func(number, value) error) error {
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return ErrFormat
		}
		message = message[size:]
		v := value{kind: kind}
		switch kind {
		case protowire.VarintType:
			v.n, size = protowire.ConsumeVarint(message)
		case protowire.Fixed64Type:
			v.n, size = protowire.ConsumeFixed64(message)
		case protowire.BytesType:
			v.raw, size = protowire.ConsumeBytes(message)
		default:
			size = protowire.ConsumeFieldValue(n, kind, message)
		}
		if size < 0 {
			return ErrFormat
		}
		message = message[size:]
		if err := f(n, v); err != nil {
			return err
		}
	}
	return nil
}

func (v value) is(kind protowire.Type) error {
	if v.kind != kind {
		return fmt.Errorf("%w: a field has the wrong type", ErrFormat)
	}
	return nil
}

func (v value) bytes() ([]byte, error) { return v.raw, v.is(protowire.BytesType) }

func (v value) varint() (uint64, error) { return v.n, v.is(protowire.VarintType) }

func (v value) fixed64() (uint64, error) { return v.n, v.is(protowire.Fixed64Type) }

// message calls f for each field of a message in a message.
func (v value) message(f func(number, value) error) error {
	if err := v.is(protowire.BytesType); err != nil {
		return err
	}
	return fields(v.raw, f)
}

func (v value) text() (string, error) {
	if err := v.is(protowire.BytesType); err != nil {
		return "", err
	}
	if !utf8.Valid(v.raw) {
		return "", fmt.Errorf("%w: a text is not UTF-8", ErrFormat)
	}
	return string(v.raw), nil
}

// time returns a time in Unix nanoseconds.
func (v value) time() (int64, error) {
	x, err := v.fixed64()
	if err == nil && x > math.MaxInt64 {
		err = fmt.Errorf("%w: a time is after the year 2262", ErrFormat)
	}
	return int64(x & math.MaxInt64), err
}
