// Package protojson decodes requests by the rules of protobuf's JSON mapping, which
// MLflow's clients rely on: integers may be strings, enums may be numbers, names may
// be camelCase, null means absent, and unknown names are ignored. Python's NaN and
// Infinity are numbers. MLflow uses the readable part of a message with errors; here
// any error is returned, with the name of the parameter.
package protojson

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// enum is a string type whose values also have protobuf numbers.
type enum interface{ EnumNames() []string }

var enumType = reflect.TypeFor[enum]()

// field describes a field of a message.
type field struct {
	index    int
	name     string
	required bool
	path     string   // the URL wildcard that the field is read from, or ""
	enum     []string // wire names by number, or nil
}

// plan describes how to decode a message type.
type plan struct {
	fields []field
	byName map[string]int // position in fields by name, in snake_case and camelCase
	alias  map[string]int // deprecated names, which current names override
}

var plans sync.Map // reflect.Type -> *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{byName: map[string]int{}, alias: map[string]int{}}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		f := field{index: i, name: name, required: sf.Tag.Get("required") == "true", path: sf.Tag.Get("path")}
		if sf.Type.Implements(enumType) {
			f.enum = reflect.Zero(sf.Type).Interface().(enum).EnumNames()
		}
		at := len(p.fields)
		p.fields = append(p.fields, f)
		p.byName[name] = at
		p.byName[camelCase(name)] = at
		if old := sf.Tag.Get("alias"); old != "" {
			p.alias[old] = at
			p.alias[camelCase(old)] = at
		}
	}
	plans.Store(t, p)
	return p
}

// Spellings returns all names of the fields of a message, sorted. The message is a
// pointer to a struct.
func Spellings(message any) []string {
	p := planOf(reflect.TypeOf(message).Elem())
	names := slices.AppendSeq(slices.Collect(maps.Keys(p.byName)), maps.Keys(p.alias))
	slices.Sort(names)
	return names
}

func camelCase(s string) string {
	words := strings.Split(s, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// Unmarshal reads body, a JSON object, into the struct that dst points to.
func Unmarshal(body []byte, dst any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	err := readDocument(body, dst)
	if err == nil || mlflow.AsError(err) != nil {
		return err
	}
	if fixed := quoteNonFinite(body); fixed != nil {
		return Unmarshal(fixed, dst)
	}
	return apierror.Invalid("The request body is not valid JSON: %s", strings.TrimPrefix(err.Error(), "jsontext: "))
}

func readDocument(body []byte, dst any) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	r := &reader{Decoder: dec}
	v := reflect.ValueOf(dst).Elem()
	switch dec.PeekKind() {
	case '{':
		if err := r.readStruct(v); err != nil {
			return err
		}
	case '"': // Some old clients encode their JSON twice.
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		inner := tok.String()
		if !strings.HasPrefix(strings.TrimSpace(inner), "{") {
			return apierror.Invalid("The request body must be a JSON object.")
		}
		if err := readDocument([]byte(inner), dst); err != nil {
			return err
		}
	case 'n':
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		if err := readDocument([]byte("{}"), dst); err != nil {
			return err
		}
	default:
		if err := dec.SkipValue(); err != nil {
			return err
		}
		return apierror.Invalid("The request body must be a JSON object.")
	}
	if _, err := dec.ReadToken(); err != io.EOF { //nolint:errorlint // jsontext documents a bare io.EOF.
		if err == nil {
			err = fmt.Errorf("more data after the object, at byte %d", dec.InputOffset())
		}
		return err
	}
	return nil
}

// quoteNonFinite returns body with the bare words NaN, Infinity and -Infinity,
// which Python's json module writes, as strings; nil if it has none.
func quoteNonFinite(body []byte) []byte {
	var out []byte
	inString, changed := false, false
	for i := 0; i < len(body); i++ {
		c := body[i]
		if inString {
			out = append(out, c)
			if c == '\\' && i+1 < len(body) {
				i++
				out = append(out, body[i])
			}
			inString = c != '"'
			continue
		}
		inString = c == '"'
		word := ""
		for _, w := range [...]string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(body[i:], []byte(w)) {
				word = w
			}
		}
		if word == "" {
			out = append(out, c)
			continue
		}
		out = strconv.AppendQuote(out, word)
		i += len(word) - 1
		changed = true
	}
	if !changed {
		return nil
	}
	return out
}

// missing returns an error for the first required field that is absent or an empty
// string. UnmarshalPath checks the fields that it sets.
func (p *plan) missing(v reflect.Value, seen uint64, where func() string) error {
	for at := range p.fields {
		f := &p.fields[at]
		if !f.required || f.path != "" {
			continue
		}
		fv := v.Field(f.index)
		if seen&(1<<at) == 0 || fv.Kind() == reflect.String && fv.Len() == 0 {
			return apierror.MissingParameter(join(where(), f.name))
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func bothSpellings(snake, camel string) error {
	return apierror.Invalid(
		"Request specifies both '%s' and '%s'; provide only one of them.", snake, camel)
}

// InvalidType returns MLflow's error for a value of the wrong type, with the name
// that Python has for the type.
func InvalidType(path string, raw []byte, kind jsontext.Kind) error {
	python := map[jsontext.Kind]string{'"': "str", 't': "bool", 'f': "bool", '{': "dict", '[': "list"}[kind]
	if kind == '0' {
		python = "int"
		if bytes.ContainsAny(raw, ".eE") {
			python = "float"
		}
	}
	return apierror.Invalid("Invalid value %s for parameter '%s' supplied:  Hint: Value was of type '%s'. "+
		"See the API docs for more information about request parameters.",
		apierror.Shorten(string(raw)), path, python)
}
