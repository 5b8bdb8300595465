package serving

import (
	"bytes"
	"context"
	"strings"

	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/internal/tabular/npy"
	"github.com/millrace-ml/millrace/internal/tabular/parquet"
	"github.com/millrace-ml/millrace/mlflow"
)

// parquetFrame decodes a parquet file with columns of numbers, booleans and strings.
func parquetFrame(ctx context.Context, body []byte) (*frame, error) {
	const readings, work = 4, 16 * maxCells // of the body; bytes and values to decode
	size := int64(len(body))
	source := func() *tabular.Source {
		return tabular.NewSource(ctx, bytes.NewReader(body), size, readings*size+1<<20, work+readings*size)
	}
	head, err := parquet.Read(source(), tabular.Window{Columns: maxColumns})
	if err != nil {
		return nil, badTable(err)
	}
	if head.ColumnCount > maxColumns || head.RowCount*head.ColumnCount > maxCells {
		return nil, errCells
	}
	f := &frame{csv: true}
	for _, c := range head.Columns {
		if !plainTypes[c.Type] {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"The column %.100q has the type %.100q; send numbers, booleans and strings.", c.Name, c.Type)
		}
		f.columns = append(f.columns, c.Name)
	}
	table, err := parquet.Read(source(), tabular.Window{Rows: int(head.RowCount), Columns: maxColumns})
	if err != nil {
		return nil, badTable(err)
	}
	for _, cells := range table.Rows {
		row := make([][]byte, len(cells))
		for j, cell := range cells {
			if cell == nil {
				continue
			}
			if row[j] = []byte(*cell); strings.HasSuffix(*cell, "…") {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
					"The column %.100q has a text of more than 300 bytes; send it as JSON.", f.columns[j])
			}
		}
		f.rows = append(f.rows, row)
	}
	return f, nil
}

// maxColumns bounds the columns of a parquet file.
const maxColumns = 10_000

// plainTypes has the types of columns whose cells are read.
var plainTypes = map[string]bool{
	"bool": true, "boolean": true, "float": true, "double": true, "float16": true, "string": true,
	"int8": true, "int16": true, "int32": true, "int64": true,
	"uint8": true, "uint16": true, "uint32": true, "uint64": true,
}

func badTable(err error) error {
	if e := mlflow.AsError(err); e != nil {
		return mlflow.Errorf(mlflow.BadRequest, "The parquet file cannot be read. %s", e.Message)
	}
	return mlflow.Errorf(mlflow.BadRequest, "The parquet file cannot be read: %v", err)
}

// decodeNPY decodes an array of NumPy as the only input of the model.
func (s *schema) decodeNPY(body []byte) (decoded, error) {
	if len(s.specs) != 1 {
		return decoded{}, mlflow.Errorf(mlflow.InvalidParameterValue,
			"The model has %d inputs, and an .npy array is one; send JSON.", len(s.specs))
	}
	t, err := npy.Tensor(body)
	if err != nil {
		return decoded{}, err
	}
	if s.specs[0].DType == "float32" && t.DType() != "float32" {
		if t.Data, err = t.Float32s(); err != nil {
			return decoded{}, err
		}
	}
	return decoded{inputs: map[string]*mlflow.Tensor{s.specs[0].Name: t}}, nil
}
