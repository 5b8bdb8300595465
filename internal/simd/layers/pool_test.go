package layers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

// TestPool compares pools of all forms with elements that are visited one by one.
func TestPool(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 7))
		for range 200 {
			c := randomFilter(r)
			p := Pool{S: c.S, Top: r.IntN(2) == 0}
			v, h := p.S[0], p.S[1]
			if !p.Top && r.IntN(2) == 0 {
				p.Scale = [2][]float32{simdtest.Random(t, r, v.Out), simdtest.Random(t, r, h.Out)}
			}
			planes := 1 + r.IntN(5)
			x, got := simdtest.Random(t, r, planes*v.In*h.In), simdtest.Random(t, r, planes*v.Out*h.Out)
			if r.IntN(4) == 0 {
				x[r.IntN(len(x))] = float32(math.NaN())
			}
			p.Run(c.Workers, planes, x, got)
			for i, g := range got {
				want := p.one(x[i/(v.Out*h.Out)*v.In*h.In:], i/h.Out%v.Out, i%h.Out)
				same := want == g || want != want && g != g
				if !same && !(math.Abs(float64(want-g)) < 1e-4) {
					t.Fatalf("%+v: element %d is %v, want %v", p, i, g, want)
				}
			}
		}
	})
}

// one computes an element of a plane.
func (p *Pool) one(plane []float32, row, col int) float32 {
	top, sum := simd.NegInf, float32(0)
	v, h := p.S[0], p.S[1]
	for ky := range v.Kernel {
		for kx := range h.Kernel {
			y, x := row*v.Stride+ky*v.Dilation-v.Before, col*h.Stride+kx*h.Dilation-h.Before
			if y >= 0 && y < v.In && x >= 0 && x < h.In {
				top = max(top, plane[y*h.In+x])
				sum += plane[y*h.In+x]
			}
		}
	}
	switch {
	case p.Top:
		return top
	case p.Scale[0] != nil:
		return sum * p.Scale[0][row] * p.Scale[1][col]
	}
	return sum
}
