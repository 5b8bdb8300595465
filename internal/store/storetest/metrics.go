package storetest

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/mlflow"
)

func latestMetric(t *testing.T, s *store.Store) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		logged []mlflow.Metric
		want   mlflow.Metric
	}{
		{
			"greatest step",
			[]mlflow.Metric{{Value: 1, Timestamp: 5, Step: 2}, {Value: 2, Timestamp: 9, Step: 1}},
			mlflow.Metric{Value: 1, Timestamp: 5, Step: 2},
		},
		{
			"then time",
			[]mlflow.Metric{{Value: 1, Timestamp: 9}, {Value: 2, Timestamp: 5}},
			mlflow.Metric{Value: 1, Timestamp: 9},
		},
		{"then value", []mlflow.Metric{{Value: 2}, {Value: 1}}, mlflow.Metric{Value: 2}},
		{"NaN counts as 0", []mlflow.Metric{{Value: nan}, {Value: -1}}, mlflow.Metric{Value: nan}},
		{"1 beats NaN", []mlflow.Metric{{Value: nan}, {Value: 1}}, mlflow.Metric{Value: 1}},
		{"infinities are finite", []mlflow.Metric{{Value: math.Inf(1)}}, mlflow.Metric{Value: math.MaxFloat64}},
		{
			"negative step",
			[]mlflow.Metric{{Value: 1, Step: -3}, {Value: 2, Step: -5}},
			mlflow.Metric{Value: 1, Step: -3},
		},
	} {
		for i := range c.logged {
			c.logged[i].Key = "m"
		}
		inOne, apart := newRun(t, s, 0, 1), newRun(t, s, 0, 1)
		if err := s.LogBatch(t.Context(), inOne, c.logged, nil, nil); err != nil {
			t.Fatal(err)
		}
		for _, m := range c.logged {
			if err := s.LogBatch(t.Context(), apart, []mlflow.Metric{m}, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		for how, id := range map[string]string{"in one batch": inOne, "one by one": apart} {
			got := must(s.Run(t.Context(), id))(t).Data.Metrics[0]
			same := got.Value == c.want.Value || math.IsNaN(got.Value) && math.IsNaN(c.want.Value)
			if !same || got.Step != c.want.Step || got.Timestamp != c.want.Timestamp {
				t.Errorf("%s, %s: %+v, want %+v", c.name, how, got, c.want)
			}
		}
	}
}

// logSteps logs n values of "m", one at every gap-th step.
func logSteps(t *testing.T, s *store.Store, run string, n int, gap int64) {
	t.Helper()
	for from := 0; from < n; from += 1000 {
		var batch []mlflow.Metric
		for i := from; i < min(n, from+1000); i++ {
			batch = append(batch, mlflow.Metric{Key: "m", Value: float64(i), Timestamp: int64(i), Step: int64(i) * gap})
		}
		if err := s.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func metricSample(t *testing.T, s *store.Store) {
	run := newRun(t, s, 0, 1)
	logSteps(t, s, run, 10, 1)
	for _, c := range []struct {
		n     int
		steps *history.StepRange
		want  string
	}{
		{4, nil, "0 3 6 9"}, // Buckets of 3, 3, 2 and 2 rows.
		{1, nil, "9"},
		{10, nil, "0 1 2 3 4 5 6 7 8 9"},
		{50, nil, "0 1 2 3 4 5 6 7 8 9"},
		{3, &history.StepRange{From: 2, To: 6}, "2 4 6"},
		{5, &history.StepRange{From: 20, To: 30}, ""},
	} {
		var steps []string
		for _, m := range must(s.MetricSample(t.Context(), run, "m", c.n, c.steps))(t) {
			steps = append(steps, strconv.FormatInt(m.Step, 10))
		}
		if got := strings.Join(steps, " "); got != c.want {
			t.Errorf("sample of %d in %v: %q, want %q", c.n, c.steps, got, c.want)
		}
	}
}

func longMetricSample(t *testing.T, s *store.Store) {
	const n = 5_000
	run := newRun(t, s, 0, 1)
	logSteps(t, s, run, n, 10)
	got := must(s.MetricSample(t.Context(), run, "m", 100, nil))(t)
	if len(got) != 100 || got[0].Step != 0 || got[99].Step != (n-1)*10 {
		t.Fatalf("%d values from step %d to %d", len(got), got[0].Step, got[len(got)-1].Step)
	}
	for i := 1; i < 100; i++ { // There are 49 parts of 102 rows, each with two values.
		if gap := got[i].Step - got[i-1].Step; gap < 10 || gap > 1030 {
			t.Errorf("step %d follows %d", got[i].Step, got[i-1].Step)
		}
	}
	for n, want := range map[int]int{1: 1, 2: 2, 3: 2, 4: 4} {
		some := must(s.MetricSample(t.Context(), run, "m", n, nil))(t)
		if len(some) != want || some[len(some)-1].Step != (5_000-1)*10 {
			t.Errorf("a sample of %d: %v", n, some)
		}
	}
}

// peaksInSample checks that a sample of a long history contains the first value, the
// last value and the extremes for any distribution of steps, and only logged values.
func peaksInSample(t *testing.T, s *store.Store) {
	const rows, peak, dip = 1500, 234, 1321
	for name, step := range map[string]func(i int) int64{
		"one by one":      func(i int) int64 { return int64(i) },
		"all at 0":        func(int) int64 { return 0 },
		"two steps":       func(i int) int64 { return int64(i / (rows - 1)) },
		"from end to end": func(i int) int64 { return []int64{math.MinInt64, -1, 0, math.MaxInt64}[4*i/rows] },
		"backwards":       func(i int) int64 { return int64(-i) },
	} {
		run := newRun(t, s, 0, 1)
		logged := map[mlflow.Metric]bool{}
		var batch []mlflow.Metric
		for i := range rows {
			m := mlflow.Metric{Key: "m", RunID: run, Value: math.Sin(float64(i)), Timestamp: int64(i), Step: step(i)}
			switch i {
			case peak:
				m.Value = 1e300
			case dip:
				m.Value = math.Inf(-1)
			case 7:
				m.Value = math.NaN()
			}
			batch = append(batch, m)
			if m.Value == math.Inf(-1) {
				m.Value = -math.MaxFloat64
			}
			logged[m] = true
		}
		for part := range slices.Chunk(batch, 1000) {
			if err := s.LogBatch(t.Context(), run, part, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range []int{10, 320, 1200} {
			got := must(s.MetricSample(t.Context(), run, "m", n, nil))(t)
			var high, low bool
			for i, m := range got {
				high, low = high || m.Value == 1e300, low || m.Value == -math.MaxFloat64
				if !logged[m] || i > 0 && (m.Step < got[i-1].Step || m.Step == got[i-1].Step && m.Timestamp <= got[i-1].Timestamp) {
					t.Errorf("%s: value %d of a sample of %d: %+v", name, i, n, m)
				}
			}
			if !high || !low || len(got) > n || len(got) < n/2 {
				t.Errorf("%s: a sample of %d has %d values; peak %t, dip %t", name, n, len(got), high, low)
			}
		}
	}
}

// historyPages reads histories in pages. Each value must appear exactly once and in
// order while other values are logged, also by other runs at the same time.
func historyPages(t *testing.T, s *store.Store) {
	run, others := newRun(t, s, 0, 1), newRun(t, s, 0, 1)
	var batch []mlflow.Metric
	for i := range 120 { // Times, steps and values have ties.
		v := []float64{0, math.NaN(), 1, math.Inf(1)}[i%4]
		batch = append(batch, mlflow.Metric{Key: "m", Value: v, Timestamp: int64(i / 40), Step: int64(i / 4 % 5)})
	}
	if err := s.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
		t.Fatal(err)
	}
	logSteps(t, s, others, 500, 0) // There are enough values of other runs that a page without the run's own is possible.
	want := must2(s.MetricHistory(t.Context(), run, "m", 0, ""))(t)
	for _, limit := range []int{1, 7, 20, len(want) - 1, len(want), 1000} {
		var got []mlflow.Metric
		for token, first := "", true; first || token != ""; first = false {
			page, next, err := s.MetricHistory(t.Context(), run, "m", limit, token)
			if err != nil || len(page) == 0 || len(page) > limit {
				t.Fatalf("a page of %d: %d values; %v", limit, len(page), err)
			}
			got, token = append(got, page...), next
			if first { // This value is before the page, so it must not shift the page.
				if err := s.LogBatch(t.Context(), run, []mlflow.Metric{{Key: "m", Timestamp: -int64(limit), Value: 3}}, nil,
					nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !slices.EqualFunc(got, want, sameMetric) {
			t.Errorf("pages of %d: %v\nwant %v", limit, got, want)
		}
		want = must2(s.MetricHistory(t.Context(), run, "m", 0, ""))(t)
	}
	if len(want) < 60 {
		t.Errorf("%d values", len(want))
	}
}

func sameMetric(a, b mlflow.Metric) bool {
	same := a.Value == b.Value || math.IsNaN(a.Value) && math.IsNaN(b.Value)
	return same && a.Step == b.Step && a.Timestamp == b.Timestamp && a.Key == b.Key
}

// must2 is like must for a page and its token, and drops the token.
func must2[T any](v T, _ string, err error) func(*testing.T) T {
	return must(v, err)
}
