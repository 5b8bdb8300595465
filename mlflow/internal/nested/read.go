// Package nested reads and writes tensors as nested lists of JSON. A number of a list costs
// no allocation and no call through an interface.
//
// Text is that of requests and is not trusted: the depth is limited, and memory is allocated
// for elements that the text has room for.
package nested

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Element is the constraint of elements.
type Element interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool | string
}

// maxRank is the most dimensions of a tensor.
const maxRank = 32

// Read reads the tensor that text consists of. The elements are a slice of the type that
// NumPy calls dtype, and strings for str. known reports whether elements of this dtype can be
// read. In floats, null is NaN, true is 1 and false is 0, and the words of Python's json for
// NaN and infinities are read.
func Read(text []byte, dtype string) (shape []int, elements any, known bool, err error) {
	switch dtype {
	case "float32":
		shape, elements, err = read(text, dtype, readFloat32)
	case "float64":
		shape, elements, err = read(text, dtype, readFloat64)
	case "int8":
		shape, elements, err = read(text, dtype, readInteger[int8](math.MinInt8, math.MaxInt8))
	case "int16":
		shape, elements, err = read(text, dtype, readInteger[int16](math.MinInt16, math.MaxInt16))
	case "int32":
		shape, elements, err = read(text, dtype, readInteger[int32](math.MinInt32, math.MaxInt32))
	case "int64":
		shape, elements, err = read(text, dtype, readInteger[int64](math.MinInt64, math.MaxInt64))
	case "uint8":
		shape, elements, err = read(text, dtype, readInteger[uint8](0, math.MaxUint8))
	case "uint16":
		shape, elements, err = read(text, dtype, readInteger[uint16](0, math.MaxUint16))
	case "uint32":
		shape, elements, err = read(text, dtype, readInteger[uint32](0, math.MaxUint32))
	case "uint64":
		shape, elements, err = read(text, dtype, readInteger[uint64](0, math.MaxUint64))
	case "bool":
		shape, elements, err = read(text, dtype, readBool)
	case "str":
		shape, elements, err = read(text, dtype, readString)
	default:
		return nil, nil, false, nil
	}
	return shape, elements, true, err
}

func read[T Element](text []byte, dtype string, one readOne[T]) ([]int, []T, error) {
	p := &parser[T]{text: text, dtype: dtype, one: one, shape: []int{}}
	if err := p.value(0); err != nil {
		return nil, nil, err
	}
	if p.skipSpace(); p.at < len(text) {
		return nil, nil, fmt.Errorf("there is %s after the end of the tensor", p.word())
	}
	return p.shape, p.elements, nil
}

// readOne reads the element at text[at] and returns the place after it.
type readOne[T Element] func(text []byte, at int) (v T, end int, ok bool)

type parser[T Element] struct {
	text     []byte
	at       int
	dtype    string
	one      readOne[T]
	shape    []int
	deep     bool // The depth is known, because an element was read.
	elements []T
}

func (p *parser[T]) skipSpace() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// word returns the text at the current place, for an error.
func (p *parser[T]) word() string {
	const shown = 40
	rest := p.text[p.at:]
	if len(rest) == 0 {
		return "the end of the text"
	}
	end := 1
	for end < min(len(rest), shown) && !isSpace(rest[end]) && rest[end] != ',' && rest[end] != ']' {
		end++
	}
	return fmt.Sprintf("%q", rest[:end])
}

// value reads an element, or a list at a depth.
func (p *parser[T]) value(depth int) error {
	p.skipSpace()
	if p.at < len(p.text) && p.text[p.at] == '[' {
		p.at++
		return p.list(depth)
	}
	if depth != len(p.shape) {
		return fmt.Errorf("the tensor is uneven: there is %s where a list of %v belongs", p.word(), p.shape[depth:])
	}
	p.deep = true
	v, end, ok := p.one(p.text, p.at)
	if !ok {
		return fmt.Errorf("%s is not a value of %s", p.word(), p.dtype)
	}
	if p.at = end; len(p.elements) == sample {
		p.reserve()
	}
	p.elements = append(p.elements, v)
	return nil
}

