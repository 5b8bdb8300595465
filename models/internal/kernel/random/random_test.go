package random

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// moments returns the mean and the standard deviation of numbers.
func moments(list []float64) (mean, deviation float64) {
	for _, v := range list {
		mean += v / float64(len(list))
	}
	for _, v := range list {
		deviation += (v - mean) * (v - mean) / float64(len(list))
	}
	return mean, math.Sqrt(deviation)
}

func TestDistributions(t *testing.T) {
	t.Parallel()
	s := New(7, 1)
	integers, err := s.Integers(-2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		draw            func() float64
		mean, deviation float64
		low, high       float64
	}{
		"uniform":     {s.Uniform(2, 4), 3, 2 / math.Sqrt(12), 2, math.Nextafter(4, 0)},
		"normal":      {s.Normal(-1, 3), -1, 3, math.Inf(-1), math.Inf(1)},
		"exponential": {s.Exponential(2), 0.5, 0.5, 0, math.Inf(1)},
		"integers":    {integers, 0, math.Sqrt(2), -2, 2},
	} {
		x, err := Draw([]int{100, 1000}, "float64", c.draw)
		if err != nil {
			t.Fatal(err)
		}
		list := x.Data.([]float64)
		mean, deviation := moments(list)
		if math.Abs(mean-c.mean) > 0.03 || math.Abs(deviation-c.deviation) > 0.03 {
			t.Errorf("%s has the mean %v and the deviation %v", name, mean, deviation)
		}
		if slices.Min(list) < c.low || slices.Max(list) > c.high {
			t.Errorf("%s is between %v and %v", name, slices.Min(list), slices.Max(list))
		}
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	s := New(8, 1)
	p := &kernel.Tensor{Shape: []int{3, 10000}, Data: slices.Concat(slices.Repeat([]float32{0.2}, 10000), slices.Repeat([]float32{1}, 10000), slices.Repeat([]float32{0}, 10000))}
	out, err := s.Bernoulli(p, "float64")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.2, 1, 0} {
		if mean, _ := moments(out.Data.([]float64)[i*10000 : (i+1)*10000]); math.Abs(mean-want) > 0.02 {
			t.Errorf("Bernoulli of %v has the mean %v", want, mean)
		}
	}
	weights := &kernel.Tensor{Shape: []int{4}, Data: []float32{1, 0, 3, 4}}
	again, err := s.Multinomial(weights, 20000, true)
	if err != nil {
		t.Fatal(err)
	}
	var counts [4]float64
	for _, v := range again.Data.([]int64) {
		counts[v] += 1.0 / 20000
	}
	for i, want := range []float64{0.125, 0, 0.375, 0.5} {
		if math.Abs(counts[i]-want) > 0.02 {
			t.Errorf("place %d is drawn with %v", i, counts[i])
		}
	}
	once, err := s.Multinomial(weights, 3, false)
	if err != nil {
		t.Fatal(err)
	}
	if list := slices.Sorted(slices.Values(once.Data.([]int64))); !slices.Equal(list, []int64{0, 2, 3}) {
		t.Errorf("without giving back: %v", list)
	}
	order, err := s.Permutation(50)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range slices.Sorted(slices.Values(order.Data.([]int64))) {
		if int64(i) != v {
			t.Errorf("a permutation with %d at place %d", v, i)
		}
	}
}

func TestSeeds(t *testing.T) {
	t.Parallel()
	draw := func(seed, node uint64) float64 { return New(seed, node).Uniform(0, 1)() }
	if draw(1, 2) != draw(1, 2) || draw(1, 2) == draw(2, 2) || draw(1, 2) == draw(1, 3) {
		t.Error("the draws do not depend on the seed and the node")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := New(1, 1)
	tensor := func(list ...float32) *kernel.Tensor { return &kernel.Tensor{Shape: []int{len(list)}, Data: list} }
	nan := float32(math.NaN())
	for name, f := range map[string]func() (*kernel.Tensor, error){
		"a probability":   func() (*kernel.Tensor, error) { return s.Bernoulli(tensor(1.5), "float32") },
		"NaN":             func() (*kernel.Tensor, error) { return s.Bernoulli(tensor(nan), "float32") },
		"no weights":      func() (*kernel.Tensor, error) { return s.Multinomial(tensor(0, 0), 1, true) },
		"too few weights": func() (*kernel.Tensor, error) { return s.Multinomial(tensor(0, 1), 2, false) },
		"a bad weight":    func() (*kernel.Tensor, error) { return s.Multinomial(tensor(-1, 2), 1, true) },
		"many draws":      func() (*kernel.Tensor, error) { return s.Multinomial(tensor(1, 2), 1<<40, true) },
		"no draws":        func() (*kernel.Tensor, error) { return s.Multinomial(tensor(1, 2), 0, true) },
		"a permutation":   func() (*kernel.Tensor, error) { return s.Permutation(-1) },
		"a long one":      func() (*kernel.Tensor, error) { return s.Permutation(1 << 40) },
		"a large tensor":  func() (*kernel.Tensor, error) { return Draw([]int{1 << 30, 1 << 30}, "float32", s.Float64) },
		"no integers": func() (*kernel.Tensor, error) {
			_, err := s.Integers(3, 3)
			return nil, err
		},
	} {
		if out, err := f(); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
}
