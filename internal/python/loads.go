package python

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Int is an int of Python, in decimal digits.
type Int string

// IntOf returns the int of Python with a value.
func IntOf(n int64) Int { return Int(strconv.FormatInt(n, 10)) }

// Dict is a dict of Python with texts as its keys, in the order in which they were set.
type Dict struct {
	keys   []string
	values map[string]any
}

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{values: map[string]any{}} }

// Len returns the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

// Keys returns the keys in order. The caller must not change them.
func (d *Dict) Keys() []string { return d.keys }

// Get returns the value of a key, and whether the dict has it.
func (d *Dict) Get(key string) (value any, found bool) {
	value, found = d.values[key]
	return value, found
}

// Set sets the value of a key. A key that exists keeps its place.
func (d *Dict) Set(key string, value any) {
	if _, found := d.values[key]; !found {
		d.keys = append(d.keys, key)
	}
	d.values[key] = value
}

// Update sets the keys of another dict.
func (d *Dict) Update(other *Dict) {
	for _, key := range other.keys {
		d.Set(key, other.values[key])
	}
}

// maxDigits is the most digits of an int that Python parses.
const maxDigits = 4300

// Loads returns json.loads(document): nil, a bool, an [Int], a float64, a string, an []any or
// a *[Dict]. Lists and dicts may be nested up to a depth. It returns an error for texts that
// are no Unicode, since they would be changed. NaN and infinities are accepted.
func Loads(document string, depth int) (any, error) {
	if !utf8.ValidString(document) {
		return nil, errors.New("the text is not UTF-8")
	}
	p := &loader{text: document}
	v, err := p.value(depth)
	if err != nil {
		return nil, err
	}
	if p.next() != 0 {
		return nil, p.wrong()
	}
	return v, nil
}

// loader reads a document from an offset on.
type loader struct {
	text string
	at   int
}

