// Package npy reads parts of the arrays in files of NumPy: .npy, which has one array, and
// .npz, which is a ZIP file of them.
//
// An array is shown as a table. Its last axis has the columns, all axes before it the rows.
// Arrays of Python objects are pickles, which run code when they are read; they are refused.
package npy

import (
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/mlflow"
)

const magic = "\x93NUMPY"

// maxHeader is the largest header of an array, in bytes, and maxAxes the most axes. NumPy
// has 64 axes at most.
const (
	maxHeader = 64 << 10
	maxAxes   = 64
)

var (
	errDamaged   = tabular.Invalid("This is no .npy array, or its header is damaged.")
	errFewValues = tabular.Invalid("The file is damaged: it has fewer values than its shape says.")
)

// array is an array in a file.
type array struct {
	at     io.ReaderAt // begins with the first value
	size   int64       // bytes of values that the file has
	fields []field
	item   int64 // bytes of an item
	isRow  bool  // whether an item is a record, whose fields are columns
	shape  []int64
	order  bool // Fortran's: the first axis varies fastest
	count  int64
}

// field is a value in an item.
type field struct {
	name string
	kind dtype
	at   int64 // offset in the item
}

// open reads the header of an array.
func open(r io.ReaderAt, size int64) (*array, error) {
	head := make([]byte, 12)
	if err := readAt(r, head, 0, errDamaged); err != nil {
		return nil, err
	}
	if string(head[:6]) != magic {
		return nil, errDamaged
	}
	length, start := int64(binary.LittleEndian.Uint16(head[8:])), int64(10)
	if head[6] >= 2 {
		length, start = int64(binary.LittleEndian.Uint32(head[8:])), 12
	}
	if length > maxHeader || start+length > size {
		return nil, errDamaged
	}
	text := make([]byte, length)
	if err := readAt(r, text, start, errDamaged); err != nil {
		return nil, err
	}
	a, err := parseHeader(string(text))
	if err != nil {
		return nil, err
	}
	a.at, a.size = io.NewSectionReader(r, start+length, size-start-length), size-start-length
	return a, nil
}

// readAt fills b. If the file ends before, the error is short.
func readAt(r io.ReaderAt, b []byte, offset int64, short error) error {
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return short
	}
	return err
}

// parseHeader reads a header, which is a dict literal of Python with descr, fortran_order
// and shape.
func parseHeader(text string) (*array, error) {
	v, err := parseLiteral(text)
	if err != nil {
		return nil, err
	}
	header, ok := v.(map[string]any)
	if !ok {
		return nil, errDamaged
	}
	a := &array{count: 1}
	if err := a.setType(header["descr"]); err != nil {
		return nil, err
	}
	order, ok := header["fortran_order"].(bool)
	if !ok {
		return nil, errDamaged
	}
	a.order = order
	shape, ok := header["shape"].([]any)
	if !ok || len(shape) > maxAxes {
		return nil, errDamaged
	}
	empty := false
	for _, v := range shape {
		n, ok := v.(int64)
		if !ok || n < 0 {
			return nil, errDamaged
		}
		a.shape = append(a.shape, n)
		if n == 0 {
			empty = true
			continue
		}
		// No file has as many bytes as this, so the products below do not overflow.
		const most = 1 << 48
		if a.count > most/n {
			return nil, errDamaged
		}
		a.count *= n
	}
	if empty {
		a.count = 0
	}
	return a, nil
}

// setType reads a description of types: a string, or a list of fields.
func (a *array) setType(descr any) error {
	switch descr := descr.(type) {
	case string:
		kind, err := parseType(descr)
		a.fields, a.item = []field{{kind: kind}}, kind.size
		return err
	case []any:
		return a.setFields(descr)
	}
	return errDamaged
}

