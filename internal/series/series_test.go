package series_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/internal/series"
)

// curve returns n points of a quiet curve, at every step, 10 ms apart.
func curve(n int) []series.Point {
	list := make([]series.Point, n)
	for i := range list {
		list[i] = series.Point{Step: int64(i), Time: int64(i) * 10, Value: math.Sin(float64(i) / 1000)}
	}
	return list
}

func sample(list []series.Point, n int, axis series.Axis, span series.Window) []series.Point {
	s := series.NewSampler(n, axis, span)
	for _, p := range list {
		s.Add(p)
	}
	return s.Points()
}

// TestSpike checks that a single spike in a million points is in the sample of every
// window that contains it, on both axes, and that a sample has its size.
func TestSpike(t *testing.T) {
	t.Parallel()
	const n = 1_000_000
	for _, at := range []int{0, 1, 123_456, 777_777, n - 2, n - 1} {
		list := curve(n)
		list[at].Value = 1e6
		if at > 0 {
			list[at-1].Value = -1e6
		}
		for width := int64(n); width >= 10; width /= 7 {
			for _, axis := range []series.Axis{series.ByStep, series.ByTime} {
				first := max(0, int64(at)-width/2)
				last := min(n-1, first+width)
				span := series.Window{From: axis.Of(list[first]), To: axis.Of(list[last])}
				got := sample(list[first:last+1], 400, axis, span)
				if !slices.Contains(got, list[at]) {
					t.Errorf("spike at %d: not in the sample of %d points by %s", at, width, axis)
				}
				if at > 0 && int64(at) > first && !slices.Contains(got, list[at-1]) {
					t.Errorf("dip at %d: not in the sample of %d points by %s", at-1, width, axis)
				}
				if len(got) > 400 || width > 400 && len(got) < 200 {
					t.Errorf("%d points of %d", len(got), width)
				}
			}
		}
	}
}

// TestParts compares each part of a sample with all points of the part.
func TestParts(t *testing.T) {
	t.Parallel()
	const n, samples = 5000, 40
	list := make([]series.Point, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range list {
		list[i] = series.Point{Step: r.Int64N(10_000), Time: r.Int64N(1000), Value: r.NormFloat64()}
	}
	span := series.Window{From: 0, To: 9999}
	got := sample(list, samples, series.ByStep, span)
	for part := range int64(samples / 4) {
		inPart := func(p series.Point) bool { return p.Step/1000 == part }
		all, kept := filter(list, inPart), filter(got, inPart)
		byValue := func(a, b series.Point) int { return int(math.Copysign(1, a.Value-b.Value)) }
		byStep := func(a, b series.Point) int { return int(a.Step - b.Step) }
		if len(kept) > 4 ||
			slices.MinFunc(all, byValue) != slices.MinFunc(kept, byValue) ||
			slices.MaxFunc(all, byValue) != slices.MaxFunc(kept, byValue) ||
			slices.MinFunc(all, byStep).Step != slices.MinFunc(kept, byStep).Step ||
			slices.MaxFunc(all, byStep).Step != slices.MaxFunc(kept, byStep).Step {
			t.Errorf("part %d: %v", part, kept)
		}
	}
	r.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	if again := sample(list, samples, series.ByStep, span); !slices.Equal(got, again) {
		t.Errorf("the order of the stream changes the sample: %v and %v", got, again)
	}
}

func filter(list []series.Point, keep func(series.Point) bool) (kept []series.Point) {
	for _, p := range list {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

func TestUndrawable(t *testing.T) {
	t.Parallel()
	list := curve(1000)
	list[500].Value = math.NaN()
	list[600].Value = math.MaxFloat64
	list[601].Value = 9
	got := sample(list, 8, series.ByStep, series.Window{From: 0, To: 999})
	var gaps, spikes int
	for _, p := range got {
		switch {
		case math.IsNaN(p.Value):
			gaps++
		case p.Value == 9:
			spikes++
		}
	}
	if gaps != 1 || spikes != 1 || len(got) > 8+2 {
		t.Errorf("%d gaps and %d spikes in %v", gaps, spikes, got)
	}
	for i := range list {
		list[i].Value = math.Inf(1)
	}
	if got := sample(list, 8, series.ByStep, series.Window{From: 0, To: 999}); len(got) != 2 {
		t.Errorf("infinities only: %v", got)
	}
}

func TestShortAndExtreme(t *testing.T) {
	t.Parallel()
	short := curve(10)
	if got := sample(short, 10, series.ByStep, series.Window{}); !slices.Equal(got, short) {
		t.Errorf("%v", got)
	}
	if got := sample(nil, 10, series.ByStep, series.Window{}); len(got) != 0 {
		t.Errorf("%v", got)
	}
	var ends []series.Point
	for _, step := range []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64} {
		ends = append(ends, series.Point{Step: step, Value: float64(step)})
	}
	got := sample(ends, 4, series.ByStep, series.Window{From: math.MinInt64, To: math.MaxInt64})
	if len(got) < 2 || got[0] != ends[0] || got[len(got)-1] != ends[len(ends)-1] {
		t.Errorf("%v", got)
	}
}

func TestRepeatsSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows     int64
		from, to int64
		want     bool
	}{
		{1, 0, 0, false},
		{2, 0, 0, true},
		{10, 0, 9, false},
		{11, 0, 9, true},
		{100, math.MinInt64, math.MaxInt64, false},
	} {
		if got := series.RepeatsSteps(c.rows, series.Window{From: c.from, To: c.to}); got != c.want {
			t.Errorf("%d values in %d to %d: %t", c.rows, c.from, c.to, got)
		}
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	var p series.Position
	if p.String() != "" {
		t.Errorf("%q", p)
	}
	for _, point := range []series.Point{{Step: 3, Time: 50}, {Step: 1, Time: 90}, {Step: 3, Time: 60}, {Step: -2, Time: 10}} {
		p.Add(point)
	}
	if want := (series.Position{Rows: 4, Step: 3, Time: 60, Newest: 90}); p != want || p.String() != "4 3 60 30" {
		t.Errorf("%+v %q", p, p)
	}
	for _, want := range []series.Position{{}, p, {Rows: 1, Step: math.MinInt64, Time: -5, Newest: 7}} {
		if got, err := series.ParsePosition(want.String()); err != nil || got != want {
			t.Errorf("%+v came back as %+v; %v", want, got, err)
		}
	}
	for _, text := range []string{" ", "1", "1 2 3", "1 2 3 4 5", "0 1 2 3", "-1 1 2 3", "x 1 2 3", "1 2 3 99999999999999999999", "1  2 3"} {
		if got, err := series.ParsePosition(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func BenchmarkSampler(b *testing.B) {
	list := curve(1_000_000)
	for _, n := range []int{400, 2500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				sample(list, n, series.ByStep, series.Window{From: 0, To: 999_999})
			}
		})
	}
}
