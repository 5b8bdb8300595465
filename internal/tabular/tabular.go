// Package tabular has what the readers of tables in files share: the part of the table
// that is asked for, a source that is read by ranges, and the form of cells. The packages
// below it read one format each.
//
// The files are those of users, so a reader trusts nothing in them. A length is compared
// with a limit before memory is allocated for it, and everything that is read,
// decompressed or skipped is charged to a budget.
package tabular

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/mlflow"
)

// Window is the part of a table that a request asks for.
type Window struct {
	Offset      int64 // first row
	Rows        int
	FirstColumn int64
	Columns     int
	Array       string // name of an array in an npz file, or "" for the first one
}

// Within returns the rows of the window in a table of count rows, as [first, end).
func (w Window) Within(count int64) (first, end int64) { return within(w.Offset, int64(w.Rows), count) }

// WithinColumns returns the columns of the window in a table of count columns.
func (w Window) WithinColumns(count int64) (first, end int64) {
	return within(w.FirstColumn, int64(w.Columns), count)
}

func within(first, length, count int64) (start, end int64) {
	start = min(first, count)
	return start, start + min(length, count-start)
}

// maxText is the number of bytes of a cell that are sent.
const maxText = 300

// Cut returns the text of a cell.
func Cut(text string) string {
	if len(text) > maxText {
		end := maxText
		for end > maxText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// Bytes returns the text of a cell for bytes: the text that they are, or their first bytes
// in hexadecimal notation and their number.
func Bytes(b []byte) string {
	if isText(b) {
		return Cut(string(b))
	}
	const shown = 12
	if len(b) <= shown {
		return fmt.Sprintf("0x%x", b)
	}
	return fmt.Sprintf("0x%x… (%d bytes)", b[:shown], len(b))
}

func isText(b []byte) bool {
	head := b[:min(len(b), maxText)]
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size <= 1 {
			return len(b) > maxText && len(head) < utf8.UTFMax // The cut may be inside of a character.
		}
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
		head = head[size:]
	}
	return true
}

// Invalid returns the error for a file that cannot be shown.
func Invalid(format string, arguments ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, format, arguments...)
}
