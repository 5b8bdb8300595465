package fft

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Shape is a window as a function of the place from 0 to 1.
type Shape func(place float64) float64

// Cosines is the window with the given coefficients of the cosines of 0, 1, 2 and more periods, with falling signs.
func Cosines(coefficients ...float64) Shape {
	return func(place float64) float64 {
		sum, sign := 0.0, 1.0
		for i, c := range coefficients {
			sum += sign * c * math.Cos(2*math.Pi*float64(i)*place)
			sign = -sign
		}
		return sum
	}
}

// The windows by name. Kaiser depends on beta.
var (
	Hann     = Cosines(0.5, 0.5)
	Blackman = Cosines(0.42, 0.5, 0.08)
	Bartlett = Shape(func(place float64) float64 { return 1 - math.Abs(2*place-1) })
)

// Kaiser returns Kaiser's window.
func Kaiser(beta float64) Shape {
	return func(place float64) float64 {
		d := 2*place - 1
		return bessel(beta*math.Sqrt(max(0, 1-d*d))) / bessel(beta)
	}
}

// bessel is the modified Bessel function of the order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-17*sum && k < 1000; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

// Window returns the n factors of a window. A periodic window lacks the last one of a window that is longer by one.
func Window(shape Shape, n int, periodic bool) ([]float64, error) {
	if _, err := kernel.Count([]int{n}); err != nil || n < 0 {
		return nil, kernel.Invalid("a window of %d elements", n)
	}
	out := make([]float64, n)
	last := float64(n - 1)
	if periodic {
		last = float64(n)
	}
	for i := range out {
		if out[i] = 1; n > 1 {
			out[i] = shape(float64(i) / last)
		}
	}
	return out, nil
}
