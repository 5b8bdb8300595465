package plots

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// cells draws a square matrix with a color and a text in each cell. Row 0 is at the top.
type cells struct {
	n     int
	color func(row, column int) color.Color
	text  func(row, column int) string
	size  vg.Length // The size of the text.
}

// DataRange implements [plot.DataRanger].
func (m cells) DataRange() (xMin, xMax, yMin, yMax float64) {
	end := float64(m.n) - 0.5
	return -0.5, end, -0.5, end
}

// Plot implements [plot.Plotter].
func (m cells) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i := range m.n {
		for j := range m.n {
			cx, cy := float64(j), float64(m.n-1-i)
			fill := m.color(i, j)
			// The rectangle is slightly larger than the cell, because antialiasing would
			// show a gap between adjacent cells.
			c.FillPolygon(fill, rectangle(x(cx-0.5)-0.2, y(cy-0.5)-0.2, x(cx+0.5)+0.2, y(cy+0.5)+0.2))
			c.FillText(style(m.size, contrast(fill)), vg.Point{X: x(cx), Y: y(cy)}, m.text(i, j))
		}
	}
	start, end := -0.5, float64(m.n)-0.5
	frame := rectangle(x(start), y(start), x(end), y(end))
	c.StrokeLines(draw.LineStyle{Color: ink, Width: 0.5}, append(frame, frame[0]))
}

// contrast returns the text color of the theme that is readable on fill.
func contrast(fill color.Color) color.Color {
	r, g, b, _ := fill.RGBA()
	if 0.299*float64(r)+0.587*float64(g)+0.114*float64(b) < 0.6*0xffff {
		return paper
	}
	return ink
}

// label adds the cells to the plot, with names along both axes.
func (m cells) label(p *plot.Plot, names []string) {
	down := slices.Clone(names)
	slices.Reverse(down)
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks(names), ticks(down)
	p.X.Tick.Length, p.Y.Tick.Length = 3, 3
	p.Add(m)
}

// side returns the length of a cell. Few cells fill the page, and many cells are still
// large enough for their number.
func (m cells) side() vg.Length {
	return min(max(4.5*vg.Inch/vg.Length(m.n), 0.4*vg.Inch), 1.5*vg.Inch)
}

// page returns a page for the matrix with the given space beside and above it. If the
// page would be narrower than the minimum, the matrix is centered, so that its cells
// stay square.
func (m cells) page(beside, above vg.Length) (*vgimg.Canvas, draw.Canvas) {
	side := m.side() * vg.Length(m.n)
	need := side + beside + 2*margin
	width := max(minWidth, need)
	img, c := page(width, side+above+2*margin)
	return img, draw.Crop(c, (width-need)/2, -(width-need)/2, 0, 0)
}

// cutNames shortens names that would leave no space for the matrix.
func cutNames(s text.Style, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fit(s, name, 2.5*vg.Inch)
	}
	return out
}

// blend mixes two colors. A share of 0 returns a, and a share of 1 returns b.
func blend(a, b color.NRGBA, share float64) color.NRGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*share + 0.5) }
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 0xff}
}

// checkSquare checks that a matrix has a row and a column for each name.
func checkSquare[T any](names []string, m [][]T) error {
	if len(names) == 0 || len(names) > maxNames || len(m) != len(names) {
		return fmt.Errorf("plots: %d names for a matrix of %d rows; want equal numbers from 1 to %d",
			len(names), len(m), maxNames)
	}
	for i, row := range m {
		if len(row) != len(names) {
			return fmt.Errorf("plots: row %d of the matrix has %d columns, not %d", i, len(row), len(names))
		}
	}
	return nil
}
