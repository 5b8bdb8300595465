package report

import (
	"fmt"
	"strconv"
	"strings"
)

// ConfusionMatrix counts samples by their true class (row) and their predicted class
// (column). It is square.
type ConfusionMatrix [][]int

// Confusion counts samples of the classes 0 to classes-1. yTrue and yPred have the true
// and the predicted class of each sample. It returns an error if their lengths differ or
// if they contain another class.
func Confusion(yTrue, yPred []int, classes int) (ConfusionMatrix, error) {
	if len(yTrue) != len(yPred) {
		return nil, fmt.Errorf("report: %d true and %d predicted classes; want equal numbers", len(yTrue), len(yPred))
	}
	if classes < 0 {
		return nil, fmt.Errorf("report: the number of classes is %d", classes)
	}
	m := make(ConfusionMatrix, classes)
	for i := range m {
		m[i] = make([]int, classes)
	}
	for i, t := range yTrue {
		p := yPred[i]
		if t < 0 || t >= classes || p < 0 || p >= classes {
			return nil, fmt.Errorf("report: sample %d: true class %d, predicted class %d; want 0 to %d", i, t, p, classes-1)
		}
		m[t][p]++
	}
	return m, nil
}

// String returns the format of NumPy, with numbers of equal width. Unlike NumPy, it
// neither wraps long rows nor abbreviates large matrices.
func (m ConfusionMatrix) String() string {
	width := 0
	for _, row := range m {
		for _, n := range row {
			width = max(width, len(strconv.Itoa(n)))
		}
	}
	rows := make([]string, len(m))
	for i, row := range m {
		cells := make([]string, len(row))
		for j, n := range row {
			cells[j] = fmt.Sprintf("%*d", width, n)
		}
		rows[i] = "[" + strings.Join(cells, " ") + "]"
	}
	return "[" + strings.Join(rows, "\n ") + "]"
}
