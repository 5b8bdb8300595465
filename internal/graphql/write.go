package graphql

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/millrace-ml/millrace/mlflow"
)

// maxAnswer bounds the memory of a response, because a document can select every field
// many times.
const maxAnswer = 64 << 20

// writer builds the response. Like MLflow's protobuf messages, it has no absent values:
// a field that a struct lacks or does not set has the zero value of its type.
type writer struct {
	ctx      context.Context
	describe func(error) string
	buf      []byte
	errors   []string
}

func (w *writer) finish() []byte {
	w.buf = append(w.buf, `,"errors":`...)
	if len(w.errors) == 0 {
		return append(w.buf, "null}"...)
	}
	return append(appendStrings(w.buf, w.errors), '}')
}

// refusal returns the response to a request that is not executed.
func refusal(err error) []byte {
	list := []string{err.Error()}
	if p := problems(nil); errors.As(err, &p) {
		list = p
	}
	return append(appendStrings([]byte(`{"data":null,"errors":`), list), '}')
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// object writes the fields that n selects from a struct. v may be invalid.
func (w *writer) object(n *node, v any) error {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	return w.structure(n, rv)
}

func (w *writer) structure(n *node, v reflect.Value) error {
	if len(w.buf) > maxAnswer {
		return problems{"The answer would be larger than " + strconv.Itoa(maxAnswer>>20) + " MiB; " +
			"ask for fewer runs or fields at once."}
	}
	if err := w.ctx.Err(); err != nil {
		return problems{w.describe(err)}
	}
	w.buf = append(w.buf, '{')
	for i, c := range n.children {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(appendString(w.buf, c.key), ':')
		if err := w.field(c, v); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

// field writes the value of a field of the struct parent.
func (w *writer) field(n *node, parent reflect.Value) error {
	switch {
	case n.constant != "":
		w.buf = appendString(w.buf, n.constant)
		return nil
	case n.typ.Name == "ApiError":
		w.buf = append(w.buf, "null"...)
		return nil
	case n.resolve == nil:
		return w.value(n, member(parent, n.name))
	}
	var of any
	if parent.IsValid() {
		of = parent.Addr().Interface()
	}
	value, err := n.resolve(w.ctx, of, n.args)
	if err != nil {
		w.errors = append(w.errors, w.describe(err))
		w.buf = append(w.buf, "null"...)
		if len(w.errors) > maxProblems {
			return problems(w.errors)
		}
		return nil
	}
	return w.value(n, reflect.ValueOf(value))
}

func (w *writer) value(n *node, v reflect.Value) error {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !n.list {
		return w.single(n, v)
	}
	w.buf = append(w.buf, '[')
	if v.IsValid() {
		for i := range v.Len() {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			if err := w.single(n, v.Index(i)); err != nil {
				return err
			}
		}
	}
	w.buf = append(w.buf, ']')
	return nil
}

func (w *writer) single(n *node, v reflect.Value) error {
	switch {
	case n.typ.Kind == ast.Object:
		return w.structure(n, v)
	case n.typ.Kind == ast.Enum && (!v.IsValid() || v.Len() == 0):
		w.buf = append(w.buf, "null"...)
	default:
		w.buf = appendScalar(w.buf, n.typ.Name, v)
	}
	return nil
}

func appendScalar(b []byte, typ string, v reflect.Value) []byte {
	switch typ {
	case "LongString":
		var n int64
		if v.IsValid() {
			n = v.Int()
		}
		return append(strconv.AppendInt(append(b, '"'), n, 10), '"')
	case "Float":
		var f float64
		if v.IsValid() {
			f = v.Float()
		}
		if math.IsNaN(f) || math.IsInf(f, 0) { // JSON cannot represent them.
			return append(b, "null"...)
		}
		return mlflow.AppendFloat(b, f)
	case "Boolean":
		return strconv.AppendBool(b, v.IsValid() && v.Bool())
	}
	if !v.IsValid() {
		return append(b, `""`...)
	}
	return appendString(b, v.String())
}

func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // It replaces invalid UTF-8.
	return b
}

var members sync.Map // reflect.Type -> map[string]int

// member returns the struct field with the given JSON name, or an invalid value if there
// is none.
func member(v reflect.Value, name string) reflect.Value {
	if !v.IsValid() {
		return v
	}
	known, ok := members.Load(v.Type())
	if !ok {
		byName := map[string]int{}
		for i := range v.NumField() {
			tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			byName[tag] = i
		}
		known, _ = members.LoadOrStore(v.Type(), byName)
	}
	i, ok := known.(map[string]int)[name]
	if !ok {
		return reflect.Value{}
	}
	return v.Field(i)
}
