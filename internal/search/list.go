package search

import (
	"strconv"
	"strings"
)

// listItem is a member of a list in parentheses.
type listItem string

// stringList parses a list of quoted strings. MLflow parses it as a Python tuple:
// backslashes are escapes, and adjacent strings are concatenated.
func stringList(src source, v atom) ([]any, error) {
	const expected = "While parsing a list in the query, expected a non-empty list of string values, but got "
	text := strings.TrimSpace(v.text[1 : len(v.text)-1])
	if text == "" {
		return nil, src.errAt(v.pos, expected+"empty list")
	}
	var items []any
	for text != "" {
		first, _, _ := strings.Cut(text, ",")
		if _, err := strconv.ParseFloat(strings.TrimSpace(first), 64); err == nil {
			return nil, src.errAt(v.pos, "While parsing a list in the query, expected string value, punctuation, "+
				"or whitespace, but got different type in list: %s", v.text)
		}
		var item strings.Builder
		rest := text
		for rest != "" && (rest[0] == '\'' || rest[0] == '"') {
			n := pythonString(rest, &item)
			if n == 0 {
				break
			}
			rest = strings.TrimLeft(rest[n:], " \t\r\n")
		}
		if len(rest) == len(text) || (rest != "" && rest[0] != ',') {
			return nil, src.errAt(v.pos, expected+"ill-formed list.")
		}
		items = append(items, listItem(item.String()))
		text = strings.TrimLeft(strings.TrimPrefix(rest, ","), " \t\r\n")
	}
	return items, nil
}

// pythonString appends the value of the quoted string at the start of s. It returns
// the length of the string in s, or 0 if the string is not closed.
func pythonString(s string, out *strings.Builder) int {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return i + 1
		case c == '\\' && i+1 < len(s):
			i++
			if escaped := strings.IndexByte(`nrt\'"`, s[i]); escaped >= 0 {
				out.WriteByte("\n\r\t\\'\""[escaped])
			} else {
				out.WriteString(s[i-1 : i+1])
			}
		default:
			out.WriteByte(c)
		}
	}
	return 0
}
