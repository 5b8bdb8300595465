package kernel

import (
	"math"

	"github.com/millrace-ml/millrace/internal/simd"
)

// Map applies f to every element of a floating-point tensor.
func Map(x *Tensor, f func(float64) float64) (*Tensor, error) {
	switch d := x.Data.(type) {
	case []float32:
		if op := VectorOf(f); op != nil {
			return mapVectors(x, op), nil
		}
		return mapAll(x, d, f)
	case []float64:
		return mapAll(x, d, f)
	}
	return nil, Unsupported("this function of %s", x.DType())
}

func mapAll[T float32 | float64](x *Tensor, d []T, f func(float64) float64) (*Tensor, error) {
	out := Elements[T](len(d))
	Parallel(len(d), minRow, func(lo, hi int) {
		for i, v := range d[lo:hi] {
			out[lo+i] = T(f(float64(v)))
		}
	})
	return &Tensor{Shape: x.Shape, Data: out}, nil
}

// Not negates every element of a tensor of bools.
func Not(x *Tensor) (*Tensor, error) {
	return Compare(Xor, x, Scalar(true))
}

// Flip inverts every bit of integers, and negates bools.
func Flip(x *Tensor) (*Tensor, error) {
	if x.DType() == "bool" {
		return Not(x)
	}
	all, err := Cast(Scalar[int64](-1), x.DType())
	if err != nil {
		return nil, err
	}
	return Bits(Xor, x, all)
}

// Neg changes the sign of every element.
func Neg(x *Tensor) (*Tensor, error) {
	if isFast(x) {
		return mapVectors(x, simd.Unary("Neg")), nil
	}
	minusOne, err := Cast(Scalar[int64](-1), x.DType())
	if err != nil {
		return nil, err
	}
	return Arith(Mul, x, minusOne)
}

// Abs returns the absolute values.
func Abs(x *Tensor) (*Tensor, error) {
	if isFast(x) {
		return mapVectors(x, simd.Unary("Abs")), nil
	}
	minus, err := Neg(x)
	if err != nil {
		return nil, err
	}
	return Arith(Max, x, minus)
}

// Clip limits every element to the range from low to high. Either can be nil. The dtypes must be equal.
func Clip(x, low, high *Tensor) (*Tensor, error) {
	if limits, ok := clipLimits(x, low, high); ok {
		return mapVectors(x, activation(simd.ActClip, limits[0], limits[1])), nil
	}
	var err error
	if low != nil {
		if x, err = Arith(Max, x, low); err != nil {
			return nil, err
		}
	}
	if high != nil {
		return Arith(Min, x, high)
	}
	return x, nil
}

// Relu replaces negative elements by 0.
func Relu(x *Tensor) (*Tensor, error) {
	if isFast(x) {
		return mapVectors(x, activation(simd.ActReLU, 0, 0)), nil
	}
	zero, err := Cast(Scalar[int64](0), x.DType())
	if err != nil {
		return nil, err
	}
	return Arith(Max, x, zero)
}

// Sign returns -1, 0 or 1, or NaN for NaN.
func Sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v
}

// Sigmoid returns 1/(1+exp(-v)).
func Sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// LogSigmoid returns log(Sigmoid(v)) and does not overflow.
func LogSigmoid(v float64) float64 { return -SoftplusOf(-v) }

// SoftplusOf returns log(1+exp(v)) and does not overflow.
func SoftplusOf(v float64) float64 { return math.Max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) }

// Softsign returns v/(1+ v ).
func Softsign(v float64) float64 { return v / (1 + math.Abs(v)) }

// Silu returns v*Sigmoid(v).
func Silu(v float64) float64 { return v * Sigmoid(v) }

// Mish returns v*tanh(softplus(v)).
func Mish(v float64) float64 { return v * math.Tanh(SoftplusOf(v)) }

// Gelu returns v multiplied by the cumulative normal distribution of v.
func Gelu(v float64) float64 { return 0.5 * v * (1 + math.Erf(v/math.Sqrt2)) }

