// Package plots draws the data and the results of a training program as PNG images in a
// common theme: a light background, sans-serif text, 144 dots per inch, and a width of
// at least 1000 pixels.
//
// The font is Liberation Sans, which gonum's plot embeds; no function reads a file. All
// functions are safe for concurrent use.
package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The sizes and colors of the theme.
const (
	dpi = 144

	titleSize  = 14 * vg.Length(1)
	axisSize   = 12 * vg.Length(1)
	tickSize   = 10 * vg.Length(1)
	numberSize = 7 * vg.Length(1) // The numbers in the cells of a matrix with many cells.

	minWidth   = 7.5 * vg.Inch
	plotHeight = 4.7 * vg.Inch
	margin     = 0.15 * vg.Inch
)

var (
	ink     = color.NRGBA{R: 0x26, G: 0x2b, B: 0x33, A: 0xff}
	faint   = color.NRGBA{R: 0xe3, G: 0xe6, B: 0xea, A: 0xff}
	paper   = color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	unknown = color.NRGBA{R: 0xc8, G: 0xcc, B: 0xd2, A: 0xff} // The color of NaN.

	// series are the colors of lines and bars. They also differ in lightness, for
	// readers with color blindness and for print.
	series = []color.NRGBA{
		{R: 0x2f, G: 0x6d, B: 0xb5, A: 0xff},
		{R: 0xe0, G: 0x7b, B: 0x2a, A: 0xff},
		{R: 0x2e, G: 0x8b, B: 0x62, A: 0xff},
		{R: 0xb8, G: 0x3a, B: 0x4b, A: 0xff},
		{R: 0x7a, G: 0x5a, B: 0xa8, A: 0xff},
		{R: 0x8a, G: 0x6a, B: 0x4f, A: 0xff},
		{R: 0xd1, G: 0x6f, B: 0xae, A: 0xff},
		{R: 0x6b, G: 0x72, B: 0x7c, A: 0xff},
	}
)

// style returns a style with the font of the theme that centers the text on its
// position.
func style(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign:  draw.XCenter,
		YAlign:  draw.YCenter,
		Handler: plot.DefaultTextHandler,
	}
}

// applyTheme sets the font of the theme and keeps the position of the text.
func applyTheme(t *text.Style, size vg.Length) {
	s := style(size, ink)
	s.Rotation, s.XAlign, s.YAlign = t.Rotation, t.XAlign, t.YAlign
	*t = s
}

// newPlot returns an empty plot in the theme.
func newPlot(title, xLabel, yLabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = paper
	p.Title.TextStyle = style(titleSize, ink)
	p.Title.Text = fit(p.Title.TextStyle, title, minWidth-4*margin)
	p.Title.TextStyle.YAlign = draw.YTop
	p.Title.Padding = 10
	for _, axis := range []struct {
		*plot.Axis
		label string
	}{{&p.X, xLabel}, {&p.Y, yLabel}} {
		axis.Label.Text = fit(style(axisSize, ink), axis.label, plotHeight-vg.Inch)
		axis.Label.Padding = 6
		axis.Padding = 0
		axis.Color, axis.Tick.Color = ink, ink
		applyTheme(&axis.Tick.Label, tickSize)
		applyTheme(&axis.Label.TextStyle, axisSize)
	}
	return p
}

// horizontalGrid returns lines at the ticks of the vertical axis.
func horizontalGrid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Color, g.Horizontal.Width = faint, 1
	g.Vertical.Color = nil
	return g
}

// widest returns the width of the longest text.
func widest(s text.Style, texts []string) vg.Length {
	var w vg.Length
	for _, t := range texts {
		w = max(w, s.Width(t))
	}
	return w
}

// fit shortens a text to a width, so that it does not overlap its neighbor.
func fit(s text.Style, t string, width vg.Length) string {
	lines := strings.Split(t, "\n")
	for i, line := range lines {
		runes := []rune(line)
		for s.Width(lines[i]) > width && len(runes) > 0 {
			runes = runes[:len(runes)-1]
			lines[i] = strings.TrimSpace(string(runes)) + "…"
		}
	}
	return strings.Join(lines, "\n")
}

// page returns a blank canvas and the part of it inside the margins.
func page(width, height vg.Length) (*vgimg.Canvas, draw.Canvas) {
	img := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(paper))
	return img, draw.Crop(draw.New(img), margin, -margin, margin, -margin)
}

// encode returns the canvas as a PNG file.
func encode(c *vgimg.Canvas) ([]byte, error) {
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("plots: %w", err)
	}
	return b.Bytes(), nil
}

// rectangle returns the polygon with the given corners.
func rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}
