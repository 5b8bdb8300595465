package idx

import (
	"math"
	"math/rand/v2"
)

// The shape of FashionMNIST, which [Synthetic] keeps to.
const (
	side    = 28
	classes = 10
)

// Synthetic makes a set of the shape of FashionMNIST out of nothing: ten smooth
// patterns, one a class, shown at varying brightness under noise. A model can
// learn it, and it is the same on every machine and at every call. trainN and
// testN are the numbers of images; less than 0 means 0.
func Synthetic(trainN, testN int) *Set {
	rng := rand.New(rand.NewPCG(7, 28)) //nolint:gosec // the set must be the same every time
	patterns := make([][]float64, classes)
	for c := range patterns {
		patterns[c] = pattern(rng)
	}
	return &Set{Train: sample(rng, patterns, trainN), Test: sample(rng, patterns, testN)}
}

// pattern is the sum of four Gaussian spots, scaled to a maximum of 1.
func pattern(rng *rand.Rand) []float64 {
	p := make([]float64, side*side)
	uniform := func(low, high float64) float64 { return low + (high-low)*rng.Float64() }
	for range 4 {
		cx, cy := uniform(6, 22), uniform(6, 22)
		sx, sy := uniform(2, 6), uniform(2, 6)
		for i := range p {
			dx, dy := (float64(i%side)-cx)/sx, (float64(i/side)-cy)/sy
			p[i] += math.Exp(-(dx*dx + dy*dy) / 2)
		}
	}
	top := 0.0
	for _, v := range p {
		top = max(top, v)
	}
	for i := range p {
		p[i] /= top
	}
	return p
}

func sample(rng *rand.Rand, patterns [][]float64, n int) Split {
	n = max(n, 0)
	s := Split{
		Images: &Images{Rows: side, Cols: side, Pixels: make([]byte, n*side*side)},
		Labels: make([]byte, n),
	}
	for i := range n {
		c := rng.IntN(classes)
		s.Labels[i] = byte(c) //nolint:gosec // c is below ten
		brightness := 0.5 + 0.5*rng.Float64()
		pixels := s.Images.At(i)
		for j, v := range patterns[c] {
			v = v*brightness + 0.15*rng.NormFloat64()
			pixels[j] = byte(255 * min(max(v, 0), 1))
		}
	}
	return s
}
