package db

import (
	"fmt"
	"strings"
)

// MaxRows returns the maximum of rows in one INSERT of several rows.
func (t Tx) MaxRows() int { return t.c.dialect.maxRows }

// InsertRows inserts n rows with as few statements as possible. head is the
// statement up to VALUES, tail is what follows the rows; fill appends the width
// values of row i. The values of a column have the same type; those of a pointer can be
// nil, which is NULL. It returns the same count as Exec.
func (t Tx) InsertRows(head, tail string, width, n int, fill func(args []any, i int) []any) (int64, error) {
	if t.c.dialect.arrays {
		return t.insertArrays(head, tail, width, n, fill)
	}
	row := "(" + Placeholders(width) + ")"
	var total int64
	for i := 0; i < n; {
		// Sizes are powers of two, so that the cache holds few statements.
		size := t.MaxRows()
		for size > n-i {
			size /= 2
		}
		args := make([]any, 0, size*width)
		for j := range size {
			args = fill(args, i+j)
		}
		affected, err := t.Exec(head+" VALUES "+strings.Repeat(row+", ", size-1)+row+tail, args...)
		if err != nil {
			return total, err
		}
		total += affected
		i += size
	}
	return total, nil
}

// insertArrays sends one array for each column. PostgreSQL plans the statement
// once for any number of rows.
func (t Tx) insertArrays(head, tail string, width, n int, fill func(args []any, i int) []any) (int64, error) {
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
	return t.Exec(head+" SELECT * FROM unnest("+Placeholders(width)+")"+tail, arrays...)
}

// JSON is the text of a value of a column of the type JSON, for [Tx.InsertRows].
type JSON string

// column collects the values of one column.
type column interface {
	add(v any)
	array() any
}

type columnOf[T any] struct{ values []T }

func (c *columnOf[T]) add(v any)  { c.values = append(c.values, v.(T)) }
func (c *columnOf[T]) array() any { return c.values }

// newColumn returns an empty column for n values of the type of v.
func newColumn(v any, n int) column {
	switch v.(type) {
	case string:
		return &columnOf[string]{make([]string, 0, n)}
	case JSON:
		return &columnOf[JSON]{make([]JSON, 0, n)}
	case int64:
		return &columnOf[int64]{make([]int64, 0, n)}
	case float64:
		return &columnOf[float64]{make([]float64, 0, n)}
	case bool:
		return &columnOf[bool]{make([]bool, 0, n)}
	case *string:
		return &columnOf[*string]{make([]*string, 0, n)}
	case *int64:
		return &columnOf[*int64]{make([]*int64, 0, n)}
	case *float64:
		return &columnOf[*float64]{make([]*float64, 0, n)}
	}
	panic(fmt.Sprintf("a column of type %T cannot be inserted as an array", v))
}
