package serving

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// decodeSplit decodes a table with a list of names and a list of rows.
func (s *schema) decodeSplit(text []byte) (decoded, error) {
	names, values, err := members(text)
	if err != nil {
		return decoded{}, mlflow.Errorf(mlflow.BadRequest, "dataframe_split cannot be read: %v", err)
	}
	for _, name := range names {
		if name != "columns" && name != "data" && name != "index" {
			return decoded{}, mlflow.Errorf(mlflow.BadRequest,
				"dataframe_split has columns, data and index, and no %.100q.", name)
		}
	}
	if values["data"] == nil {
		return decoded{}, mlflow.Errorf(mlflow.BadRequest, "dataframe_split has no data.")
	}
	columns, err := columnNames(values["columns"])
	if err != nil {
		return decoded{}, err
	}
	if t := s.matrix(values["data"], columns); t != nil && values["index"] == nil {
		return decoded{inputs: map[string]*mlflow.Tensor{s.specs[0].Name: t}, table: true}, nil
	}
	f, err := rowsFrame(values["data"])
	if err != nil {
		return decoded{}, err
	}
	f.columns = columns
	if columns != nil && len(f.rows) > 0 && len(f.rows[0]) != len(columns) {
		return decoded{}, mlflow.Errorf(mlflow.InvalidParameterValue,
			"The rows have %d values for %d columns.", len(f.rows[0]), len(columns))
	}
	if index := values["index"]; index != nil && string(index) != "null" {
		labels, err := items(index)
		if err != nil || len(labels) != len(f.rows) {
			return decoded{}, mlflow.Errorf(mlflow.InvalidParameterValue,
				"The index is no list with a label for each of %d rows.", len(f.rows))
		}
	}
	return s.table(f, nil)
}

// columnNames decodes a list of names, which may be numbers. It returns nil for null.
func columnNames(text []byte) ([]string, error) {
	if text == nil || string(text) == "null" {
		return nil, nil
	}
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	list, err := items(text)
	if err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The columns are no list: %v", err)
	}
	out := make([]string, len(list))
	for i, name := range list {
		if out[i] = string(name); name[0] == '"' {
			if out[i], err = unquote(name); err != nil {
				return nil, mlflow.Errorf(mlflow.BadRequest, "The column %.100q cannot be read: %v", name, err)
			}
		}
	}
	return out, nil
}

// matrix decodes rows of numbers as the only input of a model. It returns nil for other data,
// which [rowsFrame] reads.
func (s *schema) matrix(text []byte, columns []string) *mlflow.Tensor {
	if len(s.specs) != 1 || s.specs[0].DType == "str" {
		return nil
	}
	t, err := mlflow.UnmarshalNested(text, s.specs[0].DType)
	if err != nil || len(t.Shape) != 2 || t.Shape[1] == 0 || columns != nil && len(columns) != t.Shape[1] {
		return nil
	}
	if s.columns == nil {
		return t
	}
	if columns == nil {
		if columns = s.columns; len(columns) != t.Shape[1] {
			return nil
		}
	}
	at, err := (&frame{columns: columns}).places(s.columns)
	if err != nil {
		return nil
	}
	if slices.Equal(columns, s.columns) {
		return t
	}
	return pick(t, at)
}

// pick returns columns of a matrix. It returns nil for types that models do not have.
func pick(t *mlflow.Tensor, at []int) *mlflow.Tensor {
	switch d := t.Data.(type) {
	case []float32:
		return pickOf(d, t.Shape, at)
	case []float64:
		return pickOf(d, t.Shape, at)
	case []int64:
		return pickOf(d, t.Shape, at)
	case []int32:
		return pickOf(d, t.Shape, at)
	case []uint8:
		return pickOf(d, t.Shape, at)
	case []bool:
		return pickOf(d, t.Shape, at)
	}
	return nil
}

func pickOf[T mlflow.Number](d []T, shape, at []int) *mlflow.Tensor {
	out := make([]T, 0, shape[0]*len(at))
	for row := range shape[0] {
		for _, column := range at {
			out = append(out, d[row*shape[1]+column])
		}
	}
	return &mlflow.Tensor{Shape: []int{shape[0], len(at)}, Data: out}
}
