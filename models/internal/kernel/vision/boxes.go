// Package vision has the operations of torchvision on boxes, and resizing of images with a filter.
package vision

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// floats returns the elements of a tensor of a rank, whose last axis has a size, or any size for -1.
func floats(x *kernel.Tensor, rank, last int) ([]float64, error) {
	if len(x.Shape) != rank || last >= 0 && x.Shape[rank-1] != last {
		return nil, kernel.Invalid("boxes or scores of shape %v", x.Shape)
	}
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	return wide.Data.([]float64), nil
}

// NMS returns the places of the boxes that are kept, by falling score: those that overlap with no kept box of a higher
// score by more than a limit, as a share of the area of both. Boxes have the shape [n, 4].
func NMS(boxes, scores *kernel.Tensor, limit float64) (*kernel.Tensor, error) {
	keep, err := Best(boxes, scores, limit, math.Inf(-1), math.Inf(1))
	if err != nil {
		return nil, err
	}
	return kernel.Ints(keep), nil
}

// Best is like NMS for boxes whose score is more than least, and returns at most a number of them. A score of NaN is
// the highest, and least of -Inf includes all boxes.
func Best(boxes, scores *kernel.Tensor, limit, least, most float64) ([]int, error) {
	box, err := floats(boxes, 2, 4)
	if err != nil {
		return nil, err
	}
	score, err := floats(scores, 1, boxes.Shape[0])
	if err != nil {
		return nil, err
	}
	if n := len(score); n > maxBoxes {
		return nil, kernel.Invalid("a comparison of %d boxes; %d are the most", n, maxBoxes)
	}
	order := make([]int, 0, len(score))
	for i, v := range score {
		if v > least || math.IsInf(least, -1) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return byScore(score[a], score[b]) })
	keep := []int{}
	for _, i := range order {
		if float64(len(keep)) >= most {
			break
		}
		if !slices.ContainsFunc(keep, func(j int) bool { return overlap(box[4*j:], box[4*i:]) > limit }) {
			keep = append(keep, i)
		}
	}
	return keep, nil
}

// Corners returns boxes with their lower corner first, of any two opposite corners, or of their centers and sizes.
func Corners(boxes *kernel.Tensor, centers bool) (*kernel.Tensor, error) {
	list, err := floats(boxes, 2, 4)
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	for b := list; len(b) > 0; b = b[4:] {
		if centers {
			b[0], b[1], b[2], b[3] = b[0]-b[2]/2, b[1]-b[3]/2, b[0]+b[2]/2, b[1]+b[3]/2
		}
		b[0], b[1], b[2], b[3] = min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])
	}
	return &kernel.Tensor{Shape: boxes.Shape, Data: list}, nil
}

// maxBoxes bounds the boxes of NMS, whose time grows with their square.
const maxBoxes = 1 << 15

// byScore puts high scores first, and NaN before all.
func byScore(a, b float64) int {
	switch {
	case a > b, math.IsNaN(a) && !math.IsNaN(b):
		return -1
	case a < b, math.IsNaN(b) && !math.IsNaN(a):
		return 1
	}
	return 0
}

// overlap returns the common area of two boxes divided by the area of both.
func overlap(a, b []float64) float64 {
	width := max(0, min(a[2], b[2])-max(a[0], b[0]))
	height := max(0, min(a[3], b[3])-max(a[1], b[1]))
	both := width * height
	return both / ((a[2]-a[0])*(a[3]-a[1]) + (b[2]-b[0])*(b[3]-b[1]) - both)
}
