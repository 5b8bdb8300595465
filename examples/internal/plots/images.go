package plots

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"

	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/millrace-ml/millrace/examples/internal/idx"
)

// lineHeight is the height of a line of a caption in pixels.
const lineHeight = 26

// pixel is the size of a pixel on the page.
const pixel = vg.Inch / dpi

// maxGrid is the maximum width and height of a grid in pixels.
const maxGrid = 12000

// ImageGrid draws the first len(captions) images in rows of cols, each with its caption
// below it. A caption may have several lines, such as the label and the prediction. It
// returns an error if there are no captions or more captions than images, and if the
// grid would be larger than 12000 pixels in a direction.
func ImageGrid(title string, images *idx.Images, captions []string, cols int) ([]byte, error) {
	if images == nil || len(captions) == 0 || len(captions) > images.Len() {
		return nil, fmt.Errorf("plots: %d captions; want at least one and at most one for each image", len(captions))
	}
	if images.Rows < 1 || images.Cols < 1 || cols < 1 {
		return nil, fmt.Errorf("plots: images of %d x %d pixels in %d columns", images.Rows, images.Cols, cols)
	}
	g := layout(images, captions, cols)
	if g.width() > maxGrid || g.height() > maxGrid {
		return nil, fmt.Errorf("plots: the grid would have %d x %d pixels; the maximum is %d in each direction",
			g.width(), g.height(), maxGrid)
	}
	canvas, _ := page(vg.Length(g.width())*pixel, vg.Length(g.height())*pixel)
	for i := range captions {
		enlarge(canvas.Image(), g.at(i), images, i, g.scale)
	}
	g.write(vgdraw.New(canvas), title, captions)
	return encode(canvas)
}

// grid has the positions and sizes of the images, in pixels.
type grid struct {
	cols, rows    int
	scale         int         // The pixels of the page for each pixel of an image, in each direction.
	tile, picture image.Point // A tile is a picture with its caption and a gap.
	top, edge     int         // The space for the title and the margin.
}

// layout scales the images by an integer, so that their pixels are sharp and equally
// large.
func layout(images *idx.Images, captions []string, cols int) grid {
	const gap, least, narrow = 24, 120, 1000
	cols = min(cols, len(captions))
	g := grid{cols: cols, rows: (len(captions) + cols - 1) / cols, top: 70, edge: 24}
	// The page is at least 1000 pixels wide. With few columns, the pictures are limited
	// to a size that fits on a screen.
	want := min(max(least, narrow/cols-gap), 300)
	g.scale = max(1, (want+images.Cols-1)/images.Cols)
	g.picture = image.Pt(images.Cols*g.scale, images.Rows*g.scale)
	lines := 1
	for _, c := range captions {
		lines = max(lines, 1+strings.Count(c, "\n"))
	}
	text := min(int(widest(style(tickSize, ink), captions)/pixel), 2*g.picture.X)
	width := max(max(g.picture.X, text)+gap, (narrow-2*g.edge+cols-1)/cols)
	g.tile = image.Pt(width, g.picture.Y+gap+lines*lineHeight)
	return g
}

func (g grid) width() int  { return 2*g.edge + g.cols*g.tile.X }
func (g grid) height() int { return 2*g.edge + g.top + g.rows*g.tile.Y }

// at returns the top left corner of picture i, which is centered in its tile.
func (g grid) at(i int) image.Point {
	return image.Pt(
		g.edge+i%g.cols*g.tile.X+(g.tile.X-g.picture.X)/2,
		g.edge+g.top+i/g.cols*g.tile.Y,
	)
}

// enlarge draws image i with a square of scale pixels for each of its pixels.
func enlarge(page draw.Image, at image.Point, images *idx.Images, i, scale int) {
	for j, v := range images.At(i) {
		x, y := at.X+j%images.Cols*scale, at.Y+j/images.Cols*scale
		draw.Draw(page, image.Rect(x, y, x+scale, y+scale), image.NewUniform(color.Gray{Y: v}), image.Point{}, draw.Src)
	}
}

// write draws the title and the captions. The canvas is measured in points from the
// bottom left.
func (g grid) write(c vgdraw.Canvas, title string, captions []string) {
	point := func(x, y int) vg.Point {
		return vg.Point{X: vg.Length(x) * pixel, Y: c.Max.Y - vg.Length(y)*pixel}
	}
	heading := style(titleSize, ink)
	heading.YAlign = vgdraw.YTop
	c.FillText(heading, point(g.width()/2, g.edge), title)
	caption := style(tickSize, ink)
	caption.YAlign = vgdraw.YTop
	room := vg.Length(g.tile.X-8) * pixel
	for i, text := range captions {
		at := g.at(i)
		c.FillText(caption, point(at.X+g.picture.X/2, at.Y+g.picture.Y+6), fit(caption, text, room))
	}
}
