package kernel

import (
	"errors"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestDataDependentLimits uses values of requests that ask for much memory or do not fit.
func TestDataDependentLimits(t *testing.T) {
	t.Parallel()
	x := &Tensor{Shape: []int{2}, Data: []float32{1, 2}}
	for name, f := range map[string]func() (*Tensor, error){
		"a large bin":       func() (*Tensor, error) { return Bincount(Ints([]int{1 << 40}), nil, 0) },
		"a negative bin":    func() (*Tensor, error) { return Bincount(Ints([]int{-1}), nil, 0) },
		"a large minlength": func() (*Tensor, error) { return Bincount(Ints([]int{1}), nil, 1<<40) },
		"other weights":     func() (*Tensor, error) { return Bincount(Ints([]int{1}), x, 0) },
		"floats":            func() (*Tensor, error) { return Bincount(x, nil, 0) },
		"a short source": func() (*Tensor, error) {
			return MaskedScatter(x, &Tensor{Shape: []int{2}, Data: []bool{true, true}}, Scalar(float32(1)))
		},
		"no mask":     func() (*Tensor, error) { return MaskedScatter(x, x, x) },
		"no axis":     func() (*Tensor, error) { return Running(x, 1, false) },
		"other types": func() (*Tensor, error) { return MaskedScatter(x, Scalar(true), Scalar(1.0)) },
	} {
		if out, err := f(); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
}

func TestUnique(t *testing.T) {
	t.Parallel()
	d := Unique([][]float64{{2, 1}, {1, 1}, {2, 1}, {1, 0}}, true)
	if !slices.Equal(d.First, []int{3, 1, 0}) || !slices.Equal(d.Places, []int64{2, 1, 2, 0}) ||
		!slices.Equal(d.Counts, []int64{1, 1, 2}) {
		t.Errorf("%+v", d)
	}
}
