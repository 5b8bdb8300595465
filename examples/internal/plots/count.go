package plots

import (
	"fmt"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// maxNames is the maximum number of bars, and of rows of a matrix, that are readable.
const maxNames = 64

// CountPlot draws a bar for each name with its count above it. It returns an error if
// the numbers of names and counts differ, if there are none or more than 64, and if a
// count is negative.
func CountPlot(title, xLabel string, names []string, counts []int) ([]byte, error) {
	if len(names) != len(counts) || len(names) == 0 || len(names) > maxNames {
		return nil, fmt.Errorf("plots: %d names and %d counts; want equal numbers from 1 to %d",
			len(names), len(counts), maxNames)
	}
	for i, n := range counts {
		if n < 0 {
			return nil, fmt.Errorf("plots: the count of %q is %d", names[i], n)
		}
	}
	p := newPlot(title, xLabel, "count")
	p.X.Tick.Marker = ticks(names)
	p.X.Tick.Length = 0
	p.Y.Tick.Marker = roundTicks{least: 1}
	p.Add(horizontalGrid(), bars(counts))
	width := max(minWidth, vg.Length(len(names))*0.55*vg.Inch)
	if widest(p.X.Tick.Label, names)*vg.Length(len(names))*1.15 > width-vg.Inch {
		upright(p, names)
	}
	img, c := page(width, plotHeight)
	p.Draw(c)
	return encode(img)
}

// bars draws counts at the positions 0, 1, 2 and so on.
type bars []int

// DataRange implements [plot.DataRanger]. The range includes space for the numbers above
// the bars.
func (b bars) DataRange() (xMin, xMax, yMin, yMax float64) {
	top := 1
	for _, n := range b {
		top = max(top, n)
	}
	return -0.5, float64(len(b)) - 0.5, 0, float64(top) * 1.1
}

// Plot implements [plot.Plotter].
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	number := style(tickSize, ink)
	number.YAlign = draw.YBottom
	for i, n := range b {
		at := float64(i)
		top := y(float64(n))
		c.FillPolygon(series[i%len(series)], rectangle(x(at-0.36), y(0), x(at+0.36), top))
		c.FillText(number, vg.Point{X: x(at), Y: top + 3}, strconv.Itoa(n))
	}
}
