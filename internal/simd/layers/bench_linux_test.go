package layers

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

func measure(b *testing.B, work int, f func()) {
	f()
	best := time.Duration(1 << 62)
	n := 1
	for round := 0; round < 15; {
		at := simdtest.ProcessorTime()
		for range n {
			f()
		}
		d := simdtest.ProcessorTime() - at
		if d < 10*time.Millisecond {
			n *= 2
			continue
		}
		best = min(best, d/time.Duration(n))
		round++
	}
	for b.Loop() {
	}
	b.ReportMetric(float64(work)/float64(best.Nanoseconds()), "GFLOPS")
	b.ReportMetric(float64(best.Nanoseconds())/1000, "us")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkBlock(b *testing.B) {
	for _, rows := range []int{8, 4, 1} {
		for _, cols := range []int{16, 32, 48} {
			b.Run(fmt.Sprintf("%dx%d", rows, cols), func(b *testing.B) {
				k := 192
				x := block{
					rows: rows, cols: cols, k: k, aRow: 1, aStep: 8, bRow: cols, cRow: cols,
					a: make([]float32, 8*k), b: make([]float32, k*cols), c: make([]float32, rows*cols),
				}
				measure(b, 2*rows*cols*k, x.run)
			})
		}
	}
}

// BenchmarkFilter computes convolutions of known networks: input and output channels, size, kernel, stride, padding,
// dilation and groups.
func BenchmarkFilter(b *testing.B) {
	for _, c := range [][8]int{
		{3, 64, 224, 7, 2, 3, 1, 1},
		{64, 64, 56, 3, 1, 1, 1, 1},
		{128, 128, 28, 3, 1, 1, 1, 1},
		{256, 256, 14, 3, 1, 1, 1, 1},
		{512, 512, 7, 3, 1, 1, 1, 1},
		{64, 256, 56, 1, 1, 0, 1, 1},
		{256, 64, 56, 1, 1, 0, 1, 1},
		{1024, 256, 14, 1, 1, 0, 1, 1},
		{512, 2048, 7, 1, 1, 0, 1, 1},
		{16, 96, 112, 1, 1, 0, 1, 1},
		{96, 24, 56, 1, 1, 0, 1, 1},
		{32, 32, 112, 3, 1, 1, 1, 32},
		{96, 96, 112, 3, 2, 1, 1, 96},
		{192, 192, 28, 3, 1, 1, 1, 192},
		{576, 576, 14, 3, 1, 1, 1, 576},
		{960, 960, 7, 5, 1, 2, 1, 960},
		{256, 256, 28, 3, 1, 2, 2, 1},
		{2048, 256, 28, 3, 1, 12, 12, 1},
		{96, 96, 56, 7, 1, 3, 1, 96},
		{256, 256, 14, 3, 2, 1, 1, 1},
	} {
		b.Run(fmt.Sprint(c), func(b *testing.B) {
			s := Slide{In: c[2], Kernel: c[3], Stride: c[4], Dilation: c[6], Before: c[5]}
			s.Out = (s.In+2*s.Before-(s.Kernel-1)*s.Dilation-1)/s.Stride + 1
			g := c[7]
			weight := make([]float32, c[1]*c[0]/g*c[3]*c[3])
			x, out := make([]float32, c[0]*c[2]*c[2]), make([]float32, c[1]*s.Out*s.Out)
			f := NewFilter(weight, g, c[0]/g, c[1]/g, [2]int{c[3], c[3]})
			measure(b, 2*len(out)*c[0]/g*c[3]*c[3], func() { f.Run(1, 1, [2]Slide{s, s}, x, out, nil) })
		})
	}
}

// BenchmarkActivate reports the numbers per nanosecond.
func BenchmarkActivate(b *testing.B) {
	x, out := make([]float32, 4096), make([]float32, 4096)
	for i := range x {
		x[i] = float32(i)/512 - 4
	}
	for act := simd.ActReLU; act <= simd.ActGELUTanh; act++ {
		b.Run(fmt.Sprint(int(act)), func(b *testing.B) {
			measure(b, len(x), func() { simd.Activate(act, 0.25, 0.5, out, x) })
		})
	}
}

// BenchmarkColumns computes linear layers: rows, columns and the summed axis.
func BenchmarkColumns(b *testing.B) {
	for _, c := range [][3]int{{197, 768, 768}, {197, 3072, 768}, {197, 768, 3072}, {128, 512, 512}, {1, 1000, 2048}, {8, 1024, 1024}} {
		b.Run(fmt.Sprint(c), func(b *testing.B) {
			m, n, k := c[0], c[1], c[2]
			w := NewColumns(n, k, Matrix{make([]float32, n*k), k, 1})
			x, out := make([]float32, m*k), make([]float32, m*n)
			measure(b, 2*m*n*k, func() { w.Multiply(1, m, Matrix{x, k, 1}, out, nil) })
		})
	}
}
