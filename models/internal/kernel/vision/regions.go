package vision

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Regions describes how parts of images are pooled. A region has the index of its image and two corners, x1, y1, x2 and
// y2, which Scale converts to elements of the image.
type Regions struct {
	Scale         float64
	Height, Width int  // of the result
	Samples       int  // along each axis of an element of the result; less than 1 is by the size of the region
	Aligned       bool // The centers of elements are half an element from their corners.
	// Largest computes the largest of the four weighted elements of all samples, as ONNX defines it, instead of the mean
	// of the samples.
	Largest bool
}

// limits of the work that the sizes of regions ask for.
const (
	maxSamples = 1 << 28
	maxGrid    = 1 << 12
)

// images is a batch of images as float64.
type images struct {
	data                        []float64
	batch, channels, rows, cols int
}

func imagesOf(x *kernel.Tensor) (images, error) {
	if len(x.Shape) != 4 || x.Shape[2] == 0 || x.Shape[3] == 0 {
		return images{}, kernel.Invalid("regions of an image of shape %v", x.Shape)
	}
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		return images{}, err
	}
	return images{wide.Data.([]float64), x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]}, nil
}

// channel returns a channel of an image.
func (im images) channel(batch, channel int) []float64 {
	size := im.rows * im.cols
	at := (batch*im.channels + channel) * size
	return im.data[at : at+size]
}

// prepare checks the regions and returns them with the result.
func (r Regions) prepare(x, regions *kernel.Tensor, channels int) (im images, list, out []float64, err error) {
	if im, err = imagesOf(x); err != nil {
		return im, nil, nil, err
	}
	if list, err = floats(regions, 2, 5); err != nil {
		return im, nil, nil, err
	}
	for i := 0; i < len(list); i += 5 {
		if b := list[i]; !(b >= 0 && b < float64(im.batch)) {
			return im, nil, nil, kernel.Invalid("a region of the image %v of %d", b, im.batch)
		}
		for _, v := range list[i+1 : i+5] {
			if !(math.Abs(v*r.Scale) < kernel.MaxElements) {
				return im, nil, nil, kernel.Invalid("a region with the coordinate %v", v)
			}
		}
	}
	n, err := kernel.Count([]int{regions.Shape[0], channels, r.Height, r.Width})
	if err != nil || r.Height < 1 || r.Width < 1 {
		return im, nil, nil, kernel.Invalid("regions of %d x %d elements", r.Height, r.Width)
	}
	return im, list, make([]float64, n), nil
}

func (r Regions) result(regions *kernel.Tensor, channels int, out []float64, dtype string) (*kernel.Tensor, error) {
	t := &kernel.Tensor{Shape: []int{regions.Shape[0], channels, r.Height, r.Width}, Data: out}
	return kernel.Cast(t, dtype)
}

// grid is the samples of a region.
type grid struct {
	top, left          float64
	height, width      float64 // of an element of the result
	rows, cols         int     // samples of an element
	outRows, outCols   int
	imageRows, columns int
}

// gridOf returns the samples of a region. A region has at least the given size.
func (r Regions) gridOf(region []float64, im images, least float64) (grid, error) {
	offset := 0.0
	if r.Aligned {
		offset = 0.5
	}
	g := grid{
		left: region[1]*r.Scale - offset, top: region[2]*r.Scale - offset,
		outRows: r.Height, outCols: r.Width, imageRows: im.rows, columns: im.cols,
	}
	width, height := region[3]*r.Scale-offset-g.left, region[4]*r.Scale-offset-g.top
	if !r.Aligned {
		width, height = max(width, least), max(height, least)
	}
	g.width, g.height = width/float64(r.Width), height/float64(r.Height)
	g.rows, g.cols = r.Samples, r.Samples
	if r.Samples < 1 {
		g.rows, g.cols = int(math.Ceil(g.height)), int(math.Ceil(g.width))
	}
	if g.rows > maxGrid || g.cols > maxGrid {
		return g, kernel.Invalid("a region of %v x %v elements", height, width)
	}
	return g, nil
}

// reduce returns the mean of the samples of an element of the result, or the largest of their weighted elements.
func (g grid) reduce(img []float64, row, col int, largest bool) float64 {
	sum, top := 0.0, math.Inf(-1)
	for i := range g.rows {
		y := g.top + (float64(row)+(float64(i)+0.5)/float64(g.rows))*g.height
		for j := range g.cols {
			x := g.left + (float64(col)+(float64(j)+0.5)/float64(g.cols))*g.width
			v := g.sample(img, y, x)
			sum, top = sum+(v[0]+v[1]+(v[2]+v[3])), max(top, slices.Max(v[:]))
		}
	}
	if largest && g.rows*g.cols > 0 {
		return top
	}
	return sum / max(float64(g.rows*g.cols), 1)
}

