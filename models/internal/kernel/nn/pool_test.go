package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestPoolOfFloat32 compares pools of float32, which use kernels in assembly, with those of float64.
func TestPoolOfFloat32(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 300 {
		shape := []int{1 + r.IntN(2), 1 + r.IntN(3), 12 + r.IntN(20), 12 + r.IntN(20)}
		w := Window{
			Kernel: []int{2 + r.IntN(3), 2 + r.IntN(3)}, Strides: []int{1 + r.IntN(3), 1 + r.IntN(3)},
			Dilations: []int{1 + r.IntN(2), 1 + r.IntN(2)}, Pads: []int{r.IntN(2), r.IntN(2), r.IntN(2), r.IntN(2)},
			Ceil: r.IntN(2) == 0,
		}
		x32, x64 := twice(r, shape)
		kind := Pooling(r.IntN(4))
		run := func(x *kernel.Tensor) *kernel.Tensor {
			out, err := Pool(x, w, kind)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		comparePools(t, []any{shape, w, kind}, run(x32), run(x64))
		sizes := []int{[]int{1, 3, shape[2] / 2, -1}[r.IntN(4)], []int{1, 4, 5, -1}[r.IntN(4)]}
		run = func(x *kernel.Tensor) *kernel.Tensor {
			out, err := AdaptivePool(x, sizes, kind)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		comparePools(t, []any{shape, sizes, kind}, run(x32), run(x64))
	}
}

func comparePools(t *testing.T, what []any, got, want *kernel.Tensor) {
	t.Helper()
	list := got.Data.([]float32)
	for i, x := range want.Data.([]float64) {
		if math.Abs(float64(list[i])-x) > 1e-4 {
			t.Fatalf("%+v: element %d is %v, want %v", what, i, list[i], x)
		}
	}
}
