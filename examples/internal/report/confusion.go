package report

import (
	"fmt"
	"strconv"
	"strings"
)

// ConfusionMatrix counts samples by their true class, the row, and the class that
// was predicted, the column. It is square.
type ConfusionMatrix [][]int

// Confusion counts samples of the classes 0 to classes-1; yTrue and yPred hold the
// true and the predicted class of each. It fails when they are of different
// lengths or hold another class.
func Confusion(yTrue, yPred []int, classes int) (ConfusionMatrix, error) {
	if len(yTrue) != len(yPred) {
		return nil, fmt.Errorf("report: %d true and %d predicted classes; want as many of both", len(yTrue), len(yPred))
	}
	if classes < 0 {
		return nil, fmt.Errorf("report: %d classes", classes)
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

// String lays the matrix out as NumPy prints one, all numbers equally wide. Unlike
// NumPy it neither wraps long rows nor leaves out the middle of large matrices.
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
