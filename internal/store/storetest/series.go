package storetest

import (
	"math"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/internal/series"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/mlflow"
)

// Follower is a client that follows one metric of one run by increments.
type Follower struct {
	RunID   string
	Samples int
	Have    []series.Point
	end     series.Position
}

// Follow asks a store for what the follower lacks and returns whether it received a
// whole series, and how many points it received.
func (f *Follower) Follow(t *testing.T, s *store.Store) (whole bool, points int) {
	t.Helper()
	_, list, err := s.MetricSeries(t.Context(), &history.SeriesQuery{
		RunIDs: []string{f.RunID}, Keys: []string{"m"}, Samples: f.Samples, Axis: series.ByStep,
		Ends: []series.Position{f.end},
	})
	if err != nil || len(list) > 1 {
		t.Fatalf("%d series; %v", len(list), err)
	}
	if len(list) == 0 {
		return false, 0
	}
	if list[0].Whole {
		f.Have = nil
	}
	f.Have = append(f.Have, list[0].Points...)
	slices.SortFunc(f.Have, series.Compare)
	f.end = list[0].End
	return list[0].Whole, len(list[0].Points)
}

func logPoints(t *testing.T, s *store.Store, run string, points ...series.Point) {
	t.Helper()
	for part := range slices.Chunk(points, 1000) {
		var batch []mlflow.Metric
		for _, p := range part {
			batch = append(batch, mlflow.Metric{Key: "m", Step: p.Step, Timestamp: p.Time, Value: p.Value})
		}
		if err := s.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// seriesGrow logs points in ways that training programs do. Whatever the order is, a
// client that follows has every point, each once.
func seriesGrow(t *testing.T, s *store.Store) {
	run := newRun(t, s, 0, 1)
	f := &Follower{RunID: run, Samples: 100}
	if whole, n := f.Follow(t, s); whole || n != 0 {
		t.Errorf("a metric without values: %t, %d points", whole, n)
	}
	var logged []series.Point
	for _, c := range []struct {
		name  string
		add   []series.Point
		whole bool
		sent  int
	}{
		{"the first points", []series.Point{{Step: 0, Time: 10, Value: 1}, {Step: 1, Time: 20, Value: 2}}, true, 2},
		{"nothing", nil, false, 0},
		{"the next steps", []series.Point{{Step: 2, Time: 30, Value: 3}, {Step: 4, Time: 40, Value: 4}}, false, 2},
		{"the same step again", []series.Point{{Step: 4, Time: 50, Value: 5}}, false, 1},
		{"a step again, now lower", []series.Point{{Step: 1, Time: 60, Value: 6}}, false, 1},
		{"steps that start anew", []series.Point{{Step: 0, Time: 70, Value: 7}, {Step: 1, Time: 80, Value: 8}}, false, 2},
		{"both at once", []series.Point{{Step: 9, Time: 85, Value: 9}, {Step: 3, Time: 90, Value: 10}}, false, 2},
		{"a point of an earlier time", []series.Point{{Step: 3, Time: 15, Value: 11}}, true, 11},
		{"a greater step of an earlier time", []series.Point{{Step: 20, Time: 16, Value: 12}}, false, 1},
		{"another value of the same step and time", []series.Point{{Step: 20, Time: 16, Value: -12}}, true, 13},
		{"an early and a late", []series.Point{{Step: 21, Time: 100, Value: 1}, {Step: 2, Time: 3, Value: 1}}, true, 15},
		{"NaN", []series.Point{{Step: 22, Time: 101, Value: math.NaN()}}, false, 1},
		{"a negative step", []series.Point{{Step: -5, Time: 110, Value: 2}}, false, 1},
	} {
		logPoints(t, s, run, c.add...)
		logged = append(logged, c.add...)
		slices.SortFunc(logged, series.Compare)
		whole, sent := f.Follow(t, s)
		if whole != c.whole || sent != c.sent || !slices.EqualFunc(f.Have, logged, samePoint) {
			t.Errorf("%s: whole %t, %d points\n%v\n%v", c.name, whole, sent, f.Have, logged)
		}
	}
	if whole, n := f.Follow(t, s); whole || n != 0 {
		t.Errorf("nothing new: %t, %d points", whole, n)
	}
	// 100 new points are sent; a client that lacks more gets a sample.
	for from, n := int64(1000), 100; n <= 101; n++ {
		var many []series.Point
		for i := range int64(n) {
			many = append(many, series.Point{Step: from + i, Time: from + i, Value: float64(i)})
		}
		logPoints(t, s, run, many...)
		if whole, sent := f.Follow(t, s); whole != (n > 100) || sent > 100+25 {
			t.Errorf("%d new points: %t, %d points", n, whole, sent)
		}
		from += 1000
	}
}

func samePoint(a, b series.Point) bool { return series.Compare(a, b) == 0 }

// seriesOfAllRuns asks for several metrics of several runs at once.
func seriesOfAllRuns(t *testing.T, s *store.Store) {
	a, b := newRun(t, s, 0, 1), newRun(t, s, 0, 1)
	logSteps(t, s, a, 5000, 10)
	logSteps(t, s, b, 3, 1)
	other := []mlflow.Metric{{Key: "other", Value: 7, Step: 2, Timestamp: 5}}
	if err := s.LogBatch(t.Context(), b, other, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateRun(t.Context(), &mlflow.UpdateRunRequest{RunID: b, Status: mlflow.RunFinished}); err != nil {
		t.Fatal(err)
	}
	ask := func(axis series.Axis) []series.Series {
		statuses, list, err := s.MetricSeries(t.Context(), &history.SeriesQuery{
			RunIDs: []string{b, "unknown", a}, Keys: []string{"other", "m", "none"}, Samples: 40, Axis: axis,
		})
		want := []mlflow.RunStatus{mlflow.RunFinished, "", mlflow.RunRunning}
		if err != nil || !slices.Equal(statuses, want) || len(list) != 3 {
			t.Fatalf("%v, %d series; %v", statuses, len(list), err)
		}
		return list
	}
	list := ask(series.ByStep)
	if other := list[0]; other.Run != 0 || other.Key != 0 || !other.Whole || len(other.Points) != 1 ||
		other.Points[0] != (series.Point{Step: 2, Time: 5, Value: 7}) {
		t.Errorf("%+v", other)
	}
	if short := list[1]; short.Run != 0 || short.Key != 1 || len(short.Points) != 3 {
		t.Errorf("%+v", short)
	}
	long := list[2]
	if long.Run != 2 || long.Key != 1 || len(long.Points) > 40 || len(long.Points) < 20 ||
		long.Points[0].Step != 0 || long.Points[len(long.Points)-1].Step != 49_990 || long.End.Rows != 5000 {
		t.Errorf("%+v", long)
	}
	for axis, n := range map[series.Axis]int{series.ByTime: len(long.Points), series.Relative: len(long.Points)} {
		if got := ask(axis)[2]; len(got.Points) != n || got.End != long.End {
			t.Errorf("by %s: %d points, end %v; want %d, %v", axis, len(got.Points), got.End, n, long.End)
		}
	}
	// All of these have one step, so the sample is spread over their times.
	c := newRun(t, s, 0, 1)
	logSteps(t, s, c, 5000, 0)
	_, list, err := s.MetricSeries(t.Context(), &history.SeriesQuery{
		RunIDs: []string{c}, Keys: []string{"m"}, Samples: 40, Axis: series.ByStep,
	})
	if err != nil || len(list) != 1 || len(list[0].Points) < 20 {
		t.Errorf("values of one step: %+v; %v", list, err)
	}
}

// seriesWindows looks for one spike among many values, through windows of any width.
func seriesWindows(t *testing.T, s *store.Store) {
	const n, at, start = 20_000, 12_345, 1_000_000
	run := newRun(t, s, 0, 1)
	points := make([]series.Point, n)
	for i := range int64(n) {
		points[i] = series.Point{Step: i * 2, Time: start + i*10, Value: math.Sin(float64(i))}
	}
	points[at].Value = 50
	logPoints(t, s, run, points...)
	ask := func(axis series.Axis, w series.Window) []series.Point {
		_, list, err := s.MetricSeries(t.Context(), &history.SeriesQuery{
			RunIDs: []string{run}, Keys: []string{"m"}, Samples: 80, Axis: axis, Window: &w,
		})
		if err != nil || len(list) > 1 {
			t.Fatalf("%d series; %v", len(list), err)
		}
		if len(list) == 0 {
			return nil
		}
		return list[0].Points
	}
	for width := int64(n); width > 0; width /= 3 {
		from, to := max(0, at-width/2), min(n-1, at+width/2)
		for axis, w := range map[series.Axis]series.Window{
			series.ByStep:   {From: from * 2, To: to * 2},
			series.ByTime:   {From: start + from*10, To: start + to*10},
			series.Relative: {From: from * 10, To: to * 10},
		} {
			got := ask(axis, w)
			if len(got) > 80 || len(got) < int(min(40, to-from+1)) || !slices.Contains(got, points[at]) {
				t.Errorf("%s %v: %d points, without the spike", axis, w, len(got))
			}
			if got[0] != points[from] || got[len(got)-1] != points[to] {
				t.Errorf("%s %v: %v to %v", axis, w, got[0], got[len(got)-1])
			}
		}
	}
	for axis, w := range map[series.Axis]series.Window{
		series.ByStep:   {From: n * 2, To: math.MaxInt64},
		series.ByTime:   {From: math.MinInt64, To: start - 1},
		series.Relative: {From: math.MaxInt64 - 5, To: math.MaxInt64},
	} {
		if got := ask(axis, w); len(got) != 0 {
			t.Errorf("%s %v: %v", axis, w, got)
		}
	}
}
