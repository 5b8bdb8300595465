package kernel

import "github.com/millrace-ml/millrace/internal/simd"

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
	left := simd.Matrix{Floats: x, Row: p.K, Inner: 1}
	right := simd.Matrix{Floats: y, Row: colStep, Inner: rowStep}
	simd.Multiply(simd.Workers(workers), p.M, p.N, p.K, left, right, sums)
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
