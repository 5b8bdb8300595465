package mlflow

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// pythonText formats the value of a param like Python's str, so that runs of Go and
// Python programs can be compared: None, True, [1, 2], ['a', 'b'], {'k': 1.0}. Values
// with a String, Error or MarshalText method use it.
func pythonText(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return pythonRepr(reflect.ValueOf(v))
}

func pythonRepr(v reflect.Value) string {
	if !v.IsValid() {
		return "None"
	}
	if text, ok := ownText(v); ok {
		return text
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return "True"
		}
		return "False"
	case reflect.Float32:
		return pythonFloat(v.Float(), 32)
	case reflect.Float64:
		return pythonFloat(v.Float(), 64)
	case reflect.String:
		return pythonQuote(v.String())
	case reflect.Pointer, reflect.Interface:
		return pythonRepr(v.Elem())
	case reflect.Slice, reflect.Array:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = pythonRepr(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.Map:
		var items []string
		for _, key := range v.MapKeys() {
			items = append(items, pythonRepr(key)+": "+pythonRepr(v.MapIndex(key)))
		}
		slices.Sort(items)
		return "{" + strings.Join(items, ", ") + "}"
	default:
		return fmt.Sprint(v.Interface())
	}
}

// ownText returns the text that a value defines for itself.
func ownText(v reflect.Value) (string, bool) {
	if v.Kind() == reflect.Pointer && v.IsNil() || !v.CanInterface() {
		return "", false
	}
	switch x := v.Interface().(type) {
	case fmt.Stringer:
		return x.String(), true
	case error:
		return x.Error(), true
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		return string(text), err == nil
	}
	return "", false
}

// pythonFloat formats a float with the fewest digits that identify it. The exponent
// format is used below 1e-4 and from 1e16.
func pythonFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// pythonQuote quotes a string with single quotes, or with double quotes if it contains
// single quotes only.
func pythonQuote(s string) string {
	quoted := strconv.Quote(s)
	inner := strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	if strings.Contains(inner, "'") {
		if !strings.Contains(inner, `"`) {
			return `"` + inner + `"`
		}
		inner = strings.ReplaceAll(inner, "'", `\'`)
	}
	return "'" + inner + "'"
}
