//go:build !amd64

package simd

// Sum returns the sum of a list.
func Sum(a []float32) float32 { return sumGo(a) }

// Binary returns the function that sets dst to a op b, element by element. a or b may have a single element. op is
// Add, Sub, Mul, Div, Max or Min; for other operations Binary returns nil.
func Binary(op string) func(dst, a, b []float32) { return broadcast(binaryGo[op]) }

// Unary returns the function that sets dst to op a, element by element. op is Neg, Abs, Sign, Sqrt, Exp, Log, Erf,
// Tanh, Sigmoid or Logistic, which is the same; for other operations Unary returns nil.
func Unary(op string) func(dst, a []float32) { return unaryGo[op] }

func activate(act Activation, alpha, beta float32, dst, a []float32) {
	activateGo(act, alpha, beta, dst, a)
}

// Largest returns the largest element of a list, or -Inf if it is empty.
func Largest(a []float32) float32 { return largestGo(a) }

// SumSquares returns the sum of the squares of the differences from a mean.
func SumSquares(a []float32, mean float32) float32 { return squaresGo(a, mean) }

// ExpSum sets dst to the exponentials of a after a number was subtracted, and returns their sum. dst and a have the
// same length and may be the same slice.
func ExpSum(dst, a []float32, minus float32) float32 { return expSumGo(dst, a[:len(dst)], minus) }

// ScaleShift sets dst to a*scale+shift, element by element.
func ScaleShift(dst, a []float32, scale, shift float32) {
	scaleShiftGo(dst, a[:len(dst)], scale, shift)
}

// MulAdd adds a*scale to dst, element by element.
func MulAdd(dst, a []float32, scale float32) { mulAddGo(dst, a[:len(dst)], scale) }

// Normalize sets dst to (a-mean)*scale*weight+bias, where weight and bias are lists as long as dst.
func Normalize(dst, a, weight, bias []float32, mean, scale float32) {
	normalizeGo(dst, a[:len(dst)], weight, bias, mean, scale)
}
