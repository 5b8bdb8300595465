// Package frame is a small table of named columns for training on CSV files: it
// reads one, describes it as pandas does, and splits and scales it as scikit-learn
// does, to the same numbers.
//
// A [Frame] does not change once it is made and may be shared by goroutines.
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

// Column is one named column of a [Frame]: numbers in Floats, where NaN stands
// for a missing one, or texts in Text, where the empty text does. The other slice
// is nil.
type Column struct {
	Name   string
	Floats []float64
	Text   []string
}

// Frame is a table of columns of the same length, each with a name of its own.
type Frame struct {
	columns []Column
	rows    int
}

// Read reads CSV whose first line names the columns. A column holds numbers when
// its first cell that is not empty is one; from then on every other cell must be
// a number or empty. It holds text otherwise. Errors name the line and the
// column: a line with too few or too many cells, a text among numbers, two
// columns of one name.
func Read(r io.Reader) (*Frame, error) {
	c := csv.NewReader(r)
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("frame: the file is empty; its first line should name the columns")
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

// add appends a cell to a column that has rows of them. While all were empty it
// has neither numbers nor texts, because nothing said yet which they are.
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
	return fmt.Errorf("%q is not a number, as the cells above it are", cell)
}

// finished makes columns without any value columns of missing numbers, as pandas
// does.
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

// Names returns the names of all columns, in the file's order.
func (f *Frame) Names() []string {
	var out []string
	for _, c := range f.columns {
		out = append(out, c.Name)
	}
	return out
}

// Column returns the column of that name, which the frame goes on owning, or an
// error when there is none.
func (f *Frame) Column(name string) (Column, error) {
	for _, c := range f.columns {
		if c.Name == name {
			return c, nil
		}
	}
	return Column{}, fmt.Errorf("frame: no column is named %q", name)
}

// Drop returns the frame without the columns of these names; names that it does
// not have are ignored.
func (f *Frame) Drop(names ...string) *Frame {
	out := &Frame{rows: f.rows}
	for _, c := range f.columns {
		if !slices.Contains(names, c.Name) {
			out.columns = append(out.columns, c)
		}
	}
	return out
}

// Matrix returns the columns of these names, or all columns when no name is
// given, as [Frame.Len] rows of numbers. It fails for a column that is missing or
// holds text.
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

// Map returns the frame with the text column of that name turned into numbers,
// such as benign into 0 and malignant into 1. It fails for a text that to has no
// number for; a missing text becomes a missing number unless to says otherwise.
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
