package serving

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/mlflow"
)

// csvFrame decodes a CSV file as pandas does. The first line has the names of the columns.
func csvFrame(body []byte) (*frame, error) {
	if err := checkCells(body, ",\n\r"); err != nil {
		return nil, err
	}
	if !utf8.Valid(body) {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The CSV is not UTF-8.")
	}
	lines, err := csvLines(bytes.TrimPrefix(body, []byte("\ufeff")))
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The CSV needs a line of column names.")
	}
	f := &frame{columns: make([]string, len(lines[0])), rows: lines[1:], csv: true}
	seen := map[string]bool{}
	for i, name := range lines[0] {
		if f.columns[i] = string(name); len(name) == 0 {
			f.columns[i] = "Unnamed: " + strconv.Itoa(i)
		}
		for base, n := f.columns[i], 1; seen[f.columns[i]]; n++ {
			f.columns[i] = base + "." + strconv.Itoa(n)
		}
		seen[f.columns[i]] = true
	}
	return f, f.csvRows()
}

// csvRows drops the index, which rows have in front if the first one has more fields than
// the header, and adds empty fields to short rows.
func (f *frame) csvRows() error {
	width, index := len(f.columns), 0
	if len(f.rows) > 0 {
		index = max(len(f.rows[0])-width, 0)
	}
	if (width+index)*len(f.rows) > maxCells {
		return errCells
	}
	for i, row := range f.rows {
		if len(row) > width+index {
			return mlflow.Errorf(mlflow.BadRequest, "Row %d of the CSV has %d fields, and not %d.", i, len(row), width+index)
		}
		for len(row) < width+index {
			row = append(row, nil)
		}
		f.rows[i] = row[index:]
	}
	return nil
}

// csvLines splits a CSV file into lines of fields. Empty lines are dropped.
func csvLines(text []byte) ([][][]byte, error) {
	var lines [][][]byte
	var line [][]byte
	for at := 0; at < len(text); {
		field, end, err := csvField(text, at)
		if err != nil {
			return nil, err
		}
		blank := len(line) == 0 && len(bytes.Trim(text[at:end], " \t")) == 0
		if at = end; at < len(text) && text[at] == ',' {
			line = append(line, field)
			if at++; at == len(text) {
				line = append(line, nil)
			}
			continue
		}
		if !blank {
			lines = append(lines, append(line, field))
		}
		line = nil
		if at+1 < len(text) && text[at] == '\r' && text[at+1] == '\n' {
			at++
		}
		at++
	}
	if line != nil {
		lines = append(lines, line)
	}
	return lines, nil
}

// csvField returns the field at text[at], and the place of the comma or line end after it.
// Quotes count at the start of a field only.
func csvField(text []byte, at int) (field []byte, end int, err error) {
	plain := func(at int) int {
		for at < len(text) && text[at] != ',' && text[at] != '\n' && text[at] != '\r' {
			at++
		}
		return at
	}
	if text[at] != '"' {
		end = plain(at)
		return text[at:end], end, nil
	}
	for at++; ; at++ {
		close := bytes.IndexByte(text[at:], '"')
		if close < 0 {
			return nil, 0, mlflow.Errorf(mlflow.BadRequest, "The CSV ends within quotes.")
		}
		field = append(field, text[at:at+close]...)
		if at += close + 1; at == len(text) || text[at] != '"' {
			break
		}
		field = append(field, '"')
	}
	end = plain(at)
	return append(field, text[at:end]...), end, nil
}
