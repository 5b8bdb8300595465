package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The ends and the middle of the colours for -1, 0 and 1.
var (
	negative = color.NRGBA{R: 0x2f, G: 0x5f, B: 0xad, A: 0xff}
	neutral  = color.NRGBA{R: 0xf6, G: 0xf4, B: 0xf0, A: 0xff}
	positive = color.NRGBA{R: 0xb5, G: 0x2f, B: 0x32, A: 0xff}
)

// barRoom is what the colour bar with its numbers takes at the right.
const barRoom = 0.9 * vg.Inch

// Heatmap draws a square matrix of values from -1 to 1, such as correlations, with
// the value written in each cell, names along both axes and a colour bar. Values
// outside the range get the colour of its end; NaN is grey and stays blank. It
// fails when m is not len(names) x len(names), or for no name or more than 64.
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
	img, c := grid.page(labels+barRoom, above)
	left := draw.Crop(c, 0, -barRoom, 0, 0)
	p.Draw(left)
	drawColourBar(c, p.DataCanvas(left))
	return encode(img)
}

// drawColourBar draws the bar at the right of the page c, as high as the matrix.
func drawColourBar(c, matrix draw.Canvas) {
	bar := newPlot("", "", "")
	bar.HideX()
	bar.Y.Tick.Length = 3
	var marks plot.ConstantTicks
	for quarter := -4.0; quarter <= 4; quarter++ {
		marks = append(marks, plot.Tick{Value: quarter / 4, Label: fmt.Sprintf("%.2f", quarter/4)})
	}
	bar.Y.Tick.Marker = marks
	bar.Add(colourBar{})
	c.Min.X = matrix.Max.X + 0.15*vg.Inch
	c.Min.Y, c.Max.Y = matrix.Min.Y-tickSize/2, matrix.Max.Y+tickSize/2
	bar.Draw(c)
}

// colourBar shows the colours of -1 to 1, one above the other.
type colourBar struct{}

// DataRange implements plot.DataRanger.
func (colourBar) DataRange() (xMin, xMax, yMin, yMax float64) { return 0, 1, -1, 1 }

// Plot implements plot.Plotter.
func (colourBar) Plot(c draw.Canvas, p *plot.Plot) {
	const steps = 200
	x, y := p.Transforms(&c)
	for i := range steps {
		// Each step reaches under the next, so that no seam shows.
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

// hundredths writes a value without the minus that would stand before a zero.
func hundredths(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	if math.Abs(v) < 0.005 {
		v = 0
	}
	return fmt.Sprintf("%.2f", v)
}
