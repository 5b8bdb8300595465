package classical

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestSquaredDistances compares distances with those of float64, for more and for fewer rows than the other matrix has.
func TestSquaredDistances(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, sizes := range [][3]int{{1, 1, 1}, {3, 1500, 7}, {1500, 3, 7}, {20, 20, 0}, {0, 5, 3}, {5, 0, 3}, {40, 30, 4}} {
		rows, count, columns := sizes[0], sizes[1], sizes[2]
		a, b := &kernel.Tensor{Shape: []int{rows, columns}}, &kernel.Tensor{Shape: []int{count, columns}}
		for _, m := range []*kernel.Tensor{a, b} {
			list := make([]float32, m.Shape[0]*columns)
			for i := range list {
				list[i] = r.Float32()
			}
			m.Data = list
		}
		out, err := SquaredDistances(a, b)
		if err != nil {
			t.Fatal(err)
		}
		x, y := a.Data.([]float32), b.Data.([]float32)
		for i := range rows {
			for j := range count {
				want := 0.0
				for k := range columns {
					d := float64(x[i*columns+k]) - float64(y[j*columns+k])
					want += d * d
				}
				if got := out.Data.([]float32)[i*count+j]; math.Abs(float64(got)-want) > 1e-5 {
					t.Fatalf("%v: %d, %d: %v, want %v", sizes, i, j, got, want)
				}
			}
		}
	}
}
