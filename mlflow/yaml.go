package mlflow

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// toYAML converts JSON to YAML in block style, with keys in the same order. Strings
// remain quoted as in JSON, unless they are plain words.
func toYAML(text []byte) ([]byte, error) {
	var out bytes.Buffer
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := yamlValue(&out, d, ""); err != nil {
		return nil, err
	}
	return bytes.TrimLeft(out.Bytes(), "\n "), nil
}

// yamlValue writes the next JSON value after a key or dash: a scalar on the same line,
// or a block on the next lines.
func yamlValue(out *bytes.Buffer, d *json.Decoder, indent string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return yamlScalar(out, token)
	}
	if !d.More() {
		out.WriteString(map[json.Delim]string{'{': " {}\n", '[': " []\n"}[delim])
		_, err := d.Token()
		return err
	}
	out.WriteByte('\n')
	for d.More() {
		out.WriteString(indent)
		if delim == '[' {
			out.WriteByte('-')
		} else {
			key, err := d.Token()
			if err != nil {
				return err
			}
			out.WriteString(yamlString(key.(string)) + ":")
		}
		if err := yamlValue(out, d, indent+"  "); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func yamlScalar(out *bytes.Buffer, token json.Token) error {
	if s, ok := token.(string); ok {
		out.WriteString(" " + yamlString(s) + "\n")
		return nil
	}
	text, err := json.Marshal(token)
	out.Write(append(append([]byte{' '}, text...), '\n'))
	return err
}

// plainWord matches strings that need no quotes, except reserved words.
var plainWord = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

func yamlString(s string) string {
	special := []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
	if plainWord.MatchString(s) && !slices.Contains(special, strings.ToLower(s)) {
		return s
	}
	quoted, _ := json.Marshal(s) // Strings always marshal.
	return string(quoted)
}
