package nn

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// GridSample samples an image of shape [batch, channels, rows, columns] at the points of a grid of shape [batch,
// height, width, 2]. The points have x and y coordinates from -1 to 1, which are the centers of the outer elements if
// corners is set and their outer edges otherwise. The result is interpolated between four elements, or is the nearest
// element. Outside of the image there are zeros, or the edge of the image if border is set.
func GridSample(x, grid *kernel.Tensor, nearest, border, corners bool) (*kernel.Tensor, error) {
	if len(x.Shape) != 4 || len(grid.Shape) != 4 || grid.Shape[0] != x.Shape[0] || grid.Shape[3] != 2 {
		return nil, kernel.Invalid("sampling shape %v by a grid of shape %v", x.Shape, grid.Shape)
	}
	out, err := kernel.New(x.DType(), []int{x.Shape[0], x.Shape[1], grid.Shape[1], grid.Shape[2]})
	if err != nil {
		return nil, err
	}
	wide, err := kernel.Cast(grid, "float64")
	if err != nil {
		return nil, err
	}
	s := sampler{rows: x.Shape[2], cols: x.Shape[3], nearest: nearest, border: border, corners: corners}
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
	rows, cols               int
	nearest, border, corners bool
}

func sampleAll[T kernel.Float](s sampler, in, out []T, grid []float64, batch, channels int) {
	size, points := s.rows*s.cols, 0
	if batch > 0 {
		points = len(grid) / 2 / batch
	}
	for b := range batch {
		for p := range points {
			g := grid[2*(b*points+p):]
			y, x := s.place(g[1], s.rows), s.place(g[0], s.cols)
			for c := range channels {
				i := b*channels + c
				out[i*points+p] = T(sampleOne(s, in[i*size:(i+1)*size], y, x))
			}
		}
	}
}

// place converts a coordinate from -1 to 1 to a position along an axis of n elements.
func (s sampler) place(v float64, n int) float64 {
	at := ((v+1)*float64(n) - 1) / 2
	if s.corners {
		at = (v + 1) / 2 * float64(n-1)
	}
	if s.border {
		at = math.Max(0, math.Min(at, float64(n-1)))
	}
	// A distant or NaN position samples nothing.
	if !(math.Abs(at) < kernel.MaxElements) {
		return -2
	}
	return at
}

func sampleOne[T kernel.Float](s sampler, img []T, y, x float64) float64 {
	at := func(row, col int) float64 {
		if row < 0 || row >= s.rows || col < 0 || col >= s.cols {
			return 0
		}
		return float64(img[row*s.cols+col])
	}
	if s.nearest {
		return at(int(math.RoundToEven(y)), int(math.RoundToEven(x)))
	}
	row, col := int(math.Floor(y)), int(math.Floor(x))
	dy, dx := y-math.Floor(y), x-math.Floor(x)
	return (1-dy)*((1-dx)*at(row, col)+dx*at(row, col+1)) + dy*((1-dx)*at(row+1, col)+dx*at(row+1, col+1))
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
