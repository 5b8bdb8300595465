package vision

import (
	"errors"
	"math"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestRefusals uses boxes and sizes of requests that are wrong or ask for much work.
func TestRefusals(t *testing.T) {
	t.Parallel()
	image := &kernel.Tensor{Shape: []int{1, 4, 2, 2}, Data: make([]float32, 16)}
	box := func(list ...float32) *kernel.Tensor {
		return &kernel.Tensor{Shape: []int{len(list) / 5, 5}, Data: list}
	}
	nan, one := float32(math.NaN()), Regions{Scale: 1, Height: 2, Width: 2, Samples: -1}
	align := func(boxes *kernel.Tensor, r Regions) func() (*kernel.Tensor, error) {
		return func() (*kernel.Tensor, error) { return RegionsAlign(image, boxes, r) }
	}
	for name, f := range map[string]func() (*kernel.Tensor, error){
		"a large region":   align(box(0, 0, 0, 1e7, 1e7), one),
		"another image":    align(box(1, 0, 0, 1, 1), one),
		"a negative image": align(box(-1, 0, 0, 1, 1), one),
		"NaN":              align(box(nan, 0, 0, 1, 1), one),
		"a NaN corner":     align(box(0, nan, 0, 1, 1), one),
		"no boxes":         align(image, one),
		"a large result":   align(box(0, 0, 0, 1, 1), Regions{Scale: 1, Height: 1 << 30, Width: 1 << 30, Samples: 1}),
		"many samples":     align(box(0, 0, 0, 1, 1), Regions{Scale: 1, Height: 64, Width: 64, Samples: 4096}),
		"too many samples": align(box(0, 0, 0, 1, 1), Regions{Scale: 1, Height: 1, Width: 1, Samples: 1 << 40}),
		"no image":         func() (*kernel.Tensor, error) { return RegionsMax(box(), box(), one) },
		"odd channels": func() (*kernel.Tensor, error) {
			return PositionRegionsAlign(image, box(), Regions{Height: 3, Width: 1})
		},
		"boxes of five":     func() (*kernel.Tensor, error) { return NMS(box(0, 0, 0, 1, 1), image, 1) },
		"a large size":      func() (*kernel.Tensor, error) { return Resize(image, []int{1 << 40, 1}, []float64{1, 1}, Cubic) },
		"no size":           func() (*kernel.Tensor, error) { return Resize(image, []int{0, 1}, []float64{1, 1}, Cubic) },
		"a scale of NaN":    func() (*kernel.Tensor, error) { return Resize(image, []int{1, 1}, []float64{math.NaN(), 1}, Cubic) },
		"a scale too large": func() (*kernel.Tensor, error) { return Resize(image, []int{1, 1}, []float64{math.Inf(1), 1}, Cubic) },
	} {
		if out, err := f(); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
}

// TestEmpty pools no regions, and keeps no boxes.
func TestEmpty(t *testing.T) {
	t.Parallel()
	image := &kernel.Tensor{Shape: []int{1, 4, 2, 2}, Data: make([]float32, 16)}
	none := &kernel.Tensor{Shape: []int{0, 5}, Data: []float32{}}
	out, err := RegionsAlign(image, none, Regions{Scale: 1, Height: 2, Width: 2})
	if err != nil || out.Len() != 0 {
		t.Errorf("%v %v", out, err)
	}
	keep, err := NMS(&kernel.Tensor{Shape: []int{0, 4}, Data: []float32{}}, &kernel.Tensor{Shape: []int{0}, Data: []float32{}}, 0.5)
	if err != nil || keep.Len() != 0 {
		t.Errorf("%v %v", keep, err)
	}
}
