package simd

import "math"

// Inf and NegInf are infinite.
var (
	Inf    = float32(math.Inf(1))
	NegInf = float32(math.Inf(-1))
)

// Activation is a function of one number that an operation applies to its results.
type Activation int

// The activations. ActClip limits numbers to the range from alpha to beta, ActHardSigmoid computes alpha*x+beta in the
// range from 0 to 1, and ActLeakyReLU multiplies negative numbers by alpha. NaN remains NaN.
const (
	ActNone Activation = iota
	ActReLU
	ActClip
	ActHardSwish
	ActHardSigmoid
	ActLeakyReLU
	ActSigmoid
	ActTanh
	ActSiLU
	ActGELU     // By the error function.
	ActGELUTanh // The approximation by a hyperbolic tangent.
	ActELU      // alpha*(exp(x)-1) for numbers up to 0, and beta*x above.
	ActSoftplus // log(1+exp(x))
	ActMish     // x*tanh(softplus(x))
)

// Activate sets dst to the activation of a, element by element. dst and a have the same length and may be the same
// slice.
func Activate(act Activation, alpha, beta float32, dst, a []float32) {
	if act == ActNone {
		copy(dst, a)
		return
	}
	if a = a[:len(dst)]; len(a) > 0 {
		activate(act, alpha, beta, dst, a)
	}
}

func activateGo(act Activation, alpha, beta float32, dst, a []float32) {
	f := activationGo(act, alpha, beta)
	for i, x := range a {
		dst[i] = f(x)
	}
}

// activationGo returns an activation for one number.
func activationGo(act Activation, alpha, beta float32) func(x float32) float32 {
	switch act {
	case ActReLU:
		return func(x float32) float32 { return max(x, 0) }
	case ActClip:
		return func(x float32) float32 { return min(max(x, alpha), beta) }
	case ActHardSwish:
		return func(x float32) float32 { return x / 6 * min(max(x+3, 0), 6) }
	case ActHardSigmoid:
		return func(x float32) float32 { return min(max(alpha*x+beta, 0), 1) }
	case ActLeakyReLU:
		return func(x float32) float32 {
			if x < 0 {
				return alpha * x
			}
			return x
		}
	case ActSigmoid:
		return wide(sigmoid)
	case ActTanh:
		return wide(math.Tanh)
	case ActSiLU:
		return wide(func(x float64) float64 { return x * sigmoid(x) })
	case ActGELU:
		return wide(func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) })
	case ActGELUTanh:
		return wide(func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		})
	}
	return curveGo(act, float64(alpha), float64(beta))
}

// curveGo returns the smooth relatives of ActReLU.
func curveGo(act Activation, alpha, beta float64) func(x float32) float32 {
	switch act {
	case ActELU:
		return wide(func(x float64) float64 {
			if x > 0 {
				return beta * x
			}
			return alpha * math.Expm1(x)
		})
	case ActSoftplus:
		return wide(softplus)
	case ActMish:
		return wide(func(x float64) float64 { return x * math.Tanh(softplus(x)) })
	}
	return func(x float32) float32 { return x }
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// wide computes a function in float64.
func wide(f func(x float64) float64) func(x float32) float32 {
	return func(x float32) float32 { return float32(f(float64(x))) }
}
