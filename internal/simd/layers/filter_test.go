package layers

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

// filterCase is a convolution over two axes of images in planes.
type filterCase struct {
	Batch, Groups, In, Out int
	S                      [2]Slide
	Workers                simd.Workers
	Bias, Add              bool
	Act                    simd.Activation
}

func randomFilter(r *rand.Rand) filterCase {
	c := filterCase{
		Batch: 1 + r.IntN(3), Groups: 1 + r.IntN(3), In: 1 + r.IntN(4), Out: 1 + r.IntN(20),
		Workers: simd.Workers(1 + r.IntN(3)), Bias: r.IntN(2) == 0, Add: r.IntN(2) == 0,
		Act: []simd.Activation{simd.ActNone, simd.ActReLU, simd.ActClip, simd.ActLeakyReLU}[r.IntN(4)],
	}
	if r.IntN(3) == 0 {
		c.Groups, c.In, c.Out = 1+r.IntN(9), 1, 1+r.IntN(2)
	}
	most := 30
	if r.IntN(8) == 0 {
		most = 10
		c.In, c.Out = 40, 70 // More than one part of the summed axis, and rows that are divided among workers.
	}
	wide := 1
	if r.IntN(5) == 0 {
		wide = 4 // Many taps meet padding only.
	}
	for i := range c.S {
		s := Slide{In: 1 + r.IntN(most), Kernel: 1 + r.IntN(4), Stride: 1 + r.IntN(3), Dilation: wide * (1 + r.IntN(3))}
		if r.IntN(3) == 0 {
			s.Kernel, s.Stride = 1, 1
		}
		s.Before = r.IntN(3 * wide)
		if r.IntN(3) == 0 {
			s.Before = 0
		}
		room := s.In + s.Before + r.IntN(3) - (s.Kernel-1)*s.Dilation - 1
		s.Out = max(0, room)/s.Stride + 1
		c.S[i] = s
	}
	return c
}

// TestFilter compares convolutions of all forms with sums in float64.
func TestFilter(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 5))
		for range 200 {
			c := randomFilter(r)
			v, h := c.S[0], c.S[1]
			x := simdtest.Random(t, r, c.Batch*c.Groups*c.In*v.In*h.In)
			weight := simdtest.Random(t, r, c.Groups*c.Out*c.In*v.Kernel*h.Kernel)
			got := simdtest.Random(t, r, c.Batch*c.Groups*c.Out*v.Out*h.Out)
			e := &Ending{Act: c.Act, Alpha: -0.5, Beta: 0.5}
			if c.Bias {
				e.Bias = simdtest.Random(t, r, c.Groups*c.Out)
			}
			if c.Add {
				e.Add = simdtest.Random(t, r, len(got))
			}
			if c.Add && r.IntN(3) == 0 {
				e.Add = got // The convolution is added to what is there.
			}
			want := c.want(x, weight, e)
			f := NewFilter(weight, c.Groups, c.In, c.Out, [2]int{v.Kernel, h.Kernel})
			f.Run(c.Workers, c.Batch, c.S, x, got, e)
			simdtest.CheckClose(t, c, got, want, c.In*v.Kernel*h.Kernel)
		}
	})
}

func (c filterCase) want(x, weight []float32, e *Ending) []float64 {
	v, h := c.S[0], c.S[1]
	var want []float64
	for i := range c.Batch * c.Groups * c.Out {
		o := i % (c.Groups * c.Out)
		first := i / c.Out * c.In // The first channel of the group.
		for y := range v.Out {
			for z := range h.Out {
				sum := 0.0
				if e.Bias != nil {
					sum = float64(e.Bias[o])
				}
				for in := range c.In {
					for ky := range v.Kernel {
						for kx := range h.Kernel {
							row, col := y*v.Stride+ky*v.Dilation-v.Before, z*h.Stride+kx*h.Dilation-h.Before
							if row < 0 || row >= v.In || col < 0 || col >= h.In {
								continue
							}
							w := weight[((o*c.In+in)*v.Kernel+ky)*h.Kernel+kx]
							sum += float64(w) * float64(x[((first+in)*v.In+row)*h.In+col])
						}
					}
				}
				if e.Add != nil {
					sum += float64(e.Add[len(want)])
				}
				one := []float32{float32(sum)}
				simd.Activate(e.Act, e.Alpha, e.Beta, one, one)
				want = append(want, float64(one[0]))
			}
		}
	}
	return want
}
