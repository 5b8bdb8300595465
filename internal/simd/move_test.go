package simd

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd/simdtest"
)

// TestMove copies tensors between random orders of axes.
func TestMove(t *testing.T) {
	simdtest.AllLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(6, 6))
		for range 500 {
			rank := r.IntN(5)
			dims, order := make([]int, rank), r.Perm(rank)
			for i := range dims {
				dims[i] = 1 + r.IntN(1+r.IntN(40))
			}
			step := 1 + r.IntN(3)
			from := make([]int, rank)
			size := step
			for _, i := range order {
				from[i] = size
				size *= dims[i]
			}
			if rank > 0 && r.IntN(4) == 0 {
				from[r.IntN(rank)] = 0
			}
			last, first := 0, 0
			for i, d := range dims {
				last += (d - 1) * from[i]
				if r.IntN(4) == 0 {
					first += (d - 1) * from[i]
					from[i] = -from[i]
				}
			}
			src, got := simdtest.Random(t, r, last+1), simdtest.Guarded(t, Product(dims))
			Move(dims, got, 0, Natural(dims), src, first, from)
			for i, at := range Offsets(dims, from) {
				if got[i] != src[first+at] {
					t.Fatalf("%v from strides %v: element %d is %v, want %v", dims, from, i, got[i], src[first+at])
				}
			}
		}
	})
}
