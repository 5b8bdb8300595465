package python

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
)

// JSONString returns json.dumps(s) of a str.
func JSONString(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // A string can always be encoded.
	return JSON(b.Bytes())
}

// JSON formats a valid JSON document as json.dumps does: it writes one space after
// each comma and colon, and escapes characters that are not ASCII.
func JSON(document []byte) string {
	var b strings.Builder
	inString, escaped := false, false
	for _, r := range string(document) {
		switch {
		case r >= 0x7f:
			for _, unit := range utf16.AppendRune(nil, r) {
				b.WriteString(`\u` + strconv.FormatInt(int64(unit)+0x10000, 16)[1:])
			}
		case inString:
			b.WriteRune(r)
			inString = r != '"' || escaped
			escaped = r == '\\' && !escaped
		case r == '"':
			b.WriteRune(r)
			inString = true
		case r == ',' || r == ':':
			b.WriteRune(r)
			b.WriteByte(' ')
		case r != ' ' && r != '\n' && r != '\t' && r != '\r':
			b.WriteRune(r)
		}
	}
	return b.String()
}
