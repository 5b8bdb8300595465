package serving

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
)

// tensorOf decodes nested lists. Values of other types than that of the tensor are converted
// as NumPy converts them, which needs a second pass.
func tensorOf(text []byte, dtype string) (*mlflow.Tensor, error) {
	t, err := mlflow.UnmarshalNested(text, dtype)
	if err == nil {
		return t, nil
	}
	converted, ok := convertAll(text, dtype)
	if !ok {
		return nil, err
	}
	return mlflow.UnmarshalNested(converted, dtype)
}

// convertAll converts the values in nested lists that are strings, booleans, or numbers that
// a type cannot represent. ok reports whether that succeeded.
func convertAll(text []byte, dtype string) (out []byte, ok bool) {
	s := &scanner{text: text}
	var one func(depth int) error
	one = func(depth int) error {
		if s.space() && s.text[s.at] == '[' {
			if depth == maxDepth {
				return errors.New("too deep")
			}
			out = append(out, '[')
			first := true
			err := s.list(func() error {
				if !first {
					out = append(out, ',')
				}
				first = false
				return one(depth + 1)
			})
			out = append(out, ']')
			return err
		}
		value, err := s.value(depth)
		if err != nil {
			return err
		}
		out, err = appendConverted(out, value, dtype)
		return err
	}
	err := errors.Join(one(0), s.end())
	return out, err == nil
}

var errNoNumber = errors.New("it is no number")

// appendConverted appends a JSON value as one that [mlflow.UnmarshalNested] reads as dtype.
func appendConverted(b, value []byte, dtype string) ([]byte, error) {
	word := string(value)
	switch {
	case dtype == "str" || value[0] == '{':
		return append(b, value...), nil
	case value[0] == '"':
		text, err := unquote(value)
		if err != nil || dtype == "bool" {
			return nil, errNoNumber
		}
		word = strings.TrimSpace(text)
		if v, err := parseFloat(word); err == nil && isFloat(dtype) {
			return appendFloat(b, v), nil
		}
		if _, err := strconv.ParseInt(word, 10, 64); err != nil || isFloat(dtype) {
			return nil, errNoNumber
		}
		return append(b, strings.TrimPrefix(word, "+")...), nil
	case word == "true" && dtype != "bool":
		return append(b, '1'), nil
	case word == "false" && dtype != "bool":
		return append(b, '0'), nil
	case word == "true", word == "false", word == "null":
		return append(b, value...), nil
	}
	v, err := strconv.ParseFloat(word, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, err
	}
	switch {
	case dtype == "bool":
		return strconv.AppendBool(b, v != 0), nil
	case dtype == "float32" && math.Abs(v) > math.MaxFloat32:
		return appendFloat(b, float64(float32(v))), nil
	case isFloat(dtype):
		return appendFloat(b, v), nil
	case strings.ContainsAny(word, ".eE") && math.Abs(v) < 1<<63:
		return strconv.AppendInt(b, int64(v), 10), nil
	}
	return append(b, value...), nil
}

func isFloat(dtype string) bool { return dtype == "float32" || dtype == "float64" }

func appendFloat(b []byte, v float64) []byte {
	b, _ = (&mlflow.Tensor{Shape: []int{}, Data: []float64{v}}).AppendNested(b) // Floats are always written.
	return b
}

// parseFloat parses a number as Python's float and pandas do, with neither hexadecimal digits
// nor underscores. A number that is too large is infinite.
func parseFloat(text string) (float64, error) {
	if strings.ContainsAny(text, "xXpP_") {
		return 0, errNoNumber
	}
	v, err := strconv.ParseFloat(text, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	return v, err
}

// missing has the cells of a CSV file that pandas reads as missing values.
var missing = map[string]bool{
	"": true, "#N/A": true, "#N/A N/A": true, "#NA": true, "-1.#IND": true, "-1.#QNAN": true, "-NaN": true,
	"-nan": true, "1.#IND": true, "1.#QNAN": true, "<NA>": true, "N/A": true, "NA": true, "NULL": true, "NaN": true,
	"None": true, "n/a": true, "nan": true, "null": true,
}

// booleans has the cells of a CSV file that pandas reads as booleans, if all of the column are.
var booleans = map[string]string{
	"True": "true", "TRUE": "true", "true": "true", "False": "false", "FALSE": "false", "false": "false",
}

// appendCell appends the cell of a CSV file as JSON for a tensor of dtype.
func appendCell(b []byte, cell, dtype string) ([]byte, error) {
	if missing[cell] {
		return append(b, "null"...), nil
	}
	if dtype == "str" {
		return (&mlflow.Tensor{Shape: []int{}, Data: []string{cell}}).AppendNested(b)
	}
	text := strings.Trim(cell, " \t")
	if dtype == "bool" {
		if word, ok := booleans[text]; ok {
			return append(b, word...), nil
		}
		return nil, errNoNumber
	}
	if !isFloat(dtype) {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return strconv.AppendInt(b, v, 10), nil
		}
	}
	v, err := parseFloat(text)
	if err != nil || !isFloat(dtype) && (v != math.Trunc(v) || math.Abs(v) >= 1<<63) {
		return nil, errNoNumber
	}
	if isFloat(dtype) {
		return appendFloat(b, v), nil
	}
	return strconv.AppendInt(b, int64(v), 10), nil
}
