package simd

import "github.com/millrace-ml/millrace/internal/simd/level"

//go:noescape
func addAVX2(dst, a, b *float32, n int)

//go:noescape
func subAVX2(dst, a, b *float32, n int)

//go:noescape
func mulAVX2(dst, a, b *float32, n int)

//go:noescape
func divAVX2(dst, a, b *float32, n int)

//go:noescape
func maxAVX2(dst, a, b *float32, n int)

//go:noescape
func minAVX2(dst, a, b *float32, n int)

//go:noescape
func addScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func subScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func rsubScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func mulScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func divScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func rdivScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func maxScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func minScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func signAVX2(dst, a *float32, n int)

// binaryAVX2 has the kernels of the operations in binaryGo: for two lists, for a list and a number, and for a number
// and a list.
var binaryAVX2 = map[string][3]func(dst, a, b *float32, n int){
	"Add": {addAVX2, addScalarAVX2, addScalarAVX2},
	"Sub": {subAVX2, subScalarAVX2, rsubScalarAVX2},
	"Mul": {mulAVX2, mulScalarAVX2, mulScalarAVX2},
	"Div": {divAVX2, divScalarAVX2, rdivScalarAVX2},
	"Max": {maxAVX2, maxScalarAVX2, maxScalarAVX2},
	"Min": {minAVX2, minScalarAVX2, minScalarAVX2},
}

// Binary returns the function that sets dst to a op b, element by element. a or b may have a single element. op is
// Add, Sub, Mul, Div, Max or Min; for other operations Binary returns nil.
func Binary(op string) func(dst, a, b []float32) {
	fast, ok := binaryAVX2[op]
	if !ok || level.Level == level.Go {
		return broadcast(binaryGo[op])
	}
	return func(dst, a, b []float32) {
		n := len(dst)
		switch {
		case n == 0:
		case len(a) == n && len(b) == n:
			fast[0](&dst[0], &a[0], &b[0], n)
		case len(a) == n:
			fast[1](&dst[0], &a[0], &b[0], n)
		default:
			_ = b[n-1] // The kernel checks no bounds.
			fast[2](&dst[0], &b[0], &a[0], n)
		}
	}
}

// unaryAVX has the kernels of functions of one number, for AVX2 and AVX-512.
var unaryAVX = map[string][2]func(dst, a *float32, n int){
	"Neg": {negAVX2, negAVX512}, "Abs": {absAVX2, absAVX512}, "Sqrt": {sqrtAVX2, sqrtAVX512},
	"Sign": {signAVX2, signAVX2},
	"Exp":  {expAVX2, expAVX512}, "Log": {logAVX2, logAVX512}, "Erf": {erfAVX2, erfAVX512},
	"Tanh": {tanhAVX2, tanhAVX512}, "Sigmoid": {sigmoidAVX2, sigmoidAVX512}, "Logistic": {sigmoidAVX2, sigmoidAVX512},
}

// activationsAVX has the kernels of activations without arguments, and argumentsAVX those of the others.
var (
	activationsAVX = [...][2]func(dst, a *float32, n int){
		ActHardSwish: {hardSwishAVX2, hardSwishAVX512},
		ActSigmoid:   {sigmoidAVX2, sigmoidAVX512},
		ActTanh:      {tanhAVX2, tanhAVX512},
		ActSiLU:      {siluAVX2, siluAVX512},
		ActGELU:      {geluAVX2, geluAVX512},
		ActGELUTanh:  {geluTanhAVX2, geluTanhAVX512},
		ActSoftplus:  {softplusAVX2, softplusAVX512},
		ActMish:      {mishAVX2, mishAVX512},
	}
	argumentsAVX = [...][2]func(dst, a *float32, n int, alpha, beta float32){
		ActReLU:        {clipAVX2, clipAVX512},
		ActClip:        {clipAVX2, clipAVX512},
		ActHardSigmoid: {hardSigmoidAVX2, hardSigmoidAVX512},
		ActLeakyReLU:   {leakyReLUAVX2, leakyReLUAVX512},
		ActELU:         {eluAVX2, eluAVX512},
	}
)

