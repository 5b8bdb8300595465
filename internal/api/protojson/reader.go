package protojson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/millrace-ml/millrace/internal/apierror"
)

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// reader reads a document into structs.
type reader struct {
	*jsontext.Decoder
	// path leads to the value that is read. It is made into a text for an error only.
	path []step
	text []byte // a text without its quotes, which the next one overwrites
}

// step leads to a field if name is not "", and otherwise to an item of a list.
type step struct {
	name  string
	index int
}

// where returns the name of the value that is read, such as "metrics[3].key".
func (r *reader) where() string {
	var b strings.Builder
	for i, s := range r.path {
		switch {
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// readText reads a text or a literal. The result is valid until the next call.
func (r *reader) readText() ([]byte, error) {
	raw, err := r.ReadValue()
	if err != nil || raw.Kind() != '"' {
		return raw, err
	}
	r.text, err = jsontext.AppendUnquote(r.text[:0], raw)
	return r.text, err
}

// readName reads the name of a field. It returns the name that the message type has for it,
// or the name itself.
func (r *reader) readName(p *plan) (name string, at int, known bool, err error) {
	text, err := r.readText()
	if err != nil {
		return "", 0, false, err
	}
	if at, known = p.byName[string(text)]; known && string(text) == p.fields[at].name {
		return p.fields[at].name, at, true, nil
	}
	return string(text), at, known, nil
}

func (r *reader) readStruct(v reflect.Value) error {
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	p := planOf(v.Type())
	var seen uint64
	spelled := map[int]string(nil)
	for r.PeekKind() != '}' {
		name, at, known, err := r.readName(p)
		if err != nil {
			return err
		}
		if known && name != p.fields[at].name { // camelCase
			if seen&(1<<at) != 0 && spelled[at] == "" {
				return bothSpellings(p.fields[at].name, name)
			}
			if spelled == nil {
				spelled = map[int]string{}
			}
			spelled[at] = name
		} else if known && spelled[at] != "" {
			return bothSpellings(name, spelled[at])
		}
		shadowed := false
		if !known {
			at, known = p.alias[name]
			shadowed = known && seen&(1<<at) != 0
		}
		if !known {
			if err := r.SkipValue(); err != nil {
				return err
			}
			continue
		}
		f := &p.fields[at]
		into := v.Field(f.index)
		if shadowed { // Check the type, but discard the value.
			into = reflect.New(into.Type()).Elem()
		}
		r.path = append(r.path, step{name: f.name})
		present, err := r.readValue(into, f.enum)
		if err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
		if present {
			seen |= 1 << at
		}
	}
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	return p.missing(v, seen, r.where)
}

// readValue reads the next value into v; present is false for null.
func (r *reader) readValue(v reflect.Value, names []string) (present bool, err error) {
	kind := r.PeekKind()
	if kind == 'n' {
		_, err := r.ReadToken()
		return false, err
	}
	switch {
	case v.Type() == rawType:
		raw, err := r.ReadValue()
		v.SetBytes(raw.Clone())
		return true, err
	case reflect.PointerTo(v.Type()).Implements(textType):
		return true, r.readAsText(v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		elem := reflect.New(v.Type().Elem())
		if present, err = r.readValue(elem.Elem(), names); err == nil && present {
			v.Set(elem)
		}
		return present, err
	case reflect.Struct:
		if kind != '{' {
			return false, r.wrongType()
		}
		return true, r.readStruct(v)
	case reflect.Slice:
		return true, r.readSlice(v)
	case reflect.Map:
		return true, r.readMap(v)
	default:
		return true, r.readScalar(v, names)
	}
}

// maxItems is the most items of a list. It bounds memory before the route checks its
// own limit: a body needs two bytes for an item that takes much more memory.
const maxItems = 100_000

func (r *reader) readSlice(v reflect.Value) error {
	if r.PeekKind() != '[' {
		return r.wrongType()
	}
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	v.SetLen(0)
	for n := 0; r.PeekKind() != ']'; n++ {
		if n == maxItems {
			return apierror.Invalid("Invalid value for parameter '%s' supplied: "+
				"the list has more than %d items.", r.where(), maxItems)
		}
		if n == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(n + 1)
		v.Index(n).SetZero()
		r.path = append(r.path, step{index: n})
		present, err := r.readValue(v.Index(n), nil)
		if err != nil {
			return err
		}
		if !present {
			return apierror.Invalid("Invalid value null for parameter '%s' supplied: list items cannot be null.", r.where())
		}
		r.path = r.path[:len(r.path)-1]
	}
	_, err := r.ReadToken()
	return err
}

// readMap reads an object into a map with keys that are texts.
func (r *reader) readMap(v reflect.Value) error {
	if r.PeekKind() != '{' {
		return r.wrongType()
	}
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	value := reflect.New(v.Type().Elem()).Elem()
	for r.PeekKind() != '}' {
		text, err := r.readText()
		if err != nil {
			return err
		}
		key := string(text)
		if v.Len() == maxItems {
			return apierror.Invalid("Invalid value for parameter '%s' supplied: "+
				"the map has more than %d keys.", r.where(), maxItems)
		}
		r.path = append(r.path, step{name: key})
		if strings.IndexByte(key, 0) >= 0 {
			return apierror.Invalid("Invalid value for parameter '%s' supplied: keys cannot contain NUL characters.",
				r.where())
		}
		value.SetZero()
		present, err := r.readValue(value, nil)
		if err != nil {
			return err
		}
		if !present {
			return apierror.Invalid("Invalid value null for parameter '%s' supplied: values of a map cannot be null.",
				r.where())
		}
		r.path = r.path[:len(r.path)-1]
		v.SetMapIndex(reflect.ValueOf(key), value)
	}
	_, err := r.ReadToken()
	return err
}

// readAsText reads a text into a value that parses it, such as a time.
func (r *reader) readAsText(v reflect.Value) error {
	kind := r.PeekKind()
	if kind != '"' {
		return r.wrongType()
	}
	text, err := r.readText()
	if err != nil {
		return err
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text); err != nil {
		quoted, _ := jsontext.AppendQuote(nil, apierror.Shorten(string(text))) // Invalid UTF-8 was refused before.
		return InvalidType(r.where(), quoted, kind)
	}
	return nil
}

func (r *reader) wrongType() error {
	kind := r.PeekKind()
	raw, err := r.ReadValue()
	if err != nil {
		return err
	}
	raw = raw.Clone()
	if err := raw.Compact(); err != nil {
		return err
	}
	return InvalidType(r.where(), raw, kind)
}
