// Package parquet reads parts of the tables in parquet files. It reads the footer, and then
// those pages of the columns that are asked for which have rows that are asked for.
//
// It is not a general reader: it returns cells as text, and columns of nested structures by
// the names of their leaves. In exchange, what it allocates is bounded by constants,
// whatever a file says.
package parquet

import (
	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/mlflow"
)

// Read returns the part of the table in a file that a window asks for.
func Read(src *tabular.Source, w tabular.Window) (*mlflow.FileTableResponse, error) {
	if w.Array != "" {
		return nil, tabular.Invalid("A parquet file has no arrays.")
	}
	f, err := readFooter(src)
	if err != nil {
		return nil, err
	}
	first, end := w.WithinColumns(int64(len(f.leaves)))
	out := &mlflow.FileTableResponse{
		Format: "parquet", ColumnOffset: first, ColumnCount: int64(len(f.leaves)), RowCount: f.rows,
		CreatedBy: f.createdBy, RowGroups: int64(len(f.groups)),
	}
	leaves := f.leaves[first:end]
	for i := range leaves {
		out.Columns = append(out.Columns, mlflow.FileColumn{
			Name: leaves[i].name, Type: leaves[i].typeName(), Numeric: leaves[i].isNumeric(),
		})
	}
	if len(f.groups) > 0 && len(leaves) > 0 {
		chunks, err := f.groups[0].chunks(first, first+1)
		if err != nil {
			return nil, err
		}
		out.Compression = codecName(chunks[0].codec)
	}
	out.Offset, end = w.Within(f.rows)
	out.Rows = make([][]*string, end-out.Offset)
	for i := range out.Rows {
		out.Rows[i] = make([]*string, len(leaves))
	}
	return out, f.readRows(src, leaves, first, out)
}

// readRows fills in the rows of a response.
func (f *footer) readRows(src *tabular.Source, leaves []leaf, firstLeaf int64, out *mlflow.FileTableResponse) error {
	start := int64(0) // the first row of the group
	end := out.Offset + int64(len(out.Rows))
	for _, g := range f.groups {
		if start >= end {
			break
		}
		from, to := max(out.Offset-start, 0), min(end-start, g.rows)
		if from >= to {
			start += g.rows
			continue
		}
		chunks, err := g.chunks(firstLeaf, firstLeaf+int64(len(leaves)))
		if err != nil {
			return err
		}
		for i := range leaves {
			c := &column{src: src, leaf: &leaves[i], chunk: chunks[i]}
			err := c.read(from, to, func(at int64, cell row) {
				if at >= from && at < to {
					out.Rows[start+at-out.Offset][i] = leaves[i].cell(cell)
				}
			})
			if err != nil {
				return err
			}
		}
		start += g.rows
	}
	return nil
}
