// Package output formats what commands print: tables, numbers and progress bars.
package output

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table is a table of text with aligned columns.
type Table struct {
	// Empty is the sentence that is printed if the table has no rows.
	Empty string
	// Header has the names of the columns. It is nil if the first column names
	// the rows.
	Header []string
	// AlignRight aligns the columns to the right.
	AlignRight bool
	rows       [][]string
}

// Add appends a row. The cells may have any text; see Printable.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// Write prints the table.
func (t *Table) Write(out io.Writer) error {
	if len(t.rows) == 0 && t.Empty != "" {
		_, err := fmt.Fprintln(out, t.Empty)
		return err
	}
	var flags uint
	if t.AlignRight {
		flags = tabwriter.AlignRight
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', flags)
	if t.Header != nil {
		fmt.Fprintln(w, strings.Join(t.Header, "\t"))
	}
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = Printable(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}
