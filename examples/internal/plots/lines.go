package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Series is a line of a plot. Y[0] is drawn at x = 1, Y[1] at x = 2 and so on, as epochs
// are counted. Values that are NaN, infinite or beyond 1e300 are omitted.
type Series struct {
	Name string
	Y    []float64
}

// Lines draws all series in one plot with a legend beside it. It returns an error if no
// series has a finite value.
func Lines(title, xLabel, yLabel string, lines ...Series) ([]byte, error) {
	p := newPlot(title, xLabel, yLabel)
	p.X.Tick.Marker, p.Y.Tick.Marker = roundTicks{least: 1}, roundTicks{}
	p.Add(horizontalGrid())
	legend := plot.NewLegend()
	legend.TextStyle = style(tickSize, ink)
	legend.TextStyle.XAlign = draw.XLeft
	legend.TextStyle.YAlign = draw.YBottom
	legend.Top, legend.Left = true, true
	legend.Padding = 5
	drawn := 0
	for i, s := range lines {
		points := s.points()
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, fmt.Errorf("plots: series %q: %w", s.Name, err)
		}
		paint(line, dots, series[i%len(series)])
		p.Add(line)
		if len(points) <= maxDots {
			p.Add(dots)
		}
		legend.Add(fit(legend.TextStyle, s.Name, 2*vg.Inch), line)
		drawn++
	}
	if drawn == 0 {
		return nil, errors.New("plots: no series has a finite value to draw")
	}
	img, c := page(minWidth+vg.Inch, plotHeight)
	beside := legend.Rectangle(c).Size().X + margin
	p.Draw(draw.Crop(c, 0, -beside, 0, 0))
	// The legend is outside the axes, because no corner inside is free for both falling
	// losses and rising accuracies.
	legend.Draw(draw.Crop(c, c.Size().X-beside+margin, 0, 0, -2*titleSize))
	return encode(img)
}

// maxDots is the maximum number of values of a line with a dot at each value.
const maxDots = 40

func paint(line *plotter.Line, dots *plotter.Scatter, c color.Color) {
	line.Color, line.Width = c, 2
	dots.Color, dots.Radius, dots.Shape = c, 3, draw.CircleGlyph{}
}

func (s Series) points() plotter.XYs {
	var out plotter.XYs
	for i, y := range s.Y {
		// The difference of two larger values may overflow. The comparison is false for
		// NaN.
		if math.Abs(y) <= 1e300 {
			out = append(out, plotter.XY{X: float64(i + 1), Y: y})
		}
	}
	return out
}
