package serving

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"

	"github.com/millrace-ml/millrace/mlflow"
)

// request is the JSON body of an invocation: one of its fields.
type request struct {
	Inputs    json.RawMessage `json:"inputs"`
	Instances json.RawMessage `json:"instances"`
	Split     *struct {
		Columns []string            `json:"columns"`
		Data    [][]json.RawMessage `json:"data"`
	} `json:"dataframe_split"`
	Records []map[string]json.RawMessage `json:"dataframe_records"`
}

func fromJSON(body []byte, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The body is no JSON object with inputs, instances, dataframe_split or dataframe_records: %v", err)
	}
	given := 0
	for _, is := range []bool{in.Inputs != nil, in.Instances != nil, in.Split != nil, in.Records != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The body must have one of inputs, instances, dataframe_split and dataframe_records, and has %d.", given)
	}
	switch {
	case in.Inputs != nil:
		return fromNested(in.Inputs, specs)
	case in.Instances != nil:
		return fromInstances(in.Instances, specs)
	case in.Split != nil:
		return fromRows(in.Split.Columns, in.Split.Data, specs)
	}
	return fromRecords(in.Records, specs)
}

// fromNested reads one tensor as lists of lists, or several by name.
func fromNested(text json.RawMessage, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '{' {
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
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The model has %d inputs; send an object with their names.", len(specs))
	}
	t, err := mlflow.UnmarshalNested(text, specs[0].DType)
	return map[string]*mlflow.Tensor{specs[0].Name: t}, err
}

// fromInstances reads examples one after the other: tensors, or objects with one
// tensor for each input.
func fromInstances(text json.RawMessage, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
	var objects []map[string]json.RawMessage
	if json.Unmarshal(text, &objects) != nil || len(objects) == 0 {
		return fromNested(text, specs)
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

func fromRecords(records []map[string]json.RawMessage, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
	if len(records) == 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "dataframe_records has no rows.")
	}
	if len(specs) != 1 || records[0][specs[0].Name] != nil {
		all, err := json.Marshal(records)
		if err != nil {
			return nil, err
		}
		return fromInstances(all, specs)
	}
	return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The columns of dataframe_records have no order; send dataframe_split, or the input %q as one column.", specs[0].Name)
}

// fromRows makes the rows of a table the rows of the model's one input, or its
// columns the inputs of those names.
func fromRows(columns []string, rows [][]json.RawMessage, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
	for i, row := range rows {
		if len(columns) > 0 && len(row) != len(columns) {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Row %d has %d values for %d columns.", i, len(row), len(columns))
		}
	}
	if len(specs) == 1 && len(columns) != 1 || len(columns) == 0 {
		all, err := json.Marshal(rows)
		if err != nil {
			return nil, err
		}
		return fromNested(all, specs)
	}
	records := make([]map[string]json.RawMessage, len(rows))
	for i, row := range rows {
		records[i] = map[string]json.RawMessage{}
		for j, name := range columns {
			records[i][name] = row[j]
		}
	}
	return fromRecords(records, specs)
}

// fromCSV reads a table whose first line names the columns.
func fromCSV(body []byte, specs []mlflow.TensorSpec) (map[string]*mlflow.Tensor, error) {
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
			if _, err := strconv.ParseFloat(cell, 64); err != nil || !json.Valid([]byte(cell)) {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Line %d, column %q: %q is not a number.", i+2, lines[0][j], cell)
			}
			rows[i] = append(rows[i], json.RawMessage(cell))
		}
	}
	return fromRows(lines[0], rows, specs)
}
