package serving

import (
	"bytes"
	"errors"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// frame is a table like a pandas DataFrame. Cells are JSON, or the fields of a CSV file.
type frame struct {
	columns []string // nil if the columns have no names
	rows    [][][]byte
	csv     bool
}

// maxCells bounds the cells of a table. A cell takes two bytes of a request and up to a
// hundred bytes of memory. Tensors have no such limit, nor have matrices of numbers in
// dataframe_split.
const maxCells = 500_000

var errCells = &mlflow.Error{
	Code:    mlflow.BadRequest,
	Status:  413,
	Message: "The table has more than 500,000 cells; send fewer rows at a time, or a tensor as inputs.",
}

// checkCells refuses a text with more separators than a table may have cells.
func checkCells(text []byte, separators string) error {
	n := 0
	for i := range len(separators) {
		n += bytes.Count(text, []byte{separators[i]})
	}
	if n > maxCells {
		return errCells
	}
	return nil
}

// rowsFrame decodes a list of rows, each a list. Values that the ends of rows lack are null.
func rowsFrame(text []byte) (*frame, error) {
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	rows, err := items(text)
	f, width := &frame{}, 0
	for i := 0; err == nil && i < len(rows); i++ {
		var row [][]byte
		row, err = items(rows[i])
		f.rows, width = append(f.rows, row), max(width, len(row))
	}
	if err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The data are no list of rows, each a list: %v", err)
	}
	return f, f.pad(width)
}

var null = []byte("null")

// pad adds null to rows that are shorter than the others.
func (f *frame) pad(width int) error {
	if width*len(f.rows) > maxCells {
		return errCells
	}
	for i := range f.rows {
		for len(f.rows[i]) < width {
			f.rows[i] = append(f.rows[i], null)
		}
	}
	return nil
}

// recordsFrame decodes a list of objects, one per row, or of lists. Columns are in order of
// their first appearance. Missing values are null, unless all are required.
func recordsFrame(text []byte, required bool) (*frame, error) {
	if isList(text, '[') {
		return rowsFrame(text)
	}
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	records, err := items(text)
	if err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The rows are no list: %v", err)
	}
	f, places := &frame{columns: []string{}}, map[string]int{}
	for i, record := range records {
		names, values, err := members(record)
		if err != nil {
			return nil, mlflow.Errorf(mlflow.BadRequest, "Row %d cannot be read: %v", i, err)
		}
		for _, name := range names {
			if _, known := places[name]; !known {
				places[name] = len(f.columns)
				f.columns = append(f.columns, name)
			}
		}
		if required && len(values) != len(f.columns) {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Row %d has not the columns of the others.", i)
		}
		if len(f.rows)*len(f.columns) > maxCells {
			return nil, errCells
		}
		row := slices.Repeat([][]byte{null}, len(f.columns))
		for name, v := range values {
			row[places[name]] = v
		}
		f.rows = append(f.rows, row)
	}
	if len(f.columns) == 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "There are no rows with values.")
	}
	return f, f.pad(len(f.columns))
}

// columnsFrame decodes an object of lists, one per column.
func columnsFrame(text []byte, columns []string) (*frame, error) {
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	_, lists, err := members(text)
	if err != nil {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The columns cannot be read: %v", err)
	}
	if first := lists[columns[0]]; len(first) > 0 && first[0] != '[' { // Values are one row.
		return recordsFrame(slices.Concat([]byte("["), text, []byte("]")), true)
	}
	f := &frame{columns: columns}
	for at, name := range columns {
		list, ok := lists[name]
		if !ok {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The column %q is missing.", name)
		}
		if err := f.addColumn(at, list); err != nil {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The column %q cannot be read: %v", name, err)
		}
	}
	return f, nil
}

// columnFrame decodes a list as the only column.
func columnFrame(text []byte, column string) (*frame, error) {
	if err := checkCells(text, ","); err != nil {
		return nil, err
	}
	f := &frame{columns: []string{column}}
	if err := f.addColumn(0, text); err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The column %q cannot be read: %v", column, err)
	}
	return f, nil
}

