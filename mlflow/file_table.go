package mlflow

// The messages in this file belong to the previews of files in Millrace's pages.

// FileTableRequest requests a part of the table in a file whose format is parquet, npy or
// npz. The file belongs to the run RunID, to the logged model ModelID, or to the version
// Version of the registered model Name. Array names an array of an npz file; the default
// is the first one.
//
// MaxResults is the number of rows, 1 to 1,000; the default is 100. MaxColumns is 1 to
// 1,000; the default is 25. Together they select at most 25,000 cells.
type FileTableRequest struct {
	RunID        string `json:"run_id,omitempty"`
	ModelID      string `json:"model_id,omitempty"`
	Name         string `json:"name,omitempty"`
	Version      string `json:"version,omitempty"`
	Path         string `json:"path" required:"true"`
	Array        string `json:"array,omitempty"`
	Offset       int64  `json:"offset,omitempty"`
	MaxResults   *int32 `json:"max_results,omitempty"`
	ColumnOffset int64  `json:"column_offset,omitempty"`
	MaxColumns   *int32 `json:"max_columns,omitempty"`
}

// FileColumn is a column of a table in a file. Numeric says that its values are numbers.
type FileColumn struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Numeric bool   `json:"numeric,omitempty"`
}

// FileArray is an array of an npz file. Error says why it cannot be read.
type FileArray struct {
	Name  string  `json:"name"`
	Type  string  `json:"type,omitempty"`
	Shape []int64 `json:"shape,omitempty"`
	Error string  `json:"error,omitempty"`
}

// ArrayHead describes an array. Min, Max and Mean are those of its first Read values
// without the NaN ones, as text, and absent if the values are no real numbers.
type ArrayHead struct {
	Type  string  `json:"type"`
	Shape []int64 `json:"shape,omitempty"`
	Count int64   `json:"count"`
	Read  int64   `json:"read,omitempty"`
	NaN   int64   `json:"nan,omitempty"`
	Min   string  `json:"min,omitempty"`
	Max   string  `json:"max,omitempty"`
	Mean  string  `json:"mean,omitempty"`
}

// FileTableResponse is a part of a table. Columns begins with the column ColumnOffset and
// Rows with the row Offset; ColumnCount and RowCount are those of the whole table. Cells
// are text, cut after 300 bytes, or null. RowNames has the indices of the rows of an array
// with more than two axes.
//
// CreatedBy, RowGroups and Compression describe a parquet file, Head an array, and Arrays
// lists those of an npz file; ArrayCount is their number, of which at most 1,000 are
// listed.
type FileTableResponse struct {
	Format       string       `json:"format"`
	Columns      []FileColumn `json:"columns,omitempty"`
	ColumnOffset int64        `json:"column_offset,omitempty"`
	ColumnCount  int64        `json:"column_count"`
	Rows         [][]*string  `json:"rows,omitempty"`
	RowNames     []string     `json:"row_names,omitempty"`
	Offset       int64        `json:"offset,omitempty"`
	RowCount     int64        `json:"row_count"`
	CreatedBy    string       `json:"created_by,omitempty"`
	RowGroups    int64        `json:"row_groups,omitempty"`
	Compression  string       `json:"compression,omitempty"`
	Array        string       `json:"array,omitempty"`
	Head         *ArrayHead   `json:"head,omitempty"`
	Arrays       []FileArray  `json:"arrays,omitempty"`
	ArrayCount   int64        `json:"array_count,omitempty"`
}
