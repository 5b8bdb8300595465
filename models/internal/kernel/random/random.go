// Package random draws tensors of documented distributions under a seed. The same seed and the same node give the same
// numbers in every run; they are not those of PyTorch or onnxruntime.
package random

import (
	"math"
	"math/rand/v2"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Source is a source of draws. It is not safe for concurrent use.
type Source struct{ *rand.Rand }

// New returns the source of a node of a graph.
func New(seed, node uint64) Source {
	return Source{rand.New(rand.NewPCG(seed, node))} //nolint:gosec // Draws of models are no secrets.
}

// Draw fills a tensor of a shape with numbers of a distribution.
func Draw(shape []int, dtype string, one func() float64) (*kernel.Tensor, error) {
	n, err := kernel.Count(shape)
	if err != nil {
		return nil, err
	}
	list := make([]float64, n)
	for i := range list {
		list[i] = one()
	}
	return kernel.Cast(&kernel.Tensor{Shape: append([]int{}, shape...), Data: list}, dtype)
}

// Uniform draws between two numbers, without the second.
func (s Source) Uniform(low, high float64) func() float64 {
	return func() float64 {
		// A float32 has 24 bits, so that rounding does not reach the second number.
		return low + (high-low)*float64(s.Uint64()>>40)/(1<<24)
	}
}

// Normal draws from a normal distribution.
func (s Source) Normal(mean, deviation float64) func() float64 {
	return func() float64 { return mean + deviation*s.NormFloat64() }
}

// Exponential draws from an exponential distribution of a rate.
func (s Source) Exponential(rate float64) func() float64 {
	return func() float64 { return s.ExpFloat64() / rate }
}

// Integers draws integers from low to high, without high.
func (s Source) Integers(low, high int64) (func() float64, error) {
	const most = 1 << 53
	if low >= high || low < -most || high > most {
		return nil, kernel.Invalid("integers from %d to %d", low, high)
	}
	return func() float64 { return float64(low + s.Int64N(high-low)) }, nil
}

// Each draws for each element of x, on which the distribution depends.
func Each(x *kernel.Tensor, dtype string, one func(v float64) float64) (*kernel.Tensor, error) {
	wide, err := kernel.Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	list, next := wide.Data.([]float64), 0
	return Draw(x.Shape, dtype, func() float64 {
		next++
		return one(list[next-1])
	})
}

// Bernoulli draws 1 with each probability of x, and 0 otherwise.
func (s Source) Bernoulli(x *kernel.Tensor, dtype string) (*kernel.Tensor, error) {
	wrong := false
	out, err := Each(x, dtype, func(p float64) float64 {
		wrong = wrong || !(p >= 0 && p <= 1)
		if s.Float64() < p {
			return 1
		}
		return 0
	})
	if wrong {
		return nil, kernel.Invalid("a probability that is not between 0 and 1")
	}
	return out, err
}

// Permutation returns the numbers below n in a random order.
func (s Source) Permutation(n int) (*kernel.Tensor, error) {
	if _, err := kernel.Count([]int{n}); err != nil || n < 0 {
		return nil, kernel.Invalid("a permutation of %d numbers", n)
	}
	return kernel.Ints(s.Perm(n)), nil
}

// Multinomial draws n places of each row of weights, the last axis of x, with or without giving them back.
func (s Source) Multinomial(x *kernel.Tensor, n int, again bool) (*kernel.Tensor, error) {
	if len(x.Shape) < 1 || len(x.Shape) > 2 {
		return nil, kernel.Invalid("weights of shape %v", x.Shape)
	}
	rows, rest, err := kernel.Rows(x, -1)
	if err != nil {
		return nil, err
	}
	if _, err := kernel.Count([]int{len(rows), max(n, 0)}); err != nil || n < 1 {
		return nil, kernel.Invalid("%d draws", n)
	}
	if work := float64(len(rows)) * float64(n) * float64(x.Shape[len(x.Shape)-1]); work > 1<<30 {
		return nil, kernel.Invalid("%d draws of weights of shape %v", n, x.Shape)
	}
	out := make([]int64, 0, len(rows)*n)
	for _, row := range rows {
		for range n {
			place, err := s.pick(row)
			if err != nil {
				return nil, err
			}
			if out = append(out, int64(place)); !again {
				row[place] = 0
			}
		}
	}
	return &kernel.Tensor{Shape: append(rest, n), Data: out}, nil
}

// pick returns a place with a probability that is proportional to its weight.
func (s Source) pick(weights []float64) (int, error) {
	sum := 0.0
	for _, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return 0, kernel.Invalid("the weight %v", w)
		}
		sum += w
	}
	if sum == 0 {
		return 0, kernel.Invalid("a draw of weights that are all 0")
	}
	at, last := s.Float64()*sum, 0
	for i, w := range weights {
		if w == 0 {
			continue
		}
		if last = i; at < w {
			return i, nil
		}
		at -= w
	}
	return last, nil
}
