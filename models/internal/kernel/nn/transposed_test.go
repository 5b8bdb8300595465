package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestPreparedConvTranspose compares prepared transposed convolutions of all forms with those of float64.
func TestPreparedConvTranspose(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for range 400 {
		groups, axes := 1+r.IntN(3), 1+r.IntN(2)
		w := Window{}
		shape, weight := []int{1 + r.IntN(3), groups * (1 + r.IntN(3))}, []int{0, 1 + r.IntN(9)}
		weight[0] = shape[1]
		extra := []int{}
		for range axes {
			shape, weight = append(shape, 1+r.IntN(12)), append(weight, 1+r.IntN(5))
			stride, dilation := 1+r.IntN(4), 1+r.IntN(3)
			w.Strides, w.Dilations = append(w.Strides, stride), append(w.Dilations, dilation)
			extra = append(extra, r.IntN(max(stride, dilation)))
		}
		for range 2 * axes {
			w.Pads = append(w.Pads, r.IntN(2))
		}
		x32, x64 := twice(r, shape)
		k32, k64 := twice(r, weight)
		b32, b64 := twice(r, []int{weight[1] * groups})
		want, err := ConvTranspose(x64, k64, b64, w, groups, extra)
		if err != nil {
			continue // The padding leaves nothing.
		}
		c, err := PrepareConvTranspose(k32, b32, w, groups, extra)
		if err != nil {
			t.Fatal(err)
		}
		e, out := kernel.Epilogue{Act: simd.ActReLU}, (*kernel.Tensor)(nil)
		if r.IntN(2) == 0 {
			var add *kernel.Tensor
			e.Add, add = twice(r, want.Shape)
			if want, err = kernel.Arith(kernel.Add, want, add); err != nil {
				t.Fatal(err)
			}
			if r.IntN(2) == 0 {
				out = e.Add
			}
		}
		got, err := c.Run(x32, e, out)
		if err != nil {
			t.Fatal(err)
		}
		list := got.Data.([]float32)
		for i, v := range want.Data.([]float64) {
			if math.Abs(float64(list[i])-max(v, 0)) > 1e-4 {
				t.Fatalf("%v by %v, %+v, extra %v: element %d is %v, want %v", shape, weight, w, extra, i, list[i], v)
			}
		}
	}
}
