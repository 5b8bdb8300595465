package serving

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/millrace-ml/millrace/mlflow"
)

// request is the JSON body of an invocation. One of the fields is set.
type request struct {
	Inputs    json.RawMessage `json:"inputs"`
	Instances json.RawMessage `json:"instances"`
	Split     *split          `json:"dataframe_split"`
	Records   json.RawMessage `json:"dataframe_records"`
}

// split is a table with a list for each row.
type split struct {
	Columns []json.RawMessage `json:"columns"`
	Data    json.RawMessage   `json:"data"`
}

// maxCells bounds the cells of a table. A cell takes two bytes of a request and up to a
// hundred bytes of memory. Tensors have no such limit.
const maxCells = 500_000

func checkCells(text []byte, separators string) error {
	n := 0
	for i := range len(separators) {
		n += bytes.Count(text, []byte{separators[i]})
	}
	if n > maxCells {
		return &mlflow.Error{
			Code:    mlflow.BadRequest,
			Status:  http.StatusRequestEntityTooLarge,
			Message: "The table has more than 500,000 cells; send fewer rows at a time, or a tensor as inputs.",
		}
	}
	return nil
}

// decodeJSON decodes the inputs of a model. columns are the columns of its signature, or
// nil. table reports whether the inputs are a table.
func decodeJSON(
	body []byte,
	specs []mlflow.TensorSpec,
	columns []string,
) (inputs map[string]*mlflow.Tensor, table bool, err error) {
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, false, mlflow.Errorf(
			mlflow.BadRequest,
			"The body is no JSON object with inputs, instances, dataframe_split or dataframe_records: %v",
			err,
		)
	}
	given := 0
	for _, is := range []bool{in.Inputs != nil, in.Instances != nil, in.Split != nil, in.Records != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, false, mlflow.Errorf(
			mlflow.BadRequest,
			"The body must have one of inputs, instances, dataframe_split and dataframe_records, and has %d.",
			given,
		)
	}
	var f *frame
	switch {
	case in.Split != nil:
		f, err = splitFrame(in.Split)
	case in.Records != nil:
		f, err = recordsFrame(in.Records)
	case columns != nil && in.Instances != nil && isList(in.Instances, '{'):
		f, err = recordsFrame(in.Instances)
	case columns != nil && isObject(in.Inputs):
		f, err = columnsFrame(in.Inputs, columns)
	case in.Inputs != nil:
		inputs, err = fromNested(in.Inputs, specs)
		return inputs, false, err
	default:
		inputs, err = fromInstances(in.Instances, specs)
		return inputs, false, err
	}
	if err != nil {
		return nil, true, err
	}
	inputs, err = f.inputs(specs, columns)
	return inputs, true, err
}

// fromNested decodes nested lists as one tensor, or an object of them as tensors by
// name.
func fromNested(text json.RawMessage, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
	if isObject(text) {
		var byName map[string]json.RawMessage
		if err := json.Unmarshal(text, &byName); err != nil {
			return nil, mlflow.Errorf(mlflow.BadRequest, "inputs cannot be read: %v", err)
		}
		out := map[string]*mlflow.Tensor{}
		for _, spec := range specs {
			value, ok := byName[spec.Name]
			if !ok {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The input %q is missing.", spec.Name)
			}
			t, err := mlflow.UnmarshalNested(value, spec.DType)
			if err != nil {
				return nil, err
			}
			out[spec.Name] = t
			delete(byName, spec.Name)
		}
		for name := range byName {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The model has no input %q.", name)
		}
		return out, nil
	}
	if len(specs) != 1 {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"The model has %d inputs; send an object with their names.",
			len(specs),
		)
	}
	t, err := mlflow.UnmarshalNested(text, specs[0].DType)
	return map[string]*mlflow.Tensor{specs[0].Name: t}, err
}

// fromInstances decodes a list of examples: tensors, or objects with a tensor for each
// input.
func fromInstances(text json.RawMessage, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
	if !isList(text, '{') {
		return fromNested(text, specs)
	}
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	var objects []map[string]json.RawMessage
	if err := json.Unmarshal(text, &objects); err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "instances begins with an object, and has something else in it.")
	}
	columns := map[string][]json.RawMessage{}
	for i, o := range objects {
		for _, spec := range specs {
			value, ok := o[spec.Name]
			if !ok {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Instance %d has no %q.", i, spec.Name)
			}
			columns[spec.Name] = append(columns[spec.Name], value)
		}
	}
	all, err := json.Marshal(columns)
	if err != nil {
		return nil, err
	}
	return fromNested(all, specs)
}

// decodeCSV decodes a table. The first line has the names of the columns.
func decodeCSV(body []byte, specs []mlflow.TensorSpec, columns []string) (map[string]*mlflow.Tensor, error) {
	if err := checkCells(body, ",\n"); err != nil {
		return nil, err
	}
	lines, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The CSV cannot be read: %v", err)
	}
	if len(lines) < 2 {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The CSV needs a line of column names and at least one row.")
	}
	rows := make([][]json.RawMessage, len(lines)-1)
	for i, line := range lines[1:] {
		for j, cell := range line {
			if cell == "" {
				rows[i] = append(rows[i], json.RawMessage("null"))
				continue
			}
			if _, err := strconv.ParseFloat(cell, 64); err != nil || !json.Valid([]byte(cell)) {
				return nil, mlflow.Errorf(
					mlflow.InvalidParameterValue,
					"Line %d, column %.100q: %.100q is not a number.",
					i+2,
					lines[0][j],
					cell,
				)
			}
			rows[i] = append(rows[i], json.RawMessage(cell))
		}
	}
	return (&frame{lines[0], rows}).inputs(specs, columns)
}
