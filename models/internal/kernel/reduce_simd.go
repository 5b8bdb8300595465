package kernel

import (
	"math"

	"github.com/millrace-ml/millrace/internal/simd"
)

// reduceFast reduces rows of n elements with kernels in assembly. It returns false, without a result, for reductions
// that have none and for short rows, on which a call costs more than the sum.
func reduceFast(in, out []float32, n int, kind Reduction) bool {
	if !simd.Fast() || n < 4 {
		return false
	}
	f, end := simd.Sum, func(so float32) float32 { return so }
	switch kind {
	case Sum:
	case Mean:
		end = func(so float32) float32 { return so / float32(n) }
	case SumSquare:
		f = sumOfSquares
	case L2:
		f, end = sumOfSquares, func(so float32) float32 { return float32(math.Sqrt(float64(so))) }
	default:
		return false
	}
	Parallel(len(out), 1+minVector/n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			out[i] = end(f(in[i*n : (i+1)*n]))
		}
	})
	return true
}

func sumOfSquares(list []float32) float32 { return simd.SumSquares(list, 0) }
