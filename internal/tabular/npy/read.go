package npy

import (
	"math"
	"strconv"

	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/mlflow"
)

// headBytes is the number of bytes from which the statistics of an array are computed.
const headBytes = 1 << 20

// Read returns the part of an .npy file that a window asks for.
func Read(src *tabular.Source, w tabular.Window) (*mlflow.FileTableResponse, error) {
	if w.Array != "" {
		return nil, tabular.Invalid("An .npy file has one array, without a name.")
	}
	a, err := open(src, src.Size())
	if err != nil {
		return nil, err
	}
	out := &mlflow.FileTableResponse{Format: "npy"}
	return out, a.read(w, out)
}

// read adds the description of an array and its table to a response.
func (a *array) read(w tabular.Window, out *mlflow.FileTableResponse) error {
	// An array has all of its values.
	if a.item > 0 && a.count > a.size/a.item {
		return errFewValues
	}
	head, err := a.head()
	if err != nil {
		return err
	}
	out.Head = head
	return a.table(w, out)
}

// typeName returns the type of an item.
func (a *array) typeName() string {
	if a.isRow {
		return "record"
	}
	return a.fields[0].kind.name
}

// head describes the array with the statistics of its first bytes.
func (a *array) head() (*mlflow.ArrayHead, error) {
	out := &mlflow.ArrayHead{Type: a.typeName(), Shape: a.shape, Count: a.count}
	kind := a.fields[0].kind
	if a.isRow || !kind.isNumber() && kind.kind != 'b' || a.count == 0 {
		return out, nil
	}
	b := make([]byte, min(headBytes, a.count*a.item)/a.item*a.item)
	if err := readAt(a.at, b, 0, errFewValues); err != nil {
		return nil, err
	}
	lowest, highest, sum := math.Inf(1), math.Inf(-1), 0.0
	for ; len(b) > 0; b = b[a.item:] {
		v := kind.number(b[:a.item])
		out.Read++
		if math.IsNaN(v) {
			out.NaN++
			continue
		}
		lowest, highest, sum = min(lowest, v), max(highest, v), sum+v
	}
	if n := out.Read - out.NaN; n > 0 {
		size := 64
		if a.item < 8 {
			size = 32
		}
		out.Min, out.Max = tabular.Float(lowest, size), tabular.Float(highest, size)
		out.Mean = strconv.FormatFloat(sum/float64(n), 'g', 6, 64)
	}
	return out, nil
}
