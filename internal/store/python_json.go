package store

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
)

// asciiJSON writes a string as Python's json.dumps does.
func asciiJSON(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // Strings always marshal.
	return pythonJSON(b.Bytes())
}

// pythonJSON spaces JSON as Python's json.dumps does, and escapes what is not
// ASCII. Clients of MLflow compare the tags in which it keeps JSON as texts.
func pythonJSON(raw []byte) string {
	var b strings.Builder
	inString, escaped := false, false
	for _, r := range string(raw) {
		switch {
		case r >= 0x80:
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