func (a *array) setFields(list []any) error {
	const most = 1000
	if len(list) == 0 || len(list) > most {
		return tabular.Invalid("The records of the array have more than %d fields, or none.", most)
	}
	a.isRow = true
	for _, item := range list {
		parts, ok := item.([]any)
		if !ok || len(parts) < 2 {
			return errDamaged
		}
		name, isName := parts[0].(string)
		if titles, ok := parts[0].([]any); ok && len(titles) == 2 {
			name, isName = titles[1].(string)
		}
		descr, isType := parts[1].(string)
		if !isName || !isType || len(parts) > 2 {
			return tabular.Invalid("The records of the array have fields that are arrays or records. They cannot be shown.")
		}
		kind, err := parseType(descr)
		if err != nil {
			return err
		}
		a.fields = append(a.fields, field{name: name, kind: kind, at: a.item})
		a.item += kind.size
	}
	return nil
}

// rowsAndColumns returns the size of the table of an array.
func (a *array) rowsAndColumns() (rows, columns int64) {
	if a.isRow {
		return a.count, int64(len(a.fields))
	}
	if len(a.shape) < 2 {
		return a.count, 1
	}
	columns = a.shape[len(a.shape)-1]
	if columns == 0 {
		return 0, 0
	}
	return a.count / columns, columns
}

// offset returns the place of a value in the file.
func (a *array) offset(row, column int64) int64 {
	if a.isRow || len(a.shape) < 2 {
		return a.place(row, a.shape) * a.item
	}
	return a.place(row*a.shape[len(a.shape)-1]+column, a.shape) * a.item
}

// place returns where an item is in the file, whose number in C's order is given.
func (a *array) place(number int64, shape []int64) int64 {
	if !a.order {
		return number
	}
	stride, place := int64(1), int64(0)
	index := indexOf(number, shape)
	for axis, i := range index {
		place += i * stride
		stride *= shape[axis]
	}
	return place
}

// indexOf returns the index of the item with a number in C's order.
func indexOf(number int64, shape []int64) []int64 {
	index := make([]int64, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		index[axis] = number % shape[axis]
		number /= shape[axis]
	}
	return index
}

// rowName returns the index of a row, by all axes but the last.
func (a *array) rowName(row int64) string {
	shape := a.shape[:len(a.shape)-1]
	var b strings.Builder
	for i, n := range indexOf(row, shape) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	return b.String()
}

// table adds the part of the table that a window asks for to a response.
func (a *array) table(w tabular.Window, out *mlflow.FileTableResponse) error {
	rows, columns := a.rowsAndColumns()
	out.RowCount, out.ColumnCount = rows, columns
	first, end := w.WithinColumns(columns)
	out.ColumnOffset = first
	for c := first; c < end; c++ {
		out.Columns = append(out.Columns, a.column(c))
	}
	from, to := w.Within(rows)
	out.Offset = from
	for r := from; r < to; r++ {
		cells := make([]*string, 0, end-first)
		for c := first; c < end; c++ {
			text, err := a.value(r, c)
			if err != nil {
				return err
			}
			cells = append(cells, &text)
		}
		out.Rows = append(out.Rows, cells)
		if len(a.shape) > 2 && !a.isRow {
			out.RowNames = append(out.RowNames, a.rowName(r))
		}
	}
	return nil
}

func (a *array) column(number int64) mlflow.FileColumn {
	kind := a.fields[0].kind
	name := strconv.FormatInt(number, 10)
	switch {
	case a.isRow:
		kind, name = a.fields[number].kind, tabular.Cut(a.fields[number].name)
	case len(a.shape) < 2:
		name = "value"
	}
	return mlflow.FileColumn{Name: name, Type: kind.name, Numeric: kind.isNumber()}
}

// value returns the text of a value.
func (a *array) value(row, column int64) (string, error) {
	f, at := a.fields[0], a.offset(row, column)
	if a.isRow {
		f = a.fields[column]
	}
	b := make([]byte, min(f.kind.size, maxValue))
	if err := readAt(a.at, b, at+f.at, errFewValues); err != nil {
		return "", err
	}
	return f.kind.format(b), nil
}