// next skips spaces and returns the next byte, or 0 at the end.
func (p *loader) next() byte {
	p.at = len(p.text) - len(strings.TrimLeft(p.text[p.at:], " \t\n\r"))
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// wrong returns the error for what is at the offset.
func (p *loader) wrong() error {
	if p.at >= len(p.text) {
		return errors.New("the text ends too early")
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return fmt.Errorf("unexpected %q at byte %d", r, p.at)
}

// words are the values that are written as words.
var words = []struct {
	text  string
	value any
}{
	{"null", nil},
	{"true", true},
	{"false", false},
	{"NaN", math.NaN()},
	{"Infinity", math.Inf(1)},
	{"-Infinity", math.Inf(-1)},
}

func (p *loader) value(depth int) (any, error) {
	c := p.next()
	if (c == '[' || c == '{') && depth == 0 {
		return nil, fmt.Errorf("lists and objects are nested too deep at byte %d", p.at)
	}
	switch c {
	case '[':
		return p.list(depth - 1)
	case '{':
		return p.dict(depth - 1)
	case '"':
		return p.string()
	}
	for _, w := range words {
		if strings.HasPrefix(p.text[p.at:], w.text) {
			p.at += len(w.text)
			return w.value, nil
		}
	}
	return p.number()
}

// items calls item for each item up to the end of a list or dict.
func (p *loader) items(end byte, item func() error) error {
	p.at++
	if p.next() == end {
		p.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch p.next() {
		case end:
			p.at++
			return nil
		case ',':
			p.at++
		default:
			return p.wrong()
		}
	}
}

func (p *loader) list(depth int) (any, error) {
	list := []any{}
	err := p.items(']', func() error {
		v, err := p.value(depth)
		list = append(list, v)
		return err
	})
	return list, err
}

func (p *loader) dict(depth int) (any, error) {
	d := NewDict()
	err := p.items('}', func() error {
		if p.next() != '"' {
			return p.wrong()
		}
		key, err := p.string()
		if err != nil {
			return err
		}
		if p.next() != ':' {
			return p.wrong()
		}
		p.at++
		v, err := p.value(depth)
		d.Set(key, v)
		return err
	})
	return d, err
}

func (p *loader) string() (s string, err error) {
	end := endOfString(p.text, p.at)
	if end > len(p.text) || end-p.at < 2 || p.text[end-1] != '"' {
		p.at = len(p.text)
		return "", p.wrong()
	}
	quoted := p.text[p.at:end]
	if at := loneSurrogate(quoted); at >= 0 {
		return "", fmt.Errorf("half of a surrogate pair at byte %d", p.at+at)
	}
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "", fmt.Errorf("the text at byte %d has a wrong escape or a control character", p.at)
	}
	p.at = end
	return s, nil
}

var numberPattern = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`)

func (p *loader) number() (any, error) {
	m := numberPattern.FindStringSubmatch(p.text[p.at:])
	if m == nil {
		return nil, p.wrong()
	}
	text := m[0]
	p.at += len(text)
	switch {
	case m[1]+m[2] != "":
		f, _ := strconv.ParseFloat(text, 64) // Numbers that are too large become infinite, as in Python.
		return f, nil
	case len(strings.TrimPrefix(text, "-")) > maxDigits:
		return nil, fmt.Errorf("a number has more than %d digits", maxDigits)
	case text == "-0":
		text = "0"
	}
	return Int(text), nil
}

// loneSurrogate returns the offset of an escape of half of a surrogate pair without the other
// half in a quoted text, or -1. Python keeps it, but no text in UTF-8 can hold it.
func loneSurrogate(document string) int {
	for i := 0; i+1 < len(document); i++ {
		if document[i] != '\\' {
			continue
		}
		if document[i+1] != 'u' {
			i++
			continue
		}
		switch kind := surrogate(document[i:]); kind {
		case 'h':
			if i+6 > len(document) || surrogate(document[i+6:]) != 'l' {
				return i
			}
			i += 11
		case 'l':
			return i
		default:
			i++
		}
	}
	return -1
}

// surrogate returns 'h' or 'l' if a text begins with the escape of a high or a low surrogate,
// and 0 otherwise.
func surrogate(s string) byte {
	if len(s) < 6 || s[:2] != `\u` || s[2] != 'd' && s[2] != 'D' {
		return 0
	}
	switch s[3] {
	case '8', '9', 'a', 'b', 'A', 'B':
		return 'h'
	case 'c', 'd', 'e', 'f', 'C', 'D', 'E', 'F':
		return 'l'
	}
	return 0
}

// Dumps returns json.dumps of a value of [Loads].
func Dumps(v any) string { return string(appendDumps(nil, v, false)) }

// DumpsSorted returns json.dumps with sort_keys=True of a value of [Loads].
func DumpsSorted(v any) string { return string(appendDumps(nil, v, true)) }

func appendDumps(b []byte, v any, sorted bool) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case Int:
		return append(b, v...)
	case float64:
		return AppendJSONFloat(b, v)
	case string:
		return append(b, JSONString(v)...)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendDumps(b, item, sorted)
		}
		return append(b, ']')
	case *Dict:
		return appendDict(b, v, sorted)
	}
	panic(fmt.Sprintf("python: json.dumps of a %T", v))
}

func appendDict(b []byte, d *Dict, sorted bool) []byte {
	keys := d.keys
	if sorted {
		keys = slices.Sorted(slices.Values(keys)) // UTF-8 has the order of code points.
	}
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, JSONString(key)...), ": "...)
		b = appendDumps(b, d.values[key], sorted)
	}
	return append(b, '}')
}

// Str returns str of a value of [Loads].
func Str(v any) string {
	if s, isText := v.(string); isText {
		return s
	}
	return ReprValue(v)
}

// ReprValue returns repr of a value of [Loads].
func ReprValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case Int:
		return string(v)
	case float64:
		return ReprFloat(v)
	case string:
		return Repr(v)
	case []any:
		out := make([]string, len(v))
		for i, item := range v {
			out[i] = ReprValue(item)
		}
		return "[" + strings.Join(out, ", ") + "]"
	case *Dict:
		out := make([]string, len(v.keys))
		for i, key := range v.keys {
			out[i] = Repr(key) + ": " + ReprValue(v.values[key])
		}
		return "{" + strings.Join(out, ", ") + "}"
	}
	panic(fmt.Sprintf("python: repr of a %T", v))
}

// IsFinite reports whether a value of [Loads] has no NaN and no infinities, which JSON lacks.
func IsFinite(v any) bool {
	switch v := v.(type) {
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !IsFinite(item) })
	case *Dict:
		for _, item := range v.values {
			if !IsFinite(item) {
				return false
			}
		}
	}
	return true
}
