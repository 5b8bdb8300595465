package serving

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// frame is a table like a pandas DataFrame.
type frame struct {
	columns []string // nil if the columns have no names
	rows    [][]json.RawMessage
}

func isObject(text json.RawMessage) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] == '{'
}

// isList reports whether text is a list whose first item begins with the given byte.
func isList(text json.RawMessage, first byte) bool {
	text, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte("["))
	text = bytes.TrimSpace(text)
	return ok && len(text) > 0 && text[0] == first
}

// splitFrame decodes the names of columns, which may be numbers, and the rows.
func splitFrame(in *split) (*frame, error) {
	f := &frame{}
	if err := checkCells(in.Data, ","); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(in.Data, &f.rows); err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "dataframe_split has no list of rows as its data, each a list.")
	}
	for _, name := range in.Columns {
		text := string(name)
		if len(name) > 0 && name[0] == '"' {
			if err := json.Unmarshal(name, &text); err != nil {
				return nil, mlflow.Errorf(mlflow.BadRequest, "The column %s cannot be read: %v", name, err)
			}
		}
		f.columns = append(f.columns, text)
	}
	for i, row := range f.rows {
		if len(f.columns) > 0 && len(row) != len(f.columns) {
			return nil, mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"Row %d has %d values for %d columns.",
				i,
				len(row),
				len(f.columns),
			)
		}
	}
	return f, nil
}

// recordsFrame decodes a list of objects, one per row. Columns are in order of their
// first appearance. Missing values are null.
func recordsFrame(text json.RawMessage) (*frame, error) {
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	var records []json.RawMessage
	if err := json.Unmarshal(text, &records); err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The rows are no list.")
	}
	if len(records) == 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "There are no rows.")
	}
	f, places := &frame{}, map[string]int{}
	for i, record := range records {
		var values map[string]json.RawMessage
		if err := json.Unmarshal(record, &values); err != nil {
			return nil, mlflow.Errorf(mlflow.BadRequest, "Row %d is no object.", i)
		}
		if len(values) > len(f.columns) || i == 0 {
			f.addColumns(record, places)
		}
		row := slices.Repeat([]json.RawMessage{json.RawMessage("null")}, len(f.columns))
		for name, v := range values {
			at, ok := places[name]
			if !ok {
				return nil, mlflow.Errorf(
					mlflow.InvalidParameterValue,
					"Row %d has a column %q that the first row has not.",
					i,
					name,
				)
			}
			row[at] = v
		}
		f.rows = append(f.rows, row)
	}
	return f, nil
}

// addColumns adds the keys of a record in order.
func (f *frame) addColumns(record json.RawMessage, places map[string]int) {
	if len(f.rows) > 0 {
		return
	}
	d := json.NewDecoder(bytes.NewReader(record))
	_, _ = d.Token() // The record is an object.
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return
		}
		if _, twice := places[name]; !twice {
			places[name] = len(f.columns)
			f.columns = append(f.columns, name)
		}
	}
}

// columnsFrame decodes an object of lists, one per column.
func columnsFrame(text json.RawMessage, columns []string) (*frame, error) {
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	var lists map[string][]json.RawMessage
	if err := json.Unmarshal(text, &lists); err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The columns are no lists.")
	}
	f := &frame{columns: columns}
	for at, name := range columns {
		list, ok := lists[name]
		if !ok || at > 0 && len(list) != len(f.rows) {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The column %q is missing or of another length.", name)
		}
		if at == 0 {
			f.rows = make([][]json.RawMessage, len(list))
		}
		for i, v := range list {
			f.rows[i] = append(f.rows[i], v)
		}
	}
	return f, nil
}

// pick returns the named columns in the given order.
func (f *frame) pick(names []string) (*frame, error) {
	at := make([]int, len(names))
	for i, name := range names {
		if at[i] = slices.Index(f.columns, name); at[i] < 0 {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The column %q is missing; the model takes %q.", name, names)
		}
	}
	out := &frame{columns: names}
	for _, row := range f.rows {
		picked := make([]json.RawMessage, len(at))
		for i, j := range at {
			picked[i] = row[j]
		}
		out.rows = append(out.rows, picked)
	}
	return out, nil
}

// inputs returns the rows as the only input of the model, or the columns as the inputs
// with their names. The columns of a signature determine the order.
func (f *frame) inputs(specs []mlflow.TensorSpec, columns []string) (map[string]*mlflow.Tensor, error) {
	if len(columns) > 0 && len(f.columns) > 0 {
		var err error
		if f, err = f.pick(columns); err != nil {
			return nil, err
		}
	}
	if len(specs) == 1 && !slices.Contains(f.columns, specs[0].Name) {
		all, err := json.Marshal(f.rows)
		if err != nil {
			return nil, err
		}
		return fromNested(all, specs)
	}
	out := map[string]*mlflow.Tensor{}
	for _, spec := range specs {
		column, err := f.pick([]string{spec.Name})
		if err != nil {
			return nil, err
		}
		t, err := column.tensor(spec)
		if err != nil {
			return nil, err
		}
		out[spec.Name] = t
	}
	return out, nil
}

// tensor converts a table with one column: to a list of numbers, to a matrix with one
// column if the model requires it, or to the stacked cells.
func (f *frame) tensor(spec mlflow.TensorSpec) (*mlflow.Tensor, error) {
	cells := make([]json.RawMessage, len(f.rows))
	for i, row := range f.rows {
		cells[i] = row[0]
	}
	all, err := json.Marshal(cells)
	if err != nil {
		return nil, err
	}
	t, err := mlflow.UnmarshalNested(all, spec.DType)
	if err == nil && len(t.Shape) == 1 && len(spec.Shape) == 2 {
		t.Shape = []int{t.Shape[0], 1}
	}
	return t, err
}
