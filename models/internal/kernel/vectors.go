package kernel

import (
	"math"
	"reflect"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
)

// vectorised lists the functions of Map that package simd computes with kernels in assembly, by the addresses of their
// code. Closures are not among them, because they share their code with others.
var vectorised = map[uintptr]func(dst, a []float32){
	codeOf(math.Exp):   simd.Unary("Exp"),
	codeOf(math.Log):   simd.Unary("Log"),
	codeOf(math.Sqrt):  simd.Unary("Sqrt"),
	codeOf(math.Erf):   simd.Unary("Erf"),
	codeOf(math.Tanh):  simd.Unary("Tanh"),
	codeOf(Sign):       simd.Unary("Sign"),
	codeOf(Sigmoid):    simd.Unary("Sigmoid"),
	codeOf(Silu):       activation(simd.ActSiLU, 0, 0),
	codeOf(Gelu):       activation(simd.ActGELU, 0, 0),
	codeOf(GeluTanh):   activation(simd.ActGELUTanh, 0, 0),
	codeOf(HardSwish):  activation(simd.ActHardSwish, 0, 0),
	codeOf(Mish):       activation(simd.ActMish, 0, 0),
	codeOf(SoftplusOf): activation(simd.ActSoftplus, 0, 0),
}

func codeOf(f func(float64) float64) uintptr { return reflect.ValueOf(f).Pointer() }

// VectorOf returns the vectorised form of a function, or nil if there is none.
func VectorOf(f func(float64) float64) func(dst, a []float32) {
	if !simd.Fast() {
		return nil
	}
	return vectorised[codeOf(f)]
}

// activation returns the function that applies an activation to a list.
func activation(act Activation, alpha, beta float32) func(dst, a []float32) {
	return func(dst, a []float32) { simd.Activate(act, alpha, beta, dst, a) }
}

// isFast reports whether x is a tensor of float32 and package simd is fast.
func isFast(x *Tensor) bool {
	_, ok := x.Data.([]float32)
	return ok && simd.Fast()
}

// minVector is the number of elements of a vectorised function that justifies another goroutine.
const minVector = 1 << 16

// mapVectors applies a vectorised function to a tensor of float32.
func mapVectors(x *Tensor, f func(dst, a []float32)) *Tensor {
	list := x.Data.([]float32)
	out := Floats(len(list))
	Parallel(len(list), minVector, func(lo, hi int) { f(out[lo:hi], list[lo:hi]) })
	return &Tensor{Shape: x.Shape, Data: out}
}

// clipLimits returns the limits of Clip if they are single numbers, none of which is NaN, and package simd is fast.
func clipLimits(x, low, high *Tensor) (limits [2]float32, ok bool) {
	limits = [2]float32{float32(NegInf), -float32(NegInf)}
	if !isFast(x) {
		return limits, false
	}
	for i, t := range []*Tensor{low, high} {
		if t == nil {
			continue
		}
		list, ok := t.Data.([]float32)
		if !ok || len(list) != 1 || len(t.Shape) > len(x.Shape) || IsNaN(list[0]) {
			return limits, false
		}
		limits[i] = list[0]
	}
	return limits, true
}

// preluFast is PRelu for tensors of float32.
func preluFast(x, slope *Tensor) (*Tensor, error) {
	if list := slope.Data.([]float32); len(list) == 1 && len(slope.Shape) <= len(x.Shape) {
		return mapVectors(x, activation(simd.ActLeakyReLU, list[0], 0)), nil
	}
	scaled, err := Arith(Mul, mapVectors(x, activation(simd.ActClip, float32(NegInf), 0)), slope)
	if err != nil {
		return nil, err
	}
	return Arith(Add, mapVectors(x, activation(simd.ActReLU, 0, 0)), scaled)
}

// FastFloat32s returns the elements as float32 and whether package simd can process them with kernels in assembly.
// Without these kernels, the functions of this package are faster.
func FastFloat32s[T number](list []T) ([]float32, bool) {
	x, ok := any(list).([]float32)
	return x, ok && simd.Fast()
}

// multiplyFast is like Multiply but uses package simd with up to the given number of goroutines. It returns false,
// without a result, if package simd is not faster.
func multiplyFast[T Float](workers int, p MatrixDims, a, b []T, rowStep, colStep int, c []T) bool {
	x, ok := FastFloat32s(a)
	if !ok {
		return false
	}
	y, sums := any(b).([]float32), any(c).([]float32)
	left := layers.Matrix{Floats: x, Row: p.K, Inner: 1}
	right := layers.Matrix{Floats: y, Row: colStep, Inner: rowStep}
	layers.Multiply(simd.Workers(workers), p.M, p.N, p.K, left, right, sums)
	return true
}

// arithRow returns the function of package simd for a row of zipRows, or nil if package simd is not faster.
func arithRow[T number](op Op, a, b []T) func(dst []float32, i, j, stepX, stepY int) {
	names := map[Op]string{Add: "Add", Sub: "Sub", Mul: "Mul", Div: "Div", Max: "Max", Min: "Min"}
	f := simd.Binary(names[op])
	x, ok := FastFloat32s(a)
	if !ok || f == nil {
		return nil
	}
	y := any(b).([]float32)
	return func(dst []float32, i, j, stepX, stepY int) {
		if n := len(dst) - 1; n >= 0 {
			f(dst, x[i:i+n*stepX+1], y[j:j+n*stepY+1])
		}
	}
}
