package nn

import (
	"runtime"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// poolFast pools images of float32 with kernels in assembly. It returns false, without a result, for other tensors, for
// windows of different sizes and for those that are spread over much padding.
func poolFast(
	x, out *kernel.Tensor, images int, s [2]slide, spans [2][]span, steps [2]int, kind Pooling,
) bool {
	in, ok := x.Data.([]float32)
	if !ok || !simd.Fast() || s[0].kernel == 0 || s[1].kernel == 0 || len(in) == 0 {
		return false
	}
	to := out.Data.([]float32)
	if s[0].global() && s[1].global() && kind != PoolMax {
		poolGlobal(in, to, kind)
		return true
	}
	c := convolution{s: s, groups: 1, in: 1}
	c.s[0].dilation, c.s[1].dilation = steps[0], steps[1]
	if c.needsExcessiveMemory(images, len(in)) || s[0].kernel*s[1].kernel > 1<<10 {
		return false
	}
	p := layers.Pool{S: c.slides(), Top: kind == PoolMax}
	if kind == PoolMean || kind == PoolMeanPadded {
		for i, list := range spans {
			for _, v := range list {
				n := v.padded
				if kind == PoolMean {
					n = (v.to - v.from + steps[i] - 1) / steps[i]
				}
				p.Scale[i] = append(p.Scale[i], 1/float32(n))
			}
		}
	}
	p.Run(simd.Workers(runtime.GOMAXPROCS(0)), images, in, to)
	return true
}

// global reports whether the only window is the whole axis.
func (s slide) global() bool { return s.out == 1 && s.kernel == s.in && s.before == 0 && s.after == 0 }

// poolGlobal computes the sum or the mean of each image.
func poolGlobal(in, out []float32, kind Pooling) {
	n := len(in) / len(out)
	kernel.Parallel(len(out), 1+minNorm/n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			out[i] = simd.Sum(in[i*n : (i+1)*n])
			if kind != PoolSum {
				out[i] /= float32(n)
			}
		}
	})
}
