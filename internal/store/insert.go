package store

import (
	"fmt"
	"strings"
)

// insertRows inserts n rows with as few statements as possible. head is the text
// up to VALUES, tail what follows the rows; fill appends row i's width values.
func (t tx) insertRows(head, tail string, width, n int, fill func(args []any, i int) []any) (int64, error) {
	if t.c.d.arrays {
		return t.insertArrays(head, tail, width, n, fill)
	}
	row := "(" + placeholders(width) + ")"
	var total int64
	for i := 0; i < n; {
		// The texts of all sizes are kept, so sizes are powers of two.
		size := t.c.d.chunk
		for size > n-i {
			size /= 2
		}
		args := make([]any, 0, size*width)
		for j := range size {
			args = fill(args, i+j)
		}
		affected, err := t.exec(head+" VALUES "+strings.Repeat(row+", ", size-1)+row+tail, args...)
		if err != nil {
			return total, err
		}
		total += affected
		i += size
	}
	return total, nil
}

// insertArrays sends the rows as one array a column, which PostgreSQL takes in
// with one text, planned once, for any number of rows.
func (t tx) insertArrays(head, tail string, width, n int, fill func(args []any, i int) []any) (int64, error) {
	if n == 0 {
		return 0, nil
	}
	columns := make([]column, width)
	row := make([]any, 0, width)
	for i := range n {
		row = fill(row[:0], i)
		for j, v := range row {
			if i == 0 {
				columns[j] = newColumn(v, n)
			}
			columns[j].add(v)
		}
	}
	arrays := make([]any, width)
	for j, c := range columns {
		arrays[j] = c.array()
	}
	return t.exec(head+" SELECT * FROM unnest("+placeholders(width)+")"+tail, arrays...)
}

// column collects one column of the rows to insert.
type column interface {
	add(v any)
	array() any
}

type columnOf[T any] struct{ values []T }

func (c *columnOf[T]) add(v any)  { c.values = append(c.values, v.(T)) }
func (c *columnOf[T]) array() any { return c.values }

// newColumn returns an empty column for n values such as v.
func newColumn(v any, n int) column {
	switch v.(type) {
	case string:
		return &columnOf[string]{make([]string, 0, n)}
	case int64:
		return &columnOf[int64]{make([]int64, 0, n)}
	case float64:
		return &columnOf[float64]{make([]float64, 0, n)}
	case bool:
		return &columnOf[bool]{make([]bool, 0, n)}
	}
	panic(fmt.Sprintf("a column of type %T cannot be inserted as an array", v))
}
