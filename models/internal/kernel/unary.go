package kernel

import "math"

// Map computes f for every element of a tensor of floats.
func Map(x *Tensor, f func(float64) float64) (*Tensor, error) {
	switch d := x.Data.(type) {
	case []float32:
		return mapAll(x, d, f)
	case []float64:
		return mapAll(x, d, f)
	}
	return nil, Unsupported("this function of %s", x.DType())
}

func mapAll[T float32 | float64](x *Tensor, d []T, f func(float64) float64) (*Tensor, error) {
	out := make([]T, len(d))
	Parallel(len(d), minRow, func(lo, hi int) {
		for i, v := range d[lo:hi] {
			out[lo+i] = T(f(float64(v)))
		}
	})
	return &Tensor{Shape: x.Shape, Data: out}, nil
}

// Not negates every element of a tensor of bool.
func Not(x *Tensor) (*Tensor, error) {
	return Compare(Xor, x, Scalar(true))
}

// Flip turns every bit of integers, and negates bool.
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

// Neg negates every element.
func Neg(x *Tensor) (*Tensor, error) {
	minusOne, err := Cast(Scalar[int64](-1), x.DType())
	if err != nil {
		return nil, err
	}
	return Arith(Mul, x, minusOne)
}

// Abs makes every element positive.
func Abs(x *Tensor) (*Tensor, error) {
	minus, err := Neg(x)
	if err != nil {
		return nil, err
	}
	return Arith(Max, x, minus)
}

// Clip moves every element into the range from low to high, either of which may
// be nil; the dtypes are the same.
func Clip(x, low, high *Tensor) (*Tensor, error) {
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

// Relu replaces what is below 0 by 0.
func Relu(x *Tensor) (*Tensor, error) {
	zero, err := Cast(Scalar[int64](0), x.DType())
	if err != nil {
		return nil, err
	}
	return Arith(Max, x, zero)
}

// Sign returns -1, 0 or 1.
func Sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v
}

// Sigmoid is 1/(1+exp(-v)).
func Sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// LogSigmoid is log(Sigmoid(v)), without overflow.
func LogSigmoid(v float64) float64 { return -SoftplusOf(-v) }

// SoftplusOf is log(1+exp(v)), without overflow.
func SoftplusOf(v float64) float64 { return math.Max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) }

// Softsign is v/(1+|v|).
func Softsign(v float64) float64 { return v / (1 + math.Abs(v)) }

// Silu is v*Sigmoid(v).
func Silu(v float64) float64 { return v * Sigmoid(v) }

// Mish is v*tanh(softplus(v)).
func Mish(v float64) float64 { return v * math.Tanh(SoftplusOf(v)) }

// Gelu is v times the normal distribution's function of v.
func Gelu(v float64) float64 { return 0.5 * v * (1 + math.Erf(v/math.Sqrt2)) }

// GeluTanh is the approximation of Gelu by a hyperbolic tangent.
func GeluTanh(v float64) float64 {
	return 0.5 * v * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
}

// HardSigmoid is alpha*v+beta between 0 and 1.
func HardSigmoid(alpha, beta float64) func(float64) float64 {
	return func(v float64) float64 { return math.Max(0, math.Min(1, alpha*v+beta)) }
}

// HardSwish is v*min(max(v+3, 0), 6)/6.
func HardSwish(v float64) float64 { return v * math.Max(0, math.Min(1, v/6+0.5)) }

// LeakyRelu is alpha*v below 0.
func LeakyRelu(alpha float64) func(float64) float64 {
	return func(v float64) float64 {
		if v < 0 {
			return alpha * v
		}
		return v
	}
}

// HardShrink replaces what is not further from 0 than the limit by 0.
func HardShrink(limit float64) func(float64) float64 {
	return func(v float64) float64 {
		if math.Abs(v) <= limit {
			return 0
		}
		return v
	}
}

// SoftShrink is HardShrink that also moves the others towards 0 by the limit.
func SoftShrink(limit float64) func(float64) float64 {
	return func(v float64) float64 { return v - math.Max(-limit, math.Min(limit, v)) }
}

// Sinc is sin(pi*v)/(pi*v), and 1 at 0.
func Sinc(v float64) float64 {
	if v == 0 {
		return 1
	}
	return math.Sin(math.Pi*v) / (math.Pi * v)
}

// LogGamma is the logarithm of the absolute value of the gamma function.
func LogGamma(v float64) float64 {
	out, _ := math.Lgamma(v)
	return out
}

// Fmax is the larger of two numbers, and the other one where one is NaN.
func Fmax(a, b float64) float64 {
	if a >= b || b != b {
		return a
	}
	return b
}

// XLogY is x*log(y), and 0 where x is.
func XLogY(x, y float64) float64 {
	if x == 0 && !math.IsNaN(y) {
		return 0
	}
	return x * math.Log(y)
}

// LogAddExp is log(exp(a)+exp(b)), without overflow.
func LogAddExp(a, b float64) float64 {
	if a == b {
		return a + math.Ln2
	}
	return math.Max(a, b) + math.Log1p(math.Exp(-math.Abs(a-b)))
}

// The constants of SELU, an [Elu].
const (
	SeluAlpha = 1.6732632423543772
	SeluScale = 1.0507009873554805
)

// Elu is scale*alpha*(exp(slope*v)-1) at and below 0, scale*v above: ELU, SELU and CELU.
func Elu(alpha, scale, slope float64) func(float64) float64 {
	return func(v float64) float64 {
		if v <= 0 {
			return scale * alpha * math.Expm1(slope*v)
		}
		return scale * v
	}
}

// Softplus is log(1+exp(beta*v))/beta, and v itself where beta*v is over the
// threshold.
func Softplus(beta, threshold float64) func(float64) float64 {
	return func(v float64) float64 {
		if beta*v > threshold {
			return v
		}
		return SoftplusOf(beta*v) / beta
	}
}

// Threshold replaces what is not over the limit.
func Threshold(limit, value float64) func(float64) float64 {
	return func(v float64) float64 {
		if v > limit {
			return v
		}
		return value
	}
}

// PRelu is LeakyRelu with a slope for every channel, which broadcasts to x.
func PRelu(x, slope *Tensor) (*Tensor, error) {
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
