package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pyString prints s as Python's repr does, as far as error messages need it.
func pyString(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	replacer := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\x00`)
	s = replacer.Replace(s)
	if quote == "'" {
		s = strings.ReplaceAll(s, "'", `\'`)
	}
	return quote + s + quote
}

// pyStrings prints a list of strings as Python's repr does.
func pyStrings(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = pyString(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// pyValue prints a decoded JSON value as Python's repr does, keys sorted.
func pyValue(v any) string {
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
		return pyString(v)
	case []any:
		out := make([]string, len(v))
		for i, x := range v {
			out[i] = pyValue(x)
		}
		return "[" + strings.Join(out, ", ") + "]"
	case map[string]any:
		out := make([]string, 0, len(v))
		for k, x := range v {
			out = append(out, pyString(k)+": "+pyValue(x))
		}
		slices.Sort(out)
		return "{" + strings.Join(out, ", ") + "}"
	}
	return fmt.Sprint(v)
}
