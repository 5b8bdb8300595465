package serving

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// schema is what the decoder knows about a model.
type schema struct {
	specs []mlflow.TensorSpec
	// columns are the columns of the signature, or nil. named reports whether its tensors have
	// names.
	columns []string
	named   bool
	params  []models.ParamSpec
}

// decoded are the inputs of a request. table reports whether they came as a table.
type decoded struct {
	inputs map[string]*mlflow.Tensor
	table  bool
}

// The content types of requests. npy is the only one that MLflow has not.
const (
	typeJSON    = "application/json"
	typeCSV     = "text/csv"
	typeParquet = "application/vnd.apache.parquet"
	typeNPY     = "application/x-npy"
)

// decode decodes the inputs of a request.
func (s *schema) decode(ctx context.Context, contentType string, body []byte) (decoded, error) {
	kind, err := mediaType(contentType)
	if err != nil {
		return decoded{}, err
	}
	switch kind {
	case "", typeJSON:
		return s.decodeJSON(body)
	case typeCSV:
		return s.table(csvFrame(body))
	case typeParquet:
		return s.table(parquetFrame(ctx, body))
	case typeNPY:
		return s.decodeNPY(body)
	}
	return decoded{}, unsupported(
		"Send one of %s, %s, %s and %s, not %.100q.", typeJSON, typeCSV, typeParquet, typeNPY, kind)
}

func unsupported(format string, args ...any) error {
	return &mlflow.Error{
		Code:    mlflow.BadRequest,
		Status:  http.StatusUnsupportedMediaType,
		Message: fmt.Sprintf(format, args...),
	}
}

// mediaType returns the type in a Content-Type, whose only parameter is charset=utf-8.
func mediaType(contentType string) (string, error) {
	kind, parameters, more := strings.Cut(contentType, ";")
	for more {
		var parameter string
		parameter, parameters, more = strings.Cut(parameters, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		switch {
		case name != "charset":
			return "", unsupported("The Content-Type has the parameter %.100q; there is only charset=utf-8.", name)
		case !strings.EqualFold(value, "utf-8"):
			return "", unsupported("The charset is %.100q; send UTF-8.", value)
		}
	}
	return strings.TrimSpace(kind), nil
}

// body is the JSON body of an invocation: the text of each member that is known.
type body struct {
	inputs, instances, split, records, params []byte
}

func parseBody(text []byte) (*body, error) {
	out := &body{}
	s := &scanner{text: bytes.TrimPrefix(text, []byte("\ufeff"))}
	wrong := func(err error) error {
		return mlflow.Errorf(
			mlflow.BadRequest,
			"The body is no JSON object with inputs, instances, dataframe_split or dataframe_records: %v",
			err,
		)
	}
	if !s.space() || s.text[s.at] != '{' || !utf8.Valid(text) {
		return nil, wrong(s.unexpected())
	}
	err := s.object(func(key []byte) (err error) {
		name, err := unquote(key)
		if err != nil {
			return err
		}
		switch name {
		case "inputs":
			out.inputs, err = s.skim()
		case "instances":
			out.instances, err = s.skim()
		case "dataframe_split":
			out.split, err = s.skim()
		case "dataframe_records":
			out.records, err = s.skim()
		case "params":
			out.params, err = s.value(0)
		default:
			_, err = s.value(0)
		}
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, wrong(err)
	}
	given := 0
	for _, text := range [][]byte{out.inputs, out.instances, out.split, out.records} {
		if text != nil {
			given++
		}
	}
	if given != 1 {
		return nil, mlflow.Errorf(
			mlflow.BadRequest,
			"The body must have one of inputs, instances, dataframe_split and dataframe_records, and has %d.",
			given,
		)
	}
	return out, nil
}

func (s *schema) decodeJSON(text []byte) (decoded, error) {
	in, err := parseBody(text)
	if err != nil {
		return decoded{}, err
	}
	if err := s.checkParams(in.params); err != nil {
		return decoded{}, err
	}
	switch {
	case in.split != nil:
		return s.decodeSplit(in.split)
	case in.records != nil:
		return s.table(recordsFrame(in.records, false))
	case in.instances != nil && isList(in.instances, '{'):
		if s.columns != nil {
			return s.table(recordsFrame(in.instances, true))
		}
		inputs, err := s.fromExamples(in.instances)
		return decoded{inputs: inputs}, err
	}
	value := in.inputs
	if value == nil {
		value = in.instances
	}
	switch {
	case s.columns != nil && isObject(value):
		return s.table(columnsFrame(value, s.columns))
	case s.columns != nil && isList(value, '{'):
		return s.table(recordsFrame(value, true))
	case len(s.columns) == 1:
		return s.table(columnFrame(value, s.columns[0]))
	case s.columns != nil && isList(value, '['):
		return s.table(rowsFrame(value))
	}
	inputs, err := s.fromNested(value)
	return decoded{inputs: inputs}, err
}

// fromNested decodes nested lists as one tensor, or an object of them as tensors by name.
func (s *schema) fromNested(text []byte) (map[string]*mlflow.Tensor, error) {
	if !isObject(text) {
		if len(s.specs) != 1 || s.named {
			return nil, mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"The model has %d inputs with names; send an object with a member for each.",
				len(s.specs),
			)
		}
		t, err := tensorOf(text, s.specs[0].DType)
		return map[string]*mlflow.Tensor{s.specs[0].Name: t}, err
	}
	names, values, err := members(text)
	if err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The inputs cannot be read: %v", err)
	}
	out := map[string]*mlflow.Tensor{}
	for _, spec := range s.specs {
		value, ok := values[spec.Name]
		if !ok {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The input %q is missing.", spec.Name)
		}
		if out[spec.Name], err = tensorOf(value, spec.DType); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		// MLflow drops what the signature does not name.
		if _, known := out[name]; !known && !s.named {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The model has no input %.100q.", name)
		}
	}
	return out, nil
}

// fromExamples decodes a list of objects with a tensor for each input.
func (s *schema) fromExamples(text []byte) (map[string]*mlflow.Tensor, error) {
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	examples, err := items(text)
	if err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The instances cannot be read: %v", err)
	}
	lists := map[string][]byte{}
	for i, example := range examples {
		_, values, err := members(example)
		if err != nil {
			return nil, mlflow.Errorf(mlflow.BadRequest, "Instance %d cannot be read: %v", i, err)
		}
		for _, spec := range s.specs {
			value, ok := values[spec.Name]
			if !ok {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Instance %d has no %q.", i, spec.Name)
			}
			lists[spec.Name] = append(append(lists[spec.Name], ','), value...)
		}
	}
	out := map[string]*mlflow.Tensor{}
	for _, spec := range s.specs {
		list := append(slices.Concat([]byte("["), lists[spec.Name][1:]), ']')
		if out[spec.Name], err = tensorOf(list, spec.DType); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func isObject(text []byte) bool { return len(text) > 0 && text[0] == '{' }

// isList reports whether text is a list whose first item begins with the given byte.
func isList(text []byte, first byte) bool {
	inner, ok := bytes.CutPrefix(text, []byte("["))
	s := &scanner{text: inner}
	return ok && s.space() && inner[s.at] == first
}
