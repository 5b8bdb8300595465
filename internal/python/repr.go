// Package python writes values as Python does, since clients of MLflow parse its
// error messages and compare tags that hold JSON as text.
package python

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Repr returns repr(s) of a str.
func Repr(s string) string {
	quote := quoteFor(s)
	var b strings.Builder
	b.WriteByte(quote)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r < utf8.RuneSelf:
			writeASCII(&b, s[i], quote)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	b.WriteByte(quote)
	return b.String()
}

// ReprBytes returns repr(s) of a bytes object.
func ReprBytes(s []byte) string {
	quote := quoteFor(string(s))
	var b strings.Builder
	b.WriteString("b" + string(quote))
	for _, c := range s {
		writeASCII(&b, c, quote)
	}
	b.WriteByte(quote)
	return b.String()
}

// quoteFor returns the quote that Python prefers for a text.
func quoteFor(s string) byte {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return '"'
	}
	return '\''
}

func writeASCII(b *strings.Builder, c, quote byte) {
	switch {
	case c == '\\' || c == quote:
		b.WriteByte('\\')
		b.WriteByte(c)
	case c == '\n':
		b.WriteString(`\n`)
	case c == '\r':
		b.WriteString(`\r`)
	case c == '\t':
		b.WriteString(`\t`)
	case c < ' ' || c >= 0x7f:
		fmt.Fprintf(b, `\x%02x`, c)
	default:
		b.WriteByte(c)
	}
}

// ReprList returns repr of a list of strings.
func ReprList(list []string) string { return "[" + joinRepr(list) + "]" }

// ReprTuple returns repr of a tuple of strings.
func ReprTuple(list []string) string {
	if len(list) == 1 {
		return "(" + Repr(list[0]) + ",)"
	}
	return "(" + joinRepr(list) + ")"
}

// ReprSet returns repr of a set of strings, in the order of the list.
func ReprSet(list []string) string {
	if len(list) == 0 {
		return "set()"
	}
	return "{" + joinRepr(list) + "}"
}

func joinRepr(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = Repr(s)
	}
	return strings.Join(out, ", ")
}

// ReprJSON returns repr of a value that encoding/json has decoded. Dicts are sorted
// by key, since a map does not keep the order of the document.
func ReprJSON(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return Repr(v)
	case []any:
		out := make([]string, len(v))
		for i, x := range v {
			out[i] = ReprJSON(x)
		}
		return "[" + strings.Join(out, ", ") + "]"
	case map[string]any:
		out := make([]string, 0, len(v))
		for k, x := range v {
			out = append(out, Repr(k)+": "+ReprJSON(x))
		}
		slices.Sort(out)
		return "{" + strings.Join(out, ", ") + "}"
	}
	return fmt.Sprint(v)
}
