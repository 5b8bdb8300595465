package native

import (
	"math"
	"testing"
)

// The kernel in Go and the one in assembly, where there is one, are the same.
func TestTiles(t *testing.T) {
	t.Parallel()
	for _, k := range []int{0, 1, 2, 17, 256} {
		a, b := make([]float32, tileRows*k), make([]float32, tileCols*k)
		for i := range a {
			a[i] = float32(i%7) - 3
		}
		for i := range b {
			b[i] = float32(i%11)/11 - 0.5
		}
		got, want := make([]float32, tileRows*tileCols), make([]float32, tileRows*tileCols)
		got[5], want[5] = 2, 2
		multiplyTile(k, a, b, got)
		multiplyTileGo(k, a, b, want)
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-4 {
				t.Fatalf("k %d, element %d: %v, want %v", k, i, got[i], want[i])
			}
		}
	}
}
