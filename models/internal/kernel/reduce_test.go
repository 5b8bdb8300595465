package kernel

import (
	"math"
	"testing"
)

func TestLogSumExp(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		row  []float64
		want float64
	}{
		{[]float64{0, 0}, math.Ln2},
		{[]float64{1000, 1000, -inf}, 1000 + math.Ln2},
		{[]float64{-inf, -inf}, -inf},
		{[]float64{inf, 1}, inf},
		{[]float64{inf, nan}, nan},
		{[]float64{nan, 1}, nan},
		{[]float64{3}, 3},
		{[]float64{1, 2, 3}, 3.4076059644443806},
	} {
		out, err := Reduce(LogSumExp, &Tensor{Shape: []int{len(c.row)}, Data: c.row}, []int{0}, false)
		if err != nil {
			t.Fatal(err)
		}
		got := out.Data.([]float64)[0]
		if math.IsNaN(got) != math.IsNaN(c.want) || !math.IsNaN(got) && got != c.want && math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.row, got, c.want)
		}
	}
}
