// Package frame has a small table of named columns for training on CSV files. It reads a
// table, describes it as pandas does, and splits and scales it as scikit-learn does,
// with the same numbers.
//
// A [Frame] is immutable and safe for concurrent use.
package frame

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Column is a named column of a [Frame]. It has either numbers in Floats, where NaN is a
// missing value, or texts in Text, where "" is a missing value. The other slice is nil.
type Column struct {
	Name   string
	Floats []float64
	Text   []string
}

// Frame is a table of columns of the same length with different names.
type Frame struct {
	columns []Column
	rows    int
}

// Read reads CSV whose first line has the names of the columns. If the first cell of a
// column that is not empty is a number, all other cells must be numbers or empty.
// Otherwise the column is text. Errors name the line and the column: too few or too many
// cells, text among numbers, two columns with the same name.
func Read(r io.Reader) (*Frame, error) {
	c := csv.NewReader(r)
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("frame: the file is empty; the first line must have the names of the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("frame: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	f := &Frame{}
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("frame: line 1: two columns are named %q", name)
		}
		f.columns = append(f.columns, Column{Name: name})
	}
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return f.finished(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("frame: %w", err)
		}
		for i, cell := range record {
			if err := f.columns[i].add(cell, f.rows); err != nil {
				line, _ := c.FieldPos(i)
				return nil, fmt.Errorf("frame: line %d, column %q: %w", line, header[i], err)
			}
		}
		f.rows++
	}
}

// add appends a cell to a column that has the given number of rows. A column with only
// empty cells has neither numbers nor texts, because its type is unknown.
func (c *Column) add(cell string, rows int) error {
	if c.Text != nil {
		c.Text = append(c.Text, cell)
		return nil
	}
	if cell == "" {
		if c.Floats != nil {
			c.Floats = append(c.Floats, math.NaN())
		}
		return nil
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
	if err == nil {
		if c.Floats == nil {
			c.Floats = missing(rows)
		}
		c.Floats = append(c.Floats, v)
		return nil
	}
	if c.Floats == nil {
		c.Text = append(make([]string, rows), cell)
		return nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%q does not fit in 64 bits", cell)
	}
	return fmt.Errorf("%q is not a number, in contrast to the cells above it", cell)
}

// finished makes columns without values columns of missing numbers, as pandas does.
func (f *Frame) finished() *Frame {
	for i, c := range f.columns {
		if c.Floats == nil && c.Text == nil {
			f.columns[i].Floats = missing(f.rows)
		}
	}
	return f
}

func missing(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// Len returns the number of rows.
func (f *Frame) Len() int { return f.rows }

// Names returns the names of all columns, in the order of the file.
func (f *Frame) Names() []string {
	var out []string
	for _, c := range f.columns {
		out = append(out, c.Name)
	}
	return out
}

// Column returns the column with the given name, or an error if there is none. The
// caller must not change its values.
func (f *Frame) Column(name string) (Column, error) {
	for _, c := range f.columns {
		if c.Name == name {
			return c, nil
		}
	}
	return Column{}, fmt.Errorf("frame: no column is named %q", name)
}

// Drop returns the frame without the columns with the given names. It ignores unknown
// names.
func (f *Frame) Drop(names ...string) *Frame {
	out := &Frame{rows: f.rows}
	for _, c := range f.columns {
		if !slices.Contains(names, c.Name) {
			out.columns = append(out.columns, c)
		}
	}
	return out
}

// Matrix returns the columns with the given names, by default all columns, as
// [Frame.Len] rows of numbers. It returns an error for an unknown column and for a
// column of text.
func (f *Frame) Matrix(names ...string) ([][]float64, error) {
	if len(names) == 0 {
		names = f.Names()
	}
	out := make([][]float64, f.rows)
	for i := range out {
		out[i] = make([]float64, len(names))
	}
	for j, name := range names {
		c, err := f.Column(name)
		if err != nil {
			return nil, err
		}
		if c.Floats == nil {
			return nil, fmt.Errorf("frame: column %q holds text", name)
		}
		for i, v := range c.Floats {
			out[i][j] = v
		}
	}
	return out, nil
}

// Map returns the frame with a column of text replaced by numbers, such as 0 for benign
// and 1 for malignant. It returns an error for a text that is not in to. A missing text
// becomes a missing number unless to contains "".
func (f *Frame) Map(name string, to map[string]float64) (*Frame, error) {
	c, err := f.Column(name)
	if err != nil {
		return nil, err
	}
	if c.Text == nil {
		return nil, fmt.Errorf("frame: column %q holds numbers already", name)
	}
	numbers := missing(f.rows)
	for i, text := range c.Text {
		v, ok := to[text]
		if !ok && text != "" {
			return nil, fmt.Errorf("frame: row %d, column %q: no number is given for %q", i, name, text)
		}
		if ok {
			numbers[i] = v
		}
	}
	out := &Frame{rows: f.rows, columns: slices.Clone(f.columns)}
	for i := range out.columns {
		if out.columns[i].Name == name {
			out.columns[i] = Column{Name: name, Floats: numbers}
		}
	}
	return out, nil
}
