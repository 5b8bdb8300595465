package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFewSorted compares the best elements of rows with many equal ones with those of a sorted row.
func TestFewSorted(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		row := make([]float64, 4+r.IntN(300))
		for i := range row {
			row[i] = float64(r.IntN(1 + r.IntN(50)))
		}
		k, largest := 1+r.IntN(len(row)/4), r.IntN(2) == 0
		want := make([]int, len(row))
		for i := range want {
			want[i] = i
		}
		slices.SortStableFunc(want, func(a, b int) int {
			d := int(row[a] - row[b])
			if largest {
				return -d
			}
			return d
		})
		if got := sortedPlaces(row, make([]int, len(row)), k, largest); !slices.Equal(got[:k], want[:k]) {
			t.Fatalf("the top %d of %v, largest %v: %v, want %v", k, row, largest, got[:k], want[:k])
		}
	}
}