// sample returns four elements with their weights, the sum of which interpolates between them. They are 0 beyond one
// element outside of the image.
func (g grid) sample(img []float64, y, x float64) (weighted [4]float64) {
	if y < -1 || y > float64(g.imageRows) || x < -1 || x > float64(g.columns) {
		return weighted
	}
	y, x = max(y, 0), max(x, 0)
	top, left := min(int(y), g.imageRows-1), min(int(x), g.columns-1)
	bottom, right := min(top+1, g.imageRows-1), min(left+1, g.columns-1)
	if top == g.imageRows-1 {
		y = float64(top)
	}
	if left == g.columns-1 {
		x = float64(left)
	}
	dy, dx := y-float64(top), x-float64(left)
	at := func(row, col int) float64 { return img[row*g.columns+col] }
	return [4]float64{
		(1 - dy) * (1 - dx) * at(top, left), (1 - dy) * dx * at(top, right),
		dy * (1 - dx) * at(bottom, left), dy * dx * at(bottom, right),
	}
}

// RegionsAlign samples regions of images of shape [batch, channels, rows, columns]. regions has the shape [n, 5].
func RegionsAlign(x, regions *kernel.Tensor, r Regions) (*kernel.Tensor, error) {
	return r.align(x, regions, 1, 1, func(channel, _, _ int) int { return channel })
}

// PositionRegionsAlign is like RegionsAlign, but each element of the result has a channel of the images of its own.
func PositionRegionsAlign(x, regions *kernel.Tensor, r Regions) (*kernel.Tensor, error) {
	parts := r.Height * r.Width
	if parts < 1 || len(x.Shape) != 4 || x.Shape[1]%parts != 0 {
		return nil, kernel.Invalid("regions of %d x %d elements of an image of shape %v", r.Height, r.Width, x.Shape)
	}
	r.Aligned = true
	return r.align(x, regions, parts, 0, func(channel, row, col int) int { return (channel*r.Height+row)*r.Width + col })
}

func (r Regions) align(
	x, regions *kernel.Tensor, parts int, least float64, channelOf func(channel, row, col int) int,
) (*kernel.Tensor, error) {
	if len(x.Shape) != 4 {
		return nil, kernel.Invalid("regions of an image of shape %v", x.Shape)
	}
	channels := x.Shape[1] / parts
	im, list, out, err := r.prepare(x, regions, channels)
	if err != nil {
		return nil, err
	}
	work, at := 0, 0
	for ; len(list) > 0; list = list[5:] {
		g, err := r.gridOf(list, im, least)
		if err != nil {
			return nil, err
		}
		if work += channels * r.Height * r.Width * max(g.rows*g.cols, 1); work > maxSamples {
			return nil, kernel.Invalid("regions with more than %d samples", maxSamples)
		}
		for c := range channels {
			for row := range r.Height {
				for col := range r.Width {
					out[at] = g.reduce(im.channel(int(list[0]), channelOf(c, row, col)), row, col, r.Largest)
					at++
				}
			}
		}
	}
	return r.result(regions, channels, out, x.DType())
}

// RegionsMax returns the maxima of the elements of regions.
func RegionsMax(x, regions *kernel.Tensor, r Regions) (*kernel.Tensor, error) {
	if len(x.Shape) != 4 {
		return nil, kernel.Invalid("regions of an image of shape %v", x.Shape)
	}
	im, list, out, err := r.prepare(x, regions, x.Shape[1])
	if err != nil {
		return nil, err
	}
	at := 0
	for ; len(list) > 0; list = list[5:] {
		rows := parts(list[2]*r.Scale, list[4]*r.Scale, r.Height, im.rows)
		cols := parts(list[1]*r.Scale, list[3]*r.Scale, r.Width, im.cols)
		for c := range im.channels {
			img := im.channel(int(list[0]), c)
			for _, v := range rows {
				for _, h := range cols {
					out[at] = largest(img, im.cols, v, h)
					at++
				}
			}
		}
	}
	return r.result(regions, x.Shape[1], out, x.DType())
}

// parts divides the elements from a coordinate to another one into n parts within size elements.
func parts(from, to float64, n, size int) [][2]int {
	start, end := math.Round(from), math.Round(to)
	step := max(end-start+1, 1) / float64(n)
	out := make([][2]int, n)
	for i := range out {
		low := math.Floor(float64(i)*step) + start
		high := math.Ceil(float64(i+1)*step) + start
		out[i] = [2]int{int(min(max(low, 0), float64(size))), int(min(max(high, 0), float64(size)))}
	}
	return out
}

// largest returns the maximum of a part of an image, or 0 if it is empty.
func largest(img []float64, width int, rows, cols [2]int) float64 {
	if rows[0] >= rows[1] || cols[0] >= cols[1] {
		return 0
	}
	best := math.Inf(-1)
	for y := rows[0]; y < rows[1]; y++ {
		for _, v := range img[y*width+cols[0] : y*width+cols[1]] {
			best = max(best, v)
		}
	}
	return best
}
