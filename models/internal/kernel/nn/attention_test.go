package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestAttention compares attention of float32, which uses kernels in assembly, with that of float64.
func TestAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		batch, groups := 1+r.IntN(2), 1+r.IntN(3)
		n, m, d, e := 1+r.IntN(40), 1+r.IntN(70), 1+r.IntN(40), 1+r.IntN(40)
		q32, q64 := twice(r, []int{batch, groups, n, d})
		k32, k64 := twice(r, []int{batch, 1, m, d})
		v32, v64 := twice(r, []int{groups, m, e})
		var mask32, mask64 *kernel.Tensor
		switch r.IntN(3) {
		case 0:
			shape := [][]int{{n, m}, {batch, 1, 1, m}, {groups, n, 1}}[r.IntN(3)]
			mask32, mask64 = twice(r, shape)
		case 1:
			seen := make([]bool, batch*n*m)
			for i := range seen {
				seen[i] = i%m == 0 || r.IntN(2) == 0
			}
			mask32 = &kernel.Tensor{Shape: []int{batch, 1, n, m}, Data: seen}
			mask64 = mask32
		}
		causal := r.IntN(3) == 0
		got, err := Attention(q32, k32, v32, mask32, causal, 0)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Attention(q64, k64, v64, mask64, causal, 0)
		if err != nil {
			t.Fatal(err)
		}
		list := got.Data.([]float32)
		for i, x := range want.Data.([]float64) {
			if math.Abs(float64(list[i])-x) > 1e-5 {
				t.Fatalf("%d queries, %d keys of %d, values of %d, causal %t: element %d is %v, want %v", n, m, d, e, causal, i,
					list[i], x)
			}
		}
	}
}

// TestNormalizations compares normalizations of float32 with those of float64.
func TestNormalizations(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 100 {
		groups := 1 + r.IntN(3)
		shape := []int{1 + r.IntN(3), groups * (1 + r.IntN(4)), 1 + r.IntN(20), 1 + r.IntN(40)}
		x32, x64 := twice(r, shape)
		w32, w64 := twice(r, shape[1:2])
		last32, last64 := twice(r, shape[3:])
		compare := func(name string, got, want *kernel.Tensor, err, err64 error) {
			t.Helper()
			if err != nil || err64 != nil {
				t.Fatal(name, err, err64)
			}
			list := got.Data.([]float32)
			for i, x := range want.Data.([]float64) {
				if math.Abs(float64(list[i])-x) > 2e-5 {
					t.Fatalf("%s of shape %v: element %d is %v, want %v", name, shape, i, list[i], x)
				}
			}
		}
		got, err := GroupNorm(x32, w32, w32, groups, 1e-2)
		want, err64 := GroupNorm(x64, w64, w64, groups, 1e-2)
		compare("GroupNorm", got, want, err, err64)
		got, err = LayerNorm(x32, last32, nil, shape[3:], 1e-2)
		want, err64 = LayerNorm(x64, last64, nil, shape[3:], 1e-2)
		compare("LayerNorm", got, want, err, err64)
		got, err = RMSNorm(x32, last32, shape[3:], 1e-2)
		want, err64 = RMSNorm(x64, last64, shape[3:], 1e-2)
		compare("RMSNorm", got, want, err, err64)
		v32, _ := kernel.Abs(w32)
		v64, _ := kernel.Abs(w64)
		got, err = BatchNorm(x32, w32, nil, w32, v32, 1e-2)
		want, err64 = BatchNorm(x64, w64, nil, w64, v64, 1e-2)
		compare("BatchNorm", got, want, err, err64)
		axis := r.IntN(4)
		got, err = kernel.Softmax(x32, axis)
		want, err64 = kernel.Softmax(x64, axis)
		compare("Softmax", got, want, err, err64)
	}
}
