package python

import (
	"encoding/json"
	"strings"
)

// IsJSON reports whether json.loads reads a text, which may have NaN and Infinity.
func IsJSON(s string) bool {
	switch FirstByte(s) {
	case 0:
		return false
	case '"', '{', '[', '-', 't', 'f', 'n', 'N', 'I', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
	default:
		return false
	}
	if json.Valid([]byte(s)) {
		return true
	}
	return (strings.Contains(s, "NaN") || strings.Contains(s, "Infinity")) && json.Valid(QuoteConstants(s))
}

// FirstByte returns the first byte of a text that is no space of JSON, or 0.
func FirstByte(s string) byte {
	if s = strings.TrimLeft(s, " \t\n\r"); s == "" {
		return 0
	}
	return s[0]
}

// QuoteConstants returns a document of Python in which the numbers that JSON does not have
// are texts: "NaN", "Infinity" and "-Infinity".
func QuoteConstants(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] == '"' {
			end := endOfString(s, i)
			out = append(out, s[i:end]...)
			i = end
			continue
		}
		if constant := constantAt(s[i:]); constant != "" {
			out = append(append(append(out, '"'), constant...), '"')
			i += len(constant)
			continue
		}
		out = append(out, s[i])
		i++
	}
	return out
}

// constantAt returns the number with which a text begins if JSON does not have it, or "".
func constantAt(s string) string {
	for _, constant := range []string{"NaN", "Infinity", "-Infinity"} {
		if strings.HasPrefix(s, constant) {
			return constant
		}
	}
	return ""
}

// endOfString returns the offset after the string that begins at an offset.
func endOfString(s string, at int) int {
	for i := at + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