// list reads the rest of a list at a depth.
func (p *parser[T]) list(depth int) error {
	first := depth == len(p.shape)
	if first && (p.deep || depth == maxRank) {
		return fmt.Errorf("the tensor is uneven, or has more than %d dimensions: there is a list at depth %d", maxRank, depth)
	}
	if first {
		p.shape = append(p.shape, 0)
	}
	n, err := p.items(depth + 1)
	if err != nil {
		return err
	}
	if first {
		p.shape[depth] = n
	}
	if p.shape[depth] != n {
		return fmt.Errorf("the tensor is uneven: a list has %d elements where another has %d", n, p.shape[depth])
	}
	return nil
}

// items reads the items of a list up to its end and returns their number.
func (p *parser[T]) items(depth int) (int, error) {
	if p.skipSpace(); p.at < len(p.text) && p.text[p.at] == ']' {
		p.at++
		return 0, nil
	}
	for n := 1; ; n++ {
		if err := p.value(depth); err != nil {
			return 0, err
		}
		if p.skipSpace(); p.at == len(p.text) {
			return 0, errors.New("the tensor is no valid JSON: a list has no end")
		}
		switch p.text[p.at] {
		case ',':
			p.at++
		case ']':
			p.at++
			return n, nil
		default:
			return 0, fmt.Errorf("the tensor is no valid JSON: there is %s where a comma or the end of a list belongs", p.word())
		}
	}
}

// sample is the number of elements by which the size of all is estimated.
const sample = 64

// reserve makes room for the elements of the rest of the text, if they take as much text as
// the first ones. An element takes two bytes of text at least.
func (p *parser[T]) reserve() {
	elements := (len(p.text) - p.at) / max(p.at/sample, 2)
	p.elements = slices.Grow(p.elements, elements+elements/16+sample)
}

func readFloat32(text []byte, at int) (float32, int, bool) {
	d, end, ok := scanNumber(text, at)
	if !ok {
		v, end, ok := readWord(text, at)
		return float32(v), end, ok
	}
	v, err := d.float32(text[at:end])
	return v, end, err == nil
}

func readFloat64(text []byte, at int) (float64, int, bool) {
	d, end, ok := scanNumber(text, at)
	if !ok {
		return readWord(text, at)
	}
	v, err := d.float64(text[at:end])
	return v, end, err == nil
}

// words are the words that stand for floats.
var words = []struct {
	text  string
	value float64
}{
	{"null", math.NaN()},
	{"true", 1},
	{"false", 0},
	{"NaN", math.NaN()},
	{"Infinity", math.Inf(1)},
	{"-Infinity", math.Inf(-1)},
}

func readWord(text []byte, at int) (float64, int, bool) {
	for _, w := range words {
		if end := at + len(w.text); end <= len(text) && string(text[at:end]) == w.text {
			return w.value, end, true
		}
	}
	return 0, at, false
}

func readInteger[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](low int64, high uint64) readOne[T] {
	return func(text []byte, at int) (T, int, bool) {
		d, end, ok := scanNumber(text, at)
		if !ok {
			return 0, at, false
		}
		v, err := d.whole(text[at:end], low, high)
		return T(v), end, err == nil
	}
}

func readBool(text []byte, at int) (value bool, end int, ok bool) {
	v, end, ok := readWord(text, at)
	return v == 1, end, ok && (v == 1 || v == 0)
}

// readString reads a string by the rules of encoding/json, which replaces what is no UTF-8.
func readString(text []byte, at int) (value string, end int, ok bool) {
	if at == len(text) || text[at] != '"' {
		return "", at, false
	}
	plain := true
	for end = at + 1; end < len(text); end++ {
		switch c := text[end]; {
		case c == '"' && plain:
			return string(text[at+1 : end]), end + 1, true
		case c == '"':
			err := json.Unmarshal(text[at:end+1], &value)
			return value, end + 1, err == nil
		case c == '\\':
			plain = false
			end++
		case c < ' ' || c >= 0x80:
			plain = false
		}
	}
	return "", at, false
}
