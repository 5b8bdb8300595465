package storetest

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// summariesGrow asks for the summaries of a run after each of many batches, which have new, late
// and repeated values, NaN and infinities, and compares them with what all values amount to.
func summariesGrow(t *testing.T, s *store.Store) {
	run, other := newRun(t, s, 0, 1), newRun(t, s, 0, 2)
	random := rand.New(rand.NewPCG(1, 2))
	var logged []mlflow.Metric
	for round := range 60 {
		batch := make([]mlflow.Metric, random.IntN(40))
		for i := range batch {
			step := int64(round*10 + random.IntN(10))
			if random.IntN(20) == 0 {
				step = int64(random.IntN(600)) - 50 // It arrives late or early.
			}
			batch[i] = mlflow.Metric{
				Key: "k" + strconv.Itoa(random.IntN(2+round/10)), Step: step, Timestamp: step + int64(random.IntN(3)),
				Value: summarized(random),
			}
		}
		if round == 30 { // A metric has only NaN.
			batch = append(batch, mlflow.Metric{Key: "nan", Value: math.NaN(), Step: 3, Timestamp: 4})
		}
		for _, id := range []string{run, other} {
			if err := logOrInsert(t, s, id, batch, round%3 == 0); err != nil {
				t.Fatal(err)
			}
		}
		logged = append(logged, batch...)
		if round%4 == 3 {
			continue // Several batches are new.
		}
		checkSummaries(t, s, run, logged)
	}
	checkSummaries(t, s, other, logged)
}

func summarized(random *rand.Rand) float64 {
	switch random.IntN(12) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1)
	case 2:
		return math.Inf(-1)
	}
	return float64(random.IntN(9) - 4)
}

// logOrInsert logs a batch, or inserts its rows as another program does.
func logOrInsert(t *testing.T, s *store.Store, run string, batch []mlflow.Metric, insert bool) error {
	t.Helper()
	if !insert {
		return s.LogBatch(t.Context(), run, batch, nil, nil)
	}
	return s.Write(t.Context(), func(tx db.Tx) error {
		for _, table := range []struct{ name, conflict string }{
			{"metrics", " ON CONFLICT DO NOTHING"}, {"latest_metrics", s.Dialect.LatestMetric},
		} {
			for _, m := range batch {
				value, isNaN := base.ToColumn(m.Value)
				_, err := tx.Exec(
					"INSERT INTO "+table.name+" (`key`, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)"+
						table.conflict, m.Key, value, m.Timestamp, m.Step, isNaN, run,
				)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// checkSummaries compares the summaries of a run with those of the values that were logged.
func checkSummaries(t *testing.T, s *store.Store, run string, logged []mlflow.Metric) {
	t.Helper()
	got := must(s.MetricSummaries(t.Context(), run))(t)
	want := summariesOf(logged)
	same := slices.EqualFunc(got, want, func(a, b mlflow.MetricSummary) bool { return textOf(a) == textOf(b) })
	if !same {
		t.Fatalf("after %d values:\n%+v\nwant\n%+v", len(logged), got, want)
	}
}

// textOf tells NaN from numbers.
func textOf(m mlflow.MetricSummary) string {
	numbers := []float64{float64(m.First), float64(m.Last), float64(m.Min), float64(m.Max)}
	places := []int64{m.Count, m.LastStep, m.LastTimestamp, m.MinStep, m.MaxStep}
	var b strings.Builder
	b.WriteString(m.Key)
	for _, n := range numbers {
		b.WriteString(" " + strconv.FormatFloat(n, 'g', -1, 64))
	}
	for _, n := range places {
		b.WriteString(" " + strconv.FormatInt(n, 10))
	}
	return b.String()
}

// summariesOf computes summaries by sorting the values.
func summariesOf(logged []mlflow.Metric) (list []mlflow.MetricSummary) {
	type stored struct {
		m     mlflow.Metric
		isNaN bool
	}
	byKey := map[string]map[stored]bool{}
	for _, m := range logged {
		value, isNaN := base.ToColumn(m.Value)
		m.Value = value
		if byKey[m.Key] == nil {
			byKey[m.Key] = map[stored]bool{}
		}
		byKey[m.Key][stored{m, isNaN}] = true
	}
	for key, set := range byKey {
		var all, numbers []mlflow.Metric
		for v := range set {
			if !v.isNaN {
				numbers = append(numbers, v.m)
			}
			v.m.Value = base.FromColumn(v.m.Value, v.isNaN)
			all = append(all, v.m)
		}
		slices.SortFunc(all, func(a, b mlflow.Metric) int { return base.Newer(&a, &b) })
		byValue := func(a, b mlflow.Metric) int {
			return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Step, b.Step))
		}
		first, last := all[0], all[len(all)-1]
		m := mlflow.MetricSummary{
			Key: key, Count: int64(len(all)), First: mlflow.Float(first.Value), Last: mlflow.Float(last.Value),
			LastStep: last.Step, LastTimestamp: last.Timestamp, Min: mlflow.Float(math.NaN()), Max: mlflow.Float(math.NaN()),
		}
		if len(numbers) > 0 {
			least := slices.MinFunc(numbers, byValue)
			most := slices.MinFunc(numbers, func(a, b mlflow.Metric) int {
				return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Step, b.Step))
			})
			m.Min, m.MinStep = mlflow.Float(least.Value), least.Step
			m.Max, m.MaxStep = mlflow.Float(most.Value), most.Step
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b mlflow.MetricSummary) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// summariesAfterPurge removes values as the purge of a deleted run does, which can be interrupted.
func summariesAfterPurge(t *testing.T, s *store.Store) {
	run := newRun(t, s, 0, 1)
	steps := func(key string, n int, value float64) (list []mlflow.Metric) {
		for i := range n {
			list = append(list, mlflow.Metric{Key: key, Value: value, Step: int64(i), Timestamp: int64(i)})
		}
		return list
	}
	logged := append(steps("a", 10, 1), steps("b", 10, 2)...)
	log := func(batch []mlflow.Metric) {
		t.Helper()
		if err := s.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	log(logged)
	checkSummaries(t, s, run, logged)
	remove := func(where string) {
		t.Helper()
		err := s.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec("DELETE FROM metrics WHERE run_uuid = ? AND "+where, run)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	checkSummaries(t, s, run, logged)
	remove("`key` = 'a'")
	if err := s.RestoreRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	checkSummaries(t, s, run, steps("b", 10, 2))
	log(steps("a", 20, -1))
	logged = append(steps("a", 20, -1), steps("b", 10, 2)...)
	checkSummaries(t, s, run, logged)
	remove("`key` IN ('a', 'b')") // The numbers of rows begin anew.
	logged = append(steps("a", 22, 7), steps("b", 25, 8)...)
	log(logged)
	checkSummaries(t, s, run, logged)
	err := s.Write(t.Context(), func(tx db.Tx) error {
		for _, table := range []string{"metrics", "latest_metrics", "params", "tags", "runs"} {
			if _, err := tx.Exec("DELETE FROM "+table+" WHERE run_uuid = ?", run); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.MetricSummaries(t.Context(), run); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("the summaries of a purged run: %v", err)
	}
}
