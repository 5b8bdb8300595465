package pages

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/internal/tabular/npy"
	"github.com/millrace-ml/millrace/internal/tabular/parquet"
	"github.com/millrace-ml/millrace/mlflow"
)

// Limits of previews of tables in files. A preview has two pages of parquet and a
// dictionary in memory at most, which are 96 MiB, 32 MiB for the places of texts in the
// dictionary or 64 MiB for lengths of texts, or a part of an array.
const (
	defaultFileRows    = 100
	maxFileRows        = 1000
	defaultFileColumns = 25
	maxFileColumns     = 1000
	maxFileCells       = 25_000

	fileTableBytes = 256 << 20        // read from the store
	fileTableWork  = 256 << 20        // bytes and values that are decoded
	fileTableTime  = 15 * time.Second // from the start of the reading
	fileTablesOpen = 2                // previews that are made at the same time
)

// tableReaders has the readers of tables by the extension of the file.
var tableReaders = map[string]func(*tabular.Source, tabular.Window) (*mlflow.FileTableResponse, error){
	".parquet": parquet.Read, ".npy": npy.Read, ".npz": npy.ReadZip,
}

// fileTable reads a part of the table in a file.
func (h *Handlers) fileTable(ctx context.Context, in *mlflow.FileTableRequest) (*mlflow.FileTableResponse, error) {
	window, err := fileWindow(in)
	if err != nil {
		return nil, err
	}
	read := tableReaders[strings.ToLower(path.Ext(in.Path))]
	if read == nil {
		return nil, apierror.Invalid("The file is not read as a table: its name must end in .parquet, .npy or .npz.")
	}
	repo, p, err := h.locate(ctx, owner{in.RunID, in.ModelID, in.Name, in.Version}, in.Path)
	if err != nil {
		return nil, err
	}
	select {
	case h.tables <- struct{}{}:
		defer func() { <-h.tables }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, fileTableTime)
	defer cancel()
	f, err := repo.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	return read(tabular.NewSource(ctx, f, f.Size, fileTableBytes, fileTableWork), window)
}

func fileWindow(in *mlflow.FileTableRequest) (w tabular.Window, err error) {
	w = tabular.Window{Offset: in.Offset, FirstColumn: in.ColumnOffset, Array: in.Array}
	if w.Rows, err = countOf("max_results", in.MaxResults, defaultFileRows, maxFileRows); err != nil {
		return w, err
	}
	if w.Columns, err = countOf("max_columns", in.MaxColumns, defaultFileColumns, maxFileColumns); err != nil {
		return w, err
	}
	switch {
	case w.Rows*w.Columns > maxFileCells:
		err = apierror.Invalid("max_results times max_columns must be at most %d. Got %d.", maxFileCells, w.Rows*w.Columns)
	case w.Offset < 0:
		err = apierror.Invalid("offset must not be negative. Got %d.", w.Offset)
	case w.FirstColumn < 0:
		err = apierror.Invalid("column_offset must not be negative. Got %d.", w.FirstColumn)
	}
	return w, err
}
