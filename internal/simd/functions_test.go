package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

// numbersOfAllSizes returns numbers over the whole range of float32, and special ones.
func numbersOfAllSizes(t *testing.T, r *rand.Rand, n int) []float32 {
	t.Helper()
	special := []float32{
		0, float32(math.Copysign(0, -1)), 1, -1, Inf, NegInf, float32(math.NaN()), math.MaxFloat32, -math.MaxFloat32,
		math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e-40, -1e-40, 88.7, 88.8, -87.4, -103.9, -104.1,
	}
	list := simdtest.Guarded(t, n)
	for i := range list {
		switch {
		case i < len(special):
			list[i] = special[i]
		case i%3 == 0:
			list[i] = math.Float32frombits(r.Uint32())
		case i%3 == 1:
			list[i] = float32(r.NormFloat64())
		default:
			list[i] = float32(r.NormFloat64() * 20)
		}
	}
	return list
}

// checkUnits compares results with exact ones, in units in the last place of a number that is at least floor.
func checkUnits(t *testing.T, name string, x, got float32, want, units, floor float64) {
	t.Helper()
	g := float64(got)
	if math.IsNaN(want) && math.IsNaN(g) || g == want || float64(float32(want)) == g {
		return
	}
	size := math.Max(math.Abs(want), floor)
	if d := math.Abs(g - want); !(d <= units*size*math.Pow(2, -23)) {
		t.Fatalf("%s of %v is %v, want %v", name, x, got, want)
	}
}

const (
	// smallest is the smallest normal number. Results below it may lose their last digits.
	smallest = 1.2e-38
	// smallestSigmoid allows results of 0 instead of denormal numbers.
	smallestSigmoid = 1e-31
)

func TestUnary(t *testing.T) {
	exact := map[string]func(x float64) float64{
		"Neg": func(x float64) float64 { return -x }, "Abs": math.Abs, "Sqrt": math.Sqrt, "Exp": math.Exp, "Log": math.Log,
		"Erf": math.Erf, "Tanh": math.Tanh, "Sigmoid": sigmoid,
		"Sign": func(x float64) float64 { return float64(sign(float32(x))) },
	}
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for name, f := range exact {
			op := Unary(name)
			for _, n := range []int{0, 1, 7, 8, 15, 16, 17, 31, 33, 20000} {
				x := numbersOfAllSizes(t, r, n)
				got := simdtest.Guarded(t, n)
				op(got, x)
				for i, v := range x {
					floor := smallest
					if name == "Sigmoid" {
						floor = smallestSigmoid
					}
					checkUnits(t, name, v, got[i], f(float64(v)), 3, floor)
				}
			}
		}
	})
}

func TestActivate(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 2))
		for act := ActNone; act <= ActMish; act++ {
			for _, n := range []int{0, 1, 9, 40, 20000} {
				x := numbersOfAllSizes(t, r, n)
				got := simdtest.Guarded(t, n)
				Activate(act, 0.25, 0.5, got, x)
				for i, v := range x {
					checkActivation(t, act, v, got[i])
				}
			}
		}
	})
}

func checkActivation(t *testing.T, act Activation, x, got float32) {
	t.Helper()
	// The kernels multiply infinity by 0 or 1 where the function has a limit.
	if math.IsInf(float64(x), 0) && act >= ActSiLU && act != ActELU {
		return
	}
	want := float64(activationGo(act, 0.25, 0.5)(x))
	units, floor := 4.0, smallest
	switch act {
	case ActHardSigmoid:
		floor = 1 // A sum that can cancel out.
	case ActSigmoid:
		floor = smallestSigmoid
	case ActGELUTanh:
		units, floor = 40, 1e-6
	case ActSiLU, ActMish:
		units, floor = 8, 1e-29
	case ActGELU:
		// The rounding of the argument is multiplied by its square.
		units, floor = 8+math.Min(200, float64(x*x)), 1e-29
	}
	checkUnits(t, fmt.Sprint("activation ", int(act)), x, got, want, units, floor)
}

func TestReductions(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 3))
		for n := range 200 {
			a, b := simdtest.Random(t, r, n), simdtest.Random(t, r, n)
			sum, squares, exps, top := 0.0, 0.0, 0.0, NegInf
			for _, x := range a {
				sum, top = sum+float64(x), max(top, x)
				squares += (float64(x) - 0.5) * (float64(x) - 0.5)
				exps += math.Exp(float64(x) - 1)
			}
			if Largest(a) != top {
				t.Fatalf("the largest of %v is %v", a, Largest(a))
			}
			simdtest.CheckClose(t, n, []float32{Sum(a), SumSquares(a, 0.5), ExpSum(b, a, 1)}, []float64{sum, squares, exps}, 2*n)
			for i, x := range a {
				checkUnits(t, "exp", x-1, b[i], math.Exp(float64(x-1)), 3, smallest)
			}
		}
	})
}

func TestNormalize(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 4))
		for n := range 100 {
			a, weight, bias, got := simdtest.Random(t, r, n), simdtest.Random(t, r, n), simdtest.Random(t, r, n), simdtest.Guarded(t, n)
			want, wantShift := make([]float64, n), make([]float64, n)
			for i, x := range a {
				want[i] = (float64(x)-0.5)*2*float64(weight[i]) + float64(bias[i])
				wantShift[i] = float64(x)*3 + 1
			}
			Normalize(got, a, weight, bias, 0.5, 2)
			simdtest.CheckClose(t, n, got, want, 10)
			ScaleShift(got, a, 3, 1)
			simdtest.CheckClose(t, n, got, wantShift, 10)
			MulAdd(got, a, -2)
			for i, x := range a {
				wantShift[i] -= 2 * float64(x)
			}
			simdtest.CheckClose(t, n, got, wantShift, 10)
		}
	})
}
