package plots

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

// ticks returns the ticks of an axis on which position i stands for names[i].
func ticks(names []string) plot.ConstantTicks {
	out := make(plot.ConstantTicks, len(names))
	for i, name := range names {
		out[i] = plot.Tick{Value: float64(i), Label: name}
	}
	return out
}

// upright rotates the labels of the horizontal axis by 90 degrees. gonum has no setting
// for the distance from the axis, so spaces at the end of the labels create it.
func upright(p *plot.Plot, names []string) {
	turned := make([]string, len(names))
	for i, name := range names {
		turned[i] = name + "  "
	}
	p.X.Tick.Marker = ticks(turned)
	p.X.Tick.Label.Rotation = math.Pi / 2
	p.X.Tick.Label.XAlign = draw.XRight
	p.X.Tick.Label.YAlign = draw.YCenter
}

// roundTicks puts ticks at the multiples of 1, 2 or 5 times a power of ten, so that
// there are four to ten ticks. The distance of two ticks is at least least, which is 1
// for values that are integers, such as epochs.
type roundTicks struct {
	least float64
}

// Ticks implements [plot.Ticker].
func (r roundTicks) Ticks(low, high float64) []plot.Tick {
	exponent := math.Floor(math.Log10((high - low) / 10))
	step := math.Pow(10, exponent)
	for _, factor := range []float64{2, 5, 10} {
		if (high-low)/step <= 10 {
			break
		}
		step = factor * math.Pow(10, exponent)
	}
	if step == 0 || math.IsNaN(step) || math.IsInf(step, 0) {
		return nil // The range is too narrow or too wide for float64.
	}
	if step <= r.least {
		step, exponent = r.least, 0
	} else if step >= 10*math.Pow(10, exponent) {
		exponent++
	}
	verb, decimals := byte('f'), int(max(0, -exponent))
	if decimals > 5 || math.Max(math.Abs(low), math.Abs(high)) >= 1e7 {
		verb, decimals = 'g', 4
	}
	var out []plot.Tick
	first := math.Ceil(low/step - 1e-9)
	for i := range 11 {
		v := (first + float64(i)) * step
		if v > high+step*1e-9 {
			break
		}
		out = append(out, plot.Tick{Value: v, Label: strconv.FormatFloat(v+0, verb, decimals, 64)})
	}
	return out
}
