package layers

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

func TestMultiply(t *testing.T) {
	type sizes struct {
		M, N, K      int
		ATurn, BTurn bool
		Workers      simd.Workers
	}
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for range 150 {
			s := sizes{
				r.IntN(60), r.IntN(60), r.IntN(1 + 40*(1+r.IntN(15))), r.IntN(2) == 0, r.IntN(2) == 0,
				simd.Workers(1 + r.IntN(3)),
			}
			a, b := Matrix{simdtest.Random(t, r, s.M*s.K), s.K, 1}, Matrix{simdtest.Random(t, r, s.N*s.K), s.K, 1}
			if s.ATurn {
				a.Row, a.Inner = 1, s.M
			}
			if s.BTurn {
				b.Row, b.Inner = 1, s.N
			}
			got, want := simdtest.Random(t, r, s.M*s.N), make([]float64, s.M*s.N)
			for i := range s.M {
				for j := range s.N {
					for k := range s.K {
						want[i*s.N+j] += float64(a.Floats[i*a.Row+k*a.Inner]) * float64(b.Floats[j*b.Row+k*b.Inner])
					}
				}
			}
			Multiply(s.Workers, s.M, s.N, s.K, a, b, got)
			simdtest.CheckClose(t, s, got, want, s.K)
		}
	})
}

// slideCase is a convolution over one spatial axis of images with any order of axes.
type slideCase struct {
	Batch, Channels, Outs, Groups int
	In, Kernel, Out               int
	Stride, Dilation, Gap, Before int
	Last                          bool // Whether the channels are the last axis.
}

func randomSlide(r *rand.Rand) slideCase {
	c := slideCase{
		Batch: 1 + r.IntN(3), Channels: 1 + r.IntN(4), Outs: 1 + r.IntN(9), Groups: 1 + r.IntN(3),
		In: 1 + r.IntN(40), Kernel: 1 + r.IntN(5), Out: 1 + r.IntN(40),
		Stride: 1 + r.IntN(3), Dilation: 1 + r.IntN(3), Gap: 1 + r.IntN(2), Before: r.IntN(9) - 2,
		Last: r.IntN(2) == 0,
	}
	if r.IntN(4) == 0 {
		c.In, c.Kernel, c.Out = 60+r.IntN(30), 40+r.IntN(20), 1+r.IntN(4)
	}
	return c
}

// image returns an image with one spatial axis and the strides of its axes.
func (c slideCase) image(major, minor, size int) (image Image, majorStep, minorStep, step int) {
	if c.Last {
		return Image{Dims: []int{major, size, minor}, Major: 0, Minor: 2, Space: []int{1}}, size * minor, 1, minor
	}
	return Image{Dims: []int{major, minor, size}, Major: 0, Minor: 1, Space: []int{2}}, minor * size, size, 1
}

// run computes the convolution and a reference in float64.
func (c slideCase) run(t *testing.T, r *rand.Rand) (got []float32, want []float64) {
	t.Helper()
	in, inBatch, inChannel, inStep := c.image(c.Batch, c.Groups*c.Channels, c.In)
	kernel, kerOut, kerIn, kerStep := c.image(c.Groups*c.Outs, c.Channels, c.Kernel)
	out, outBatch, outChannel, outStep := c.image(c.Batch, c.Groups*c.Outs, c.Out)
	x, k := simdtest.Random(t, r, simd.Product(in.Dims)), simdtest.Random(t, r, simd.Product(kernel.Dims))
	got, want = simdtest.Random(t, r, simd.Product(out.Dims)), make([]float64, simd.Product(out.Dims))
	NewConvolution(ConvSpec{
		In: in, Kernel: kernel, Out: out, Strides: []int{c.Stride}, Dilations: []int{c.Dilation},
		Gaps: []int{c.Gap}, Padding: [][2]int{{c.Before, 0}}, Groups: c.Groups,
	}).Run(simd.Workers(1+r.IntN(3)), x, k, got)
	for b := range c.Batch {
		for o := range c.Groups * c.Outs {
			for at := range c.Out {
				sum := &want[b*outBatch+o*outChannel+at*outStep]
				for i := range c.Channels {
					for e := range c.Kernel {
						from := at*c.Stride + e*c.Dilation - c.Before
						if from < 0 || from%c.Gap != 0 || from/c.Gap >= c.In {
							continue
						}
						channel := o/c.Outs*c.Channels + i
						*sum += float64(x[b*inBatch+channel*inChannel+from/c.Gap*inStep]) * float64(k[o*kerOut+i*kerIn+e*kerStep])
					}
				}
			}
		}
	}
	return got, want
}

func TestConvolution(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 2))
		for range 300 {
			c := randomSlide(r)
			got, want := c.run(t, r)
			simdtest.CheckClose(t, c, got, want, c.Channels*c.Kernel)
		}
	})
}
