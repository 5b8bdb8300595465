package python

import "unicode/utf8"

// AppendJSONString appends json.dumps(s, ensure_ascii=False) of a str. Invalid UTF-8 becomes
// U+FFFD.
func AppendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[from:i]...)
		b = appendEscaped(b, c)
		i += size
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// appendEscaped appends a byte that cannot be itself in a JSON string.
func appendEscaped(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	}
	if c >= utf8.RuneSelf {
		return append(b, "\ufffd"...)
	}
	return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// AppendJSONFloat appends json.dumps(f) of a float, which is NaN, Infinity or -Infinity for
// numbers that JSON does not have.
func AppendJSONFloat(b []byte, f float64) []byte {
	switch text := ReprFloat(f); text {
	case "nan":
		return append(b, "NaN"...)
	case "inf":
		return append(b, "Infinity"...)
	case "-inf":
		return append(b, "-Infinity"...)
	default:
		return append(b, text...)
	}
}