// GeluTanh approximates Gelu with a hyperbolic tangent.
func GeluTanh(v float64) float64 {
	return 0.5 * v * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
}

// HardSigmoid returns the function alpha*v+beta, limited to the range from 0 to 1.
func HardSigmoid(alpha, beta float64) func(float64) float64 {
	return func(v float64) float64 { return math.Max(0, math.Min(1, alpha*v+beta)) }
}

// HardSwish returns v*min(max(v+3, 0), 6)/6.
func HardSwish(v float64) float64 { return v * math.Max(0, math.Min(1, v/6+0.5)) }

// LeakyRelu returns the function that multiplies negative numbers by alpha.
func LeakyRelu(alpha float64) func(float64) float64 {
	return func(v float64) float64 {
		if v < 0 {
			return alpha * v
		}
		return v
	}
}

// HardShrink returns the function that replaces numbers with an absolute value up to limit by 0.
func HardShrink(limit float64) func(float64) float64 {
	return func(v float64) float64 {
		if math.Abs(v) <= limit {
			return 0
		}
		return v
	}
}

// SoftShrink returns the function that moves numbers toward 0 by limit, but not beyond 0.
func SoftShrink(limit float64) func(float64) float64 {
	return func(v float64) float64 { return v - math.Max(-limit, math.Min(limit, v)) }
}

// Sinc returns sin(pi*v)/(pi*v), and 1 for 0.
func Sinc(v float64) float64 {
	if v == 0 {
		return 1
	}
	return math.Sin(math.Pi*v) / (math.Pi * v)
}

// LogGamma returns the logarithm of the absolute value of the gamma function.
func LogGamma(v float64) float64 {
	out, _ := math.Lgamma(v)
	return out
}

// Fmax returns the larger of two numbers, or the other one if one is NaN.
func Fmax(a, b float64) float64 {
	if a >= b || b != b {
		return a
	}
	return b
}

// XLogY returns x*log(y), and 0 if x is 0.
func XLogY(x, y float64) float64 {
	if x == 0 && !math.IsNaN(y) {
		return 0
	}
	return x * math.Log(y)
}

// LogAddExp returns log(exp(a)+exp(b)) and does not overflow.
func LogAddExp(a, b float64) float64 {
	if a == b {
		return a + math.Ln2
	}
	return math.Max(a, b) + math.Log1p(math.Exp(-math.Abs(a-b)))
}

// The constants of SELU, which is an [Elu].
const (
	SeluAlpha = 1.6732632423543772
	SeluScale = 1.0507009873554805
)

// Elu returns the function scale*alpha*(exp(slope*v)-1) for v up to 0 and scale*v above, which includes ELU, SELU and
// CELU.
func Elu(alpha, scale, slope float64) func(float64) float64 {
	return func(v float64) float64 {
		if v <= 0 {
			return scale * alpha * math.Expm1(slope*v)
		}
		return scale * v
	}
}

// Softplus returns the function log(1+exp(beta*v))/beta, or v if beta*v exceeds the threshold.
func Softplus(beta, threshold float64) func(float64) float64 {
	return func(v float64) float64 {
		if beta*v > threshold {
			return v
		}
		return SoftplusOf(beta*v) / beta
	}
}

// Threshold returns the function that replaces numbers up to limit by value.
func Threshold(limit, value float64) func(float64) float64 {
	return func(v float64) float64 {
		if v > limit {
			return v
		}
		return value
	}
}

// PRelu multiplies negative elements by a slope that broadcasts to x.
func PRelu(x, slope *Tensor) (*Tensor, error) {
	if isFast(x) && isFast(slope) {
		return preluFast(x, slope)
	}
	scaled, err := Arith(Mul, x, slope)
	if err != nil {
		return nil, err
	}
	zero, err := Cast(Scalar[int64](0), x.DType())
	if err != nil {
		return nil, err
	}
	negative, err := Compare(Less, x, zero)
	if err != nil {
		return nil, err
	}
	return Where(negative, scaled, x)
}
