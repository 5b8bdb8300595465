package protojson

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/millrace-ml/millrace/internal/apierror"
)

func (r *reader) readScalar(v reflect.Value, names []string) error {
	kind := r.PeekKind()
	if kind == '{' || kind == '[' {
		return r.wrongType()
	}
	bytes, err := r.readText()
	if err != nil {
		return err
	}
	if kind == '0' && names == nil && setNumber(v, string(bytes)) {
		return nil
	}
	text := string(bytes) // The one copy of a text that may be large.
	if !setScalar(v, kind, text, names) {
		raw := []byte(apierror.Shorten(text))
		if kind == '"' {
			raw, _ = jsontext.AppendQuote(nil, raw) // Invalid UTF-8 was refused before.
		}
		return InvalidType(r.where(), raw, kind)
	}
	if kind == '"' && strings.IndexByte(text, 0) >= 0 {
		return apierror.Invalid("Invalid value for parameter '%s' supplied: texts cannot contain NUL characters.", r.where())
	}
	return nil
}

// setScalar sets v from text, a string's contents or a literal; false if the
// type does not take it.
func setScalar(v reflect.Value, kind jsontext.Kind, text string, names []string) bool {
	isText, isNumber := kind == '"', kind == '0'
	switch {
	case names != nil:
		return setEnum(v, text, names)
	case v.Kind() == reflect.String:
		v.SetString(text)
		return isText
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
		return kind == 't' || kind == 'f'
	case isText || isNumber:
		return setNumber(v, text)
	case v.CanFloat() && (kind == 't' || kind == 'f'): // Python's True is 1.0.
		if kind == 't' {
			v.SetFloat(1)
		}
		return true
	}
	return false
}

// setNumber sets a number from its digits. It keeps no part of text, so the caller need not
// allocate it.
func setNumber(v reflect.Value, text string) bool {
	switch {
	case v.CanInt():
		n, ok := parseInt(text)
		if !ok || v.OverflowInt(n) {
			return false
		}
		v.SetInt(n)
		return true
	case v.CanFloat():
		f, ok := parseFloat(text)
		v.SetFloat(f)
		return ok
	}
	return false
}

func setEnum(v reflect.Value, text string, names []string) bool {
	if n, err := strconv.Atoi(text); err == nil {
		if n < 0 || n >= len(names) || names[n] == "" {
			return false
		}
		v.SetString(names[n])
		return true
	}
	for _, name := range names {
		if name != "" && name == text {
			v.SetString(name)
			return true
		}
	}
	return false
}

func parseInt(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// parseFloat reads a number; too large ones become infinite, as in Python.
func parseFloat(text string) (float64, bool) {
	switch text {
	case "NaN", "nan":
		return math.NaN(), true
	case "Infinity", "inf":
		return math.Inf(1), true
	case "-Infinity", "-inf":
		return math.Inf(-1), true
	}
	if strings.ContainsAny(text, "xX_pPnN") { // Go's own spellings are no JSON.
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || math.IsInf(f, 0)
}
