package plots

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// ConfusionMatrix draws counts of samples, with a row for each true class and a column
// for each predicted class. A cell is darker the larger its share of the row is. It
// returns an error if m is not a len(names) x len(names) matrix, if there are no names
// or more than 64, and if a count is negative.
func ConfusionMatrix(names []string, m [][]int) ([]byte, error) {
	if err := checkSquare(names, m); err != nil {
		return nil, err
	}
	totals := make([]int, len(m))
	for i, row := range m {
		for j, n := range row {
			if n < 0 {
				return nil, fmt.Errorf("plots: row %d, column %d of the matrix is %d", i, j, n)
			}
			totals[i] += n
		}
	}
	grid := cells{
		n: len(names),
		color: func(i, j int) color.Color {
			return blend(paper, series[0], float64(m[i][j])/float64(max(totals[i], 1)))
		},
		text: func(i, j int) string { return strconv.Itoa(m[i][j]) },
		size: numberSize,
	}
	if len(names) <= 12 {
		grid.size = axisSize
	}
	p := newPlot("Confusion matrix", "predicted", "true")
	names = cutNames(p.X.Tick.Label, names)
	grid.label(p, names)
	labels := widest(p.X.Tick.Label, names)
	below := tickSize
	if labels > grid.side()*0.9 {
		upright(p, names)
		below = labels
	}
	img, c := grid.page(labels+0.45*vg.Inch, below+0.9*vg.Inch)
	p.Draw(c)
	return encode(img)
}
