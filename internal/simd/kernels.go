// Package simd computes with slices of float32 and with tensors in them: functions of one or two numbers, sums, and
// moves. It uses kernels in assembly on machines with AVX2 and FMA, and wider ones where there is AVX-512. The packages
// below it have the layers of networks.
package simd

//go:generate go run ./gen

import (
	"math"

	"github.com/millrace-ml/millrace/internal/simd/level"
)

// sumGo is Sum for machines without AVX2.
func sumGo(a []float32) float32 {
	var s float32
	for _, x := range a {
		s += x
	}
	return s
}

// Kernels returns the name of the kernels on this machine: AVX512, AVX2 or Go.
func Kernels() string { return level.Names[level.Level] }

// Fast reports whether this machine has kernels in assembly.
func Fast() bool { return level.Level > level.Go }

// largestGo is Largest for machines without AVX2.
func largestGo(a []float32) float32 {
	top := NegInf
	for _, x := range a {
		top = max(top, x)
	}
	return top
}

func squaresGo(a []float32, mean float32) float32 {
	var s float32
	for _, x := range a {
		s += (x - mean) * (x - mean)
	}
	return s
}

func expSumGo(dst, a []float32, minus float32) float32 {
	var s float32
	for i, x := range a {
		dst[i] = float32(math.Exp(float64(x - minus)))
		s += dst[i]
	}
	return s
}

func scaleShiftGo(dst, a []float32, scale, shift float32) {
	for i, x := range a {
		dst[i] = x*scale + shift
	}
}

func mulAddGo(dst, a []float32, scale float32) {
	for i, x := range a {
		dst[i] += x * scale
	}
}

func normalizeGo(dst, a, weight, bias []float32, mean, scale float32) {
	for i, x := range a {
		dst[i] = (x-mean)*scale*weight[i] + bias[i]
	}
}

// Scalar returns the operation of [Binary] for two numbers, or nil.
func Scalar(op string) func(a, b float32) float32 { return binaryGo[op] }

// binaryGo has the operations on two numbers.
var binaryGo = map[string]func(a, b float32) float32{
	"Add": func(a, b float32) float32 { return a + b },
	"Sub": func(a, b float32) float32 { return a - b },
	"Mul": func(a, b float32) float32 { return a * b },
	"Div": func(a, b float32) float32 { return a / b },
	"Max": func(a, b float32) float32 { return max(a, b) },
	"Min": func(a, b float32) float32 { return min(a, b) },
}

// broadcast applies op to all pairs of elements of two lists. One list may have a single element.
func broadcast(op func(a, b float32) float32) func(dst, a, b []float32) {
	if op == nil {
		return nil
	}
	return func(dst, a, b []float32) {
		switch n := len(dst); {
		case len(a) == n && len(b) == n:
			for i, x := range a {
				dst[i] = op(x, b[i])
			}
		case len(a) == n:
			for i, x := range a {
				dst[i] = op(x, b[0])
			}
		default:
			for i := range dst {
				dst[i] = op(a[0], b[i])
			}
		}
	}
}

// unaryGo has the operations on one list.
var unaryGo = map[string]func(dst, a []float32){
	"Neg":  each(func(x float32) float32 { return -x }),
	"Abs":  each(func(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }),
	"Sign": each(sign),
	"Sqrt": each(wide(math.Sqrt)),
	"Exp":  each(wide(math.Exp)),
	"Log":  each(wide(math.Log)),
	"Erf":  each(wide(math.Erf)),
	"Tanh": each(wide(math.Tanh)), "Sigmoid": each(wide(sigmoid)), "Logistic": each(wide(sigmoid)),
}

func each(f func(x float32) float32) func(dst, a []float32) {
	return func(dst, a []float32) {
		for i, x := range a {
			dst[i] = f(x)
		}
	}
}

// sign returns 1 or -1 with the sign of x, or x if it is zero or NaN.
func sign(x float32) float32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}
