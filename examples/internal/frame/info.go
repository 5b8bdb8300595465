package frame

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unsafe"
)

// Count returns the number of values that are not missing.
func (c Column) Count() int {
	n := 0
	for _, v := range c.Floats {
		if !math.IsNaN(v) {
			n++
		}
	}
	for _, v := range c.Text {
		if v != "" {
			n++
		}
	}
	return n
}

// DType returns pandas' name of the column's type, float64 or str.
func (c Column) DType() string {
	if c.Floats != nil {
		return "float64"
	}
	return "str"
}

// Info writes a description of the frame in the format of pandas' df.info(): the type, the
// number of rows, the name, number of values and type of each column, and the memory of the
// values.
func (f *Frame) Info(w io.Writer) error {
	table := [][]string{{" # ", "Column", "Non-Null Count", "Dtype"}, nil}
	for _, title := range table[0] {
		table[1] = append(table[1], strings.Repeat("-", len(title)))
	}
	types := map[string]int{}
	for i, c := range f.columns {
		table = append(table, []string{fmt.Sprintf(" %d", i), c.Name, fmt.Sprintf("%d non-null", c.Count()), c.DType()})
		types[c.DType()]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<class '%T'>\nRangeIndex: %d entries", *f, f.rows)
	if f.rows > 0 {
		fmt.Fprintf(&b, ", 0 to %d", f.rows-1)
	}
	fmt.Fprintf(&b, "\nData columns (total %d columns):\n", len(f.columns))
	align(&b, table)
	var summary []string
	for _, t := range slices.Sorted(maps.Keys(types)) {
		summary = append(summary, fmt.Sprintf("%s(%d)", t, types[t]))
	}
	fmt.Fprintf(&b, "dtypes: %s\nmemory usage: %.1f KB\n", strings.Join(summary, ", "), float64(f.memory())/1024)
	_, err := io.WriteString(w, b.String())
	return err
}

// memory returns the size of the values in bytes.
func (f *Frame) memory() int {
	n := 0
	for _, c := range f.columns {
		n += 8 * len(c.Floats)
		for _, text := range c.Text {
			n += int(unsafe.Sizeof(text)) + len(text)
		}
	}
	return n
}

// align writes the table with columns that are aligned to the left and separated by two
// spaces.
func align(b *strings.Builder, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for j, cell := range row {
			widths[j] = max(widths[j], len([]rune(cell)))
		}
	}
	for _, row := range table {
		for j, cell := range row {
			if j > 0 {
				b.WriteString("  ")
			}
			fmt.Fprintf(b, "%-*s", widths[j], cell)
		}
		b.WriteByte('\n')
	}
}
