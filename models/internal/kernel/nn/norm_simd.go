package nn

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// minNorm is the number of elements of a normalization that justifies another goroutine.
const minNorm = 1 << 16

// affineFast is affineAll with kernels in assembly.
func affineFast(in, out []float32, inner int, scale, shift []float64) {
	if len(in) == 0 {
		return
	}
	a, b := narrow(scale), narrow(shift)
	if inner == 1 {
		n := len(a)
		kernel.Parallel(len(in)/n, 1+minNorm/n, func(lo, hi int) {
			for at := lo * n; at < hi*n; at += n {
				simd.Normalize(out[at:at+n], in[at:at+n], a, b, 0, 1)
			}
		})
		return
	}
	kernel.Parallel(len(in)/inner, 1+minNorm/inner, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			at := i * inner
			simd.ScaleShift(out[at:at+inner], in[at:at+inner], a[i%len(a)], b[i%len(a)])
		}
	})
}

func narrow(list []float64) []float32 {
	out := kernel.Floats(len(list))
	for i, v := range list {
		out[i] = float32(v)
	}
	return out
}

// normFast is normAll with kernels in assembly. It also applies the weight and the bias, lists of n numbers or nil.
func normFast(in, out []float32, n int, eps float64, center bool, weight, bias []float32) {
	if len(in) == 0 {
		return
	}
	kernel.Parallel(len(in)/n, 1+minNorm/n, func(lo, hi int) {
		for at := lo * n; at < hi*n; at += n {
			row, mean := in[at:at+n], float32(0)
			if center {
				mean = simd.Sum(row) / float32(n)
			}
			scale := 1 / math.Sqrt(float64(simd.SumSquares(row, mean))/float64(n)+eps)
			if weight == nil {
				simd.ScaleShift(out[at:at+n], row, float32(scale), float32(-float64(mean)*scale))
				continue
			}
			simd.Normalize(out[at:at+n], row, weight, bias, mean, float32(scale))
		}
	})
}

// normLastFast is normLast for float32 with kernels in assembly. It returns false for other tensors.
func normLastFast(x, weight, bias *kernel.Tensor, n int, eps float64, center bool) (*kernel.Tensor, bool) {
	list, ok := x.Data.([]float32)
	if !ok || !simd.Fast() {
		return nil, false
	}
	scale, okW := floatsOr(weight, n, 1)
	shift, okB := floatsOr(bias, n, 0)
	if !okW || !okB {
		return nil, false
	}
	out := kernel.Floats(len(list))
	normFast(list, out, n, eps, center, scale, shift)
	return &kernel.Tensor{Shape: slices.Clone(x.Shape), Data: out}, true
}

// floatsOr returns a list of n numbers of float32, or n times the default if t is nil.
func floatsOr(t *kernel.Tensor, n int, without float32) ([]float32, bool) {
	if t == nil {
		return slices.Repeat([]float32{without}, n), true
	}
	list, ok := t.Data.([]float32)
	return list, ok && len(list) == n
}