func (f *frame) addColumn(at int, list []byte) error {
	values, err := items(list)
	if err != nil {
		return err
	}
	if at == 0 {
		f.rows = make([][][]byte, len(values))
	}
	if len(values) != len(f.rows) {
		return errors.New("it has another length than the first one")
	}
	for i, v := range values {
		if v[0] == '[' || v[0] == '{' {
			return errors.New("its values are no numbers or strings")
		}
		f.rows[i] = append(f.rows[i], v)
	}
	return nil
}

// table converts a table to the inputs of the model.
func (s *schema) table(f *frame, err error) (decoded, error) {
	if err != nil {
		return decoded{}, err
	}
	inputs, err := f.inputs(s.specs, s.columns)
	return decoded{inputs: inputs, table: true}, err
}

// places returns where the named columns are.
func (f *frame) places(names []string) ([]int, error) {
	at := make([]int, len(names))
	for i, name := range names {
		if at[i] = slices.Index(f.columns, name); at[i] < 0 {
			return nil, mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"The column %q is missing; the model takes %.300q.",
				name,
				names,
			)
		}
	}
	return at, nil
}

// inputs returns the rows as the only input of the model, or the columns as the inputs with
// their names. The columns of a signature determine the order.
func (f *frame) inputs(specs []mlflow.TensorSpec, columns []string) (map[string]*mlflow.Tensor, error) {
	if columns != nil && f.columns == nil && (len(f.rows) == 0 || len(f.rows[0]) != len(columns)) {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The model takes the columns %.300q.", columns)
	}
	if columns != nil && f.columns == nil {
		f.columns = columns
	}
	out := map[string]*mlflow.Tensor{}
	if len(specs) == 1 {
		at := make([]int, len(f.columns))
		if f.columns == nil && len(f.rows) > 0 {
			at = make([]int, len(f.rows[0]))
		}
		for i := range at {
			at[i] = i
		}
		if columns != nil {
			var err error
			if at, err = f.places(columns); err != nil {
				return nil, err
			}
		}
		t, err := f.tensor(at, specs[0], columns == nil)
		out[specs[0].Name] = t
		return out, err
	}
	for _, spec := range specs {
		at, err := f.places([]string{spec.Name})
		if err != nil {
			return nil, err
		}
		if out[spec.Name], err = f.tensor(at, spec, true); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// tensor converts columns to a matrix. One column is a matrix with one column if the model
// takes matrices, otherwise a list; if its cells may be lists, it is the stacked cells.
func (f *frame) tensor(at []int, spec mlflow.TensorSpec, lists bool) (*mlflow.Tensor, error) {
	one := len(at) == 1 && (len(spec.Shape) != 2 || lists && len(f.rows) > 0 && !f.csv && f.rows[0][at[0]][0] == '[')
	booleans := f.booleans(at)
	text := []byte("[")
	for i, row := range f.rows {
		if i > 0 {
			text = append(text, ',')
		}
		if !one {
			text = append(text, '[')
		}
		for j, place := range at {
			if j > 0 {
				text = append(text, ',')
			}
			var err error
			if text, err = f.appendCell(text, row[place], spec.DType, booleans[j]); err != nil {
				return nil, mlflow.Errorf(
					mlflow.InvalidParameterValue,
					"Row %d: %.100q is not a value of %s.",
					i,
					row[place],
					spec.DType,
				)
			}
		}
		if !one {
			text = append(text, ']')
		}
	}
	t, err := tensorOf(append(text, ']'), spec.DType)
	if err == nil && len(f.rows) == 0 && !one {
		t.Shape = []int{0, len(at)}
	}
	return t, err
}

func (f *frame) appendCell(b, cell []byte, dtype string, boolean bool) ([]byte, error) {
	switch {
	case !f.csv:
		return append(b, cell...), nil
	case boolean && dtype != "str":
		return appendConverted(b, []byte(booleans[string(cell)]), dtype)
	}
	return appendCell(b, string(cell), dtype)
}

// booleans reports which columns of a CSV file consist of booleans.
func (f *frame) booleans(at []int) []bool {
	out := make([]bool, len(at))
	if !f.csv {
		return out
	}
	for j, place := range at {
		out[j] = !slices.ContainsFunc(f.rows, func(row [][]byte) bool { return booleans[string(row[place])] == "" })
	}
	return out
}
