package nn

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Sampling is the way to compute an element between others.
type Sampling int

// The ways of sampling: by a linear function, the nearest element, or a cubic function of 4 x 4 elements.
const (
	SampleLinear Sampling = iota
	SampleNearest
	SampleCubic
)

// Border is what is outside of an image.
type Border int

// The kinds of border: zeros, the elements of the edge, or the reflected image.
const (
	BorderZeros Border = iota
	BorderEdge
	BorderReflection
)

// GridSample samples an image of shape [batch, channels, size...] with two or three axes at the points of a grid of
// shape [batch, size..., axes]. The points have coordinates from -1 to 1, that of the last axis first, which are the
// centers of the outer elements if corners is set and their outer edges otherwise.
func GridSample(x, grid *kernel.Tensor, how Sampling, border Border, corners bool) (*kernel.Tensor, error) {
	axes := len(x.Shape) - 2
	if axes != 2 && axes != 3 || len(grid.Shape) != len(x.Shape) || grid.Shape[0] != x.Shape[0] ||
		grid.Shape[axes+1] != axes || slices.Contains(x.Shape[2:], 0) {
		return nil, kernel.Invalid("sampling shape %v by a grid of shape %v", x.Shape, grid.Shape)
	}
	out, err := kernel.New(x.DType(), slices.Concat(x.Shape[:2], grid.Shape[1:axes+1]))
	if err != nil {
		return nil, err
	}
	wide, err := kernel.Cast(grid, "float64")
	if err != nil {
		return nil, err
	}
	s := sampler{sizes: x.Shape[2:], strides: kernel.StridesOf(x.Shape[2:]), how: how, border: border, corners: corners}
	switch d := x.Data.(type) {
	case []float32:
		sampleAll(s, d, out.Data.([]float32), wide.Data.([]float64), x.Shape[0], x.Shape[1])
	case []float64:
		sampleAll(s, d, out.Data.([]float64), wide.Data.([]float64), x.Shape[0], x.Shape[1])
	default:
		return nil, kernel.Unsupported("sampling %s", x.DType())
	}
	return out, nil
}

// sampler samples one channel.
type sampler struct {
	sizes, strides []int
	how            Sampling
	border         Border
	corners        bool
}

func sampleAll[T kernel.Float](s sampler, in, out []T, grid []float64, batch, channels int) {
	size, points, axes := kernel.Product(s.sizes), 0, len(s.sizes)
	if batch > 0 {
		points = len(grid) / axes / batch
	}
	taps := make([][]tap, axes)
	for b := range batch {
		for p := range points {
			point := grid[axes*(b*points+p):]
			for i := range taps {
				taps[i] = s.taps(taps[i][:0], point[axes-1-i], s.sizes[i])
			}
			for c := range channels {
				i := b*channels + c
				out[i*points+p] = T(sampleOne(in[i*size:(i+1)*size], taps, s.strides))
			}
		}
	}
}

// tap is an element of an axis and its share.
type tap struct {
	at    int
	share float64
}

// sampleOne returns the sum of the elements that the taps of all axes select.
func sampleOne[T kernel.Float](img []T, taps [][]tap, strides []int) float64 {
	sum := 0.0
	for _, t := range taps[0] {
		if part := img[t.at*strides[0]:]; len(taps) > 1 {
			sum += t.share * sampleOne(part, taps[1:], strides[1:])
		} else {
			sum += t.share * float64(part[0])
		}
	}
	return sum
}

// taps appends the elements of an axis of n elements for a coordinate.
func (s sampler) taps(out []tap, v float64, n int) []tap {
	at := ((v+1)*float64(n) - 1) / 2
	if s.corners {
		at = (v + 1) / 2 * float64(n-1)
	}
	// A distant or NaN position samples nothing, or an edge.
	if !(math.Abs(at) < kernel.MaxElements) {
		at = -2
	}
	if s.how != SampleCubic {
		at = s.inside(at, n)
	}
	low := math.Floor(at)
	d, first := at-low, int(low)
	shares := [4]float64{1 - d, d}
	count := 2
	switch s.how {
	case SampleNearest:
		first, shares, count = int(math.RoundToEven(at)), [4]float64{1}, 1
	case SampleCubic:
		first, count = first-1, 4
		for i := range shares {
			shares[i] = keys(d + 1 - float64(i))
		}
	}
	for i, share := range shares[:count] {
		place := first + i
		if s.how == SampleCubic {
			place = int(s.inside(float64(place), n))
		}
		if place >= 0 && place < n {
			out = append(out, tap{place, share})
		}
	}
	return out
}

// inside moves a position outside of an axis with n elements to that of the element which the border has there.
func (s sampler) inside(at float64, n int) float64 {
	last := float64(n - 1)
	switch s.border {
	case BorderReflection:
		low, span := -0.5, float64(n) // Between the outer edges of the elements.
		if s.corners {
			low, span = 0, last
		}
		if span == 0 {
			return 0
		}
		from := math.Abs(at - low)
		rest := math.Mod(from, span)
		if math.Mod(math.Floor(from/span), 2) != 0 {
			rest = span - rest
		}
		return max(0, min(rest+low, last))
	case BorderEdge:
		return max(0, min(at, last))
	}
	return at
}

// keys is the curve of Keys with a = -0.75.
func keys(d float64) float64 {
	const a = -0.75
	switch d = math.Abs(d); {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((d-5)*d+8)*d*a - 4*a
	}
	return 0
}

// AffineGrid returns the grid for GridSample that results from transforming an image of the given size, [batch,
// channels, rows, columns], with matrices of shape [batch, 2, 3].
func AffineGrid(theta *kernel.Tensor, size []int, corners bool) (*kernel.Tensor, error) {
	if len(size) != 4 || len(theta.Shape) != 3 {
		return nil, kernel.Invalid("a grid of size %v of matrices of shape %v", size, theta.Shape)
	}
	if _, err := kernel.Count([]int{size[2], size[3], 3}); err != nil {
		return nil, err
	}
	middle := func(i, n int) float64 {
		if corners {
			return 2*float64(i)/math.Max(float64(n-1), 1) - min(float64(n-1), 1)
		}
		return (2*float64(i)+1)/float64(n) - 1
	}
	base := make([]float64, 0, size[2]*size[3]*3)
	for r := range size[2] {
		for c := range size[3] {
			base = append(base, middle(c, size[3]), middle(r, size[2]), 1)
		}
	}
	points, err := kernel.Cast(&kernel.Tensor{Shape: []int{size[2] * size[3], 3}, Data: base}, theta.DType())
	if err != nil {
		return nil, err
	}
	if theta, err = kernel.Swap(theta, 1, 2); err != nil {
		return nil, err
	}
	out, err := kernel.MatMul(points, theta)
	if err != nil {
		return nil, err
	}
	return kernel.Reshape(out, []int{theta.Shape[0], size[2], size[3], 2})
}