// Unary returns the function that sets dst to op a, element by element. op is Neg, Abs, Sign, Sqrt, Exp, Log, Erf,
// Tanh, Sigmoid or Logistic, which is the same; for other operations Unary returns nil. The results differ from the
// exact ones by a few units in the last place.
func Unary(op string) func(dst, a []float32) {
	fast, ok := unaryAVX[op]
	if !ok || level.Level == level.Go {
		return unaryGo[op]
	}
	f := fast[level.Level-1]
	return func(dst, a []float32) {
		if n := len(dst); n > 0 {
			_ = a[n-1]
			f(&dst[0], &a[0], n)
		}
	}
}

// activate is Activate for a list that is not empty and an activation other than ActNone.
func activate(act Activation, alpha, beta float32, dst, a []float32) {
	if level.Level == level.Go {
		activateGo(act, alpha, beta, dst, a)
		return
	}
	if f := activationsAVX[act][level.Level-1]; f != nil {
		f(&dst[0], &a[0], len(dst))
		return
	}
	if act == ActReLU {
		alpha, beta = 0, Inf
	}
	argumentsAVX[act][level.Level-1](&dst[0], &a[0], len(dst), alpha, beta)
}

// Sum returns the sum of a list.
func Sum(a []float32) float32 {
	switch {
	case len(a) == 0:
		return 0
	case level.Level == level.AVX512:
		return totalAVX512(nil, &a[0], len(a), 0)
	case level.Level == level.AVX2:
		return totalAVX2(nil, &a[0], len(a), 0)
	}
	return sumGo(a)
}

// Largest returns the largest element of a list, or -Inf if it is empty. NaN is ignored or returned.
func Largest(a []float32) float32 {
	switch {
	case len(a) == 0:
		return NegInf
	case level.Level == level.AVX512:
		return largestAVX512(nil, &a[0], len(a), 0)
	case level.Level == level.AVX2:
		return largestAVX2(nil, &a[0], len(a), 0)
	}
	return largestGo(a)
}

// SumSquares returns the sum of the squares of the differences from a mean.
func SumSquares(a []float32, mean float32) float32 {
	switch {
	case len(a) == 0:
		return 0
	case level.Level == level.AVX512:
		return squaresAVX512(nil, &a[0], len(a), mean)
	case level.Level == level.AVX2:
		return squaresAVX2(nil, &a[0], len(a), mean)
	}
	return squaresGo(a, mean)
}

// ExpSum sets dst to the exponentials of a after a number was subtracted, and returns their sum. dst and a have the
// same length and may be the same slice.
func ExpSum(dst, a []float32, minus float32) float32 {
	a = a[:len(dst)]
	switch {
	case len(a) == 0:
		return 0
	case level.Level == level.AVX512:
		return expSumAVX512(&dst[0], &a[0], len(a), minus)
	case level.Level == level.AVX2:
		return expSumAVX2(&dst[0], &a[0], len(a), minus)
	}
	return expSumGo(dst, a, minus)
}

// ScaleShift sets dst to a*scale+shift, element by element.
func ScaleShift(dst, a []float32, scale, shift float32) {
	a = a[:len(dst)]
	switch {
	case len(a) == 0:
	case level.Level == level.AVX512:
		scaleShiftAVX512(&dst[0], &a[0], len(a), scale, shift)
	case level.Level == level.AVX2:
		scaleShiftAVX2(&dst[0], &a[0], len(a), scale, shift)
	default:
		scaleShiftGo(dst, a, scale, shift)
	}
}

// MulAdd adds a*scale to dst, element by element.
func MulAdd(dst, a []float32, scale float32) {
	a = a[:len(dst)]
	switch {
	case len(a) == 0:
	case level.Level == level.AVX512:
		mulAddAVX512(&dst[0], &a[0], len(a), scale, 0)
	case level.Level == level.AVX2:
		mulAddAVX2(&dst[0], &a[0], len(a), scale, 0)
	default:
		mulAddGo(dst, a, scale)
	}
}

// Normalize sets dst to (a-mean)*scale*weight+bias, where weight and bias are lists as long as dst.
func Normalize(dst, a, weight, bias []float32, mean, scale float32) {
	n := len(dst)
	a, weight, bias = a[:n], weight[:n], bias[:n]
	switch {
	case n == 0:
	case level.Level == level.AVX512:
		normalizeAVX512(&dst[0], &a[0], &weight[0], &bias[0], n, mean, scale)
	case level.Level == level.AVX2:
		normalizeAVX2(&dst[0], &a[0], &weight[0], &bias[0], n, mean, scale)
	default:
		normalizeGo(dst, a, weight, bias, mean, scale)
	}
}
