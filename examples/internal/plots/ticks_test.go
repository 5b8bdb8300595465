package plots

import (
	"math"
	"strings"
	"testing"
)

func TestRoundTicks(t *testing.T) {
	for _, c := range []struct {
		least, low, high float64
		want             string
	}{
		{1, 1, 50, "5 10 15 20 25 30 35 40 45 50"},
		{1, 1, 3, "1 2 3"},
		{1, 0, 393, "0 50 100 150 200 250 300 350"},
		{0, 0, 1, "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0"},
		{0, 0.21, 0.7, "0.25 0.30 0.35 0.40 0.45 0.50 0.55 0.60 0.65 0.70"},
		{0, -1, 1, "-1.0 -0.8 -0.6 -0.4 -0.2 0.0 0.2 0.4 0.6 0.8 1.0"},
		{0, 0, 9e-9, "0 1e-09 2e-09 3e-09 4e-09 5e-09 6e-09 7e-09 8e-09 9e-09"},
		{0, 0, 3e8, "0 5e+07 1e+08 1.5e+08 2e+08 2.5e+08 3e+08"},
		{0, -math.MaxFloat64, math.MaxFloat64, ""},
		{0, 0, math.SmallestNonzeroFloat64, ""},
	} {
		var got []string
		for _, tick := range (roundTicks{least: c.least}).Ticks(c.low, c.high) {
			got = append(got, tick.Label)
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%v to %v: got %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestLinesOfExtremes(t *testing.T) {
	for _, y := range [][]float64{
		{-1e300, math.MaxFloat64, 1e300},
		{0, math.SmallestNonzeroFloat64},
		{1e300, 1e300},
		{1e16, 1e16 + 2},
	} {
		data, err := Lines("", "", "", Series{Name: "loss", Y: y})
		check(t, data, err)
	}
}
