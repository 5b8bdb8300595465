package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colors of the values -1, 0 and 1.
var (
	negative = color.NRGBA{R: 0x2f, G: 0x5f, B: 0xad, A: 0xff}
	neutral  = color.NRGBA{R: 0xf6, G: 0xf4, B: 0xf0, A: 0xff}
	positive = color.NRGBA{R: 0xb5, G: 0x2f, B: 0x32, A: 0xff}
)

// barWidth is the width of the color bar with its numbers.
const barWidth = 0.9 * vg.Inch

// Heatmap draws a square matrix of values from -1 to 1, such as correlations, with the
// value in each cell, names along both axes and a color bar. Values outside the range
// have the color of the nearest value; NaN is a gray cell without text. It returns an
// error if m is not a len(names) x len(names) matrix, and if there are no names or more
// than 64.
func Heatmap(title string, names []string, m [][]float64) ([]byte, error) {
	if err := checkSquare(names, m); err != nil {
		return nil, err
	}
	grid := cells{
		n:     len(names),
		color: func(i, j int) color.Color { return diverging(m[i][j]) },
		text:  func(i, j int) string { return hundredths(m[i][j]) },
		size:  numberSize,
	}
	if len(names) <= 12 {
		grid.size = tickSize
	}
	p := newPlot(title, "", "")
	names = cutNames(p.X.Tick.Label, names)
	grid.label(p, names)
	upright(p, names)
	labels := widest(p.X.Tick.Label, names) + 0.15*vg.Inch
	above := labels
	if title != "" {
		above += 0.4 * vg.Inch
	}
	img, c := grid.page(labels+barWidth, above)
	left := draw.Crop(c, 0, -barWidth, 0, 0)
	p.Draw(left)
	drawColorBar(c, p.DataCanvas(left))
	return encode(img)
}

// drawColorBar draws the bar at the right of the page c, with the height of the matrix.
func drawColorBar(c, matrix draw.Canvas) {
	bar := newPlot("", "", "")
	bar.HideX()
	bar.Y.Tick.Length = 3
	var marks plot.ConstantTicks
	for quarter := -4.0; quarter <= 4; quarter++ {
		marks = append(marks, plot.Tick{Value: quarter / 4, Label: fmt.Sprintf("%.2f", quarter/4)})
	}
	bar.Y.Tick.Marker = marks
	bar.Add(colorBar{})
	c.Min.X = matrix.Max.X + 0.15*vg.Inch
	c.Min.Y, c.Max.Y = matrix.Min.Y-tickSize/2, matrix.Max.Y+tickSize/2
	bar.Draw(c)
}

// colorBar draws the colors of the values from -1 to 1.
type colorBar struct{}

// DataRange implements [plot.DataRanger].
func (colorBar) DataRange() (xMin, xMax, yMin, yMax float64) { return 0, 1, -1, 1 }

// Plot implements [plot.Plotter].
func (colorBar) Plot(c draw.Canvas, p *plot.Plot) {
	const steps = 200
	x, y := p.Transforms(&c)
	for i := range steps {
		// Each step overlaps the next one, because antialiasing would show a gap.
		low, high := -1+2*float64(i)/steps, -1+2*float64(i+1)/steps
		c.FillPolygon(diverging(low), rectangle(x(0), y(low), x(1), min(y(high)+1, y(1))))
	}
}

func diverging(v float64) color.Color {
	switch {
	case math.IsNaN(v):
		return unknown
	case v < 0:
		return blend(neutral, negative, min(-v, 1))
	}
	return blend(neutral, positive, min(v, 1))
}

// hundredths formats a value with two decimals. It omits the sign of a zero.
func hundredths(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	if math.Abs(v) < 0.005 {
		v = 0
	}
	return fmt.Sprintf("%.2f", v)
}
