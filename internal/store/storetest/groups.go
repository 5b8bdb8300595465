package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// trial creates a run with params, which are written as key=value.
func (w *tableWorld) trial(t *testing.T, name string, start int64, params string, batch ...mlflow.Metric) {
	t.Helper()
	in := &mlflow.CreateRunRequest{RunName: name, StartTime: start, UserID: "u"}
	run := must(w.s.CreateRun(t.Context(), 0, in))(t)
	w.ids[name] = run.Info.RunID
	var list []mlflow.Param
	for _, p := range strings.Fields(params) {
		key, value, _ := strings.Cut(p, "=")
		list = append(list, mlflow.Param{Key: key, Value: value})
	}
	if err := w.s.LogBatch(t.Context(), run.Info.RunID, batch, list, nil); err != nil {
		t.Fatal(err)
	}
}

// groupShape writes a group as its values and its number of runs, and a run as its name
// after a dot for each level.
func groupShape(out *mlflow.RunTableResponse) string {
	rows := make([]string, len(out.Rows))
	for i, r := range out.Rows {
		if rows[i] = strings.Repeat(".", r.Depth) + r.RunName; r.Group != nil {
			rows[i] = fmt.Sprintf("%v%d", r.Group.Values, r.Children)
		}
	}
	return strings.Join(rows, " ")
}

func paramColumn(key string) mlflow.RunColumn { return mlflow.RunColumn{Kind: "params", Key: key} }

// seedWorld has four repetitions of two settings, a run of another model, and one without
// params.
func seedWorld(t *testing.T, s *store.Store) *tableWorld {
	t.Helper()
	w := &tableWorld{s, map[string]string{}}
	w.trial(t, "a", 1, "lr=0.1 net=cnn seed=1", value("acc", 0.5, 0, 1))
	w.trial(t, "b", 2, "lr=0.2 net=cnn seed=1", value("acc", 0.9, 0, 1))
	w.trial(t, "c", 3, "lr=0.1 net=cnn seed=2", value("acc", 0.7, 0, 1))
	w.trial(t, "d", 4, "lr=0.2 net=cnn seed=2", value("acc", 0.7, 0, 1))
	w.trial(t, "e", 5, "lr=0.1 Net=CNN net=mlp seed=1")
	w.trial(t, "f", 6, "")
	return w
}

func tableGroups(t *testing.T, s *store.Store) {
	w := seedWorld(t, s)
	seeds := func() *mlflow.RunGroups { return &mlflow.RunGroups{AllParams: true, But: []string{"seed"}} }
	byStart := []mlflow.RunSort{{Column: mlflow.RunColumn{Kind: "attributes", Key: "start_time"}}}
	byAcc := []mlflow.RunSort{{Column: mlflow.RunColumn{Kind: "metrics", Key: "acc"}}}
	byAccDown := []mlflow.RunSort{{Column: byAcc[0].Column, Descending: true}}
	byNet := &mlflow.RunGroups{By: []mlflow.RunColumn{paramColumn("net")}, OpenAll: true}
	for _, c := range []struct {
		name, filter string
		sort         []mlflow.RunSort
		groups       *mlflow.RunGroups
		want         string
	}{
		{"by a param", "", byStart, &mlflow.RunGroups{By: byNet.By}, "[cnn]4 [mlp]1 [<nil>]1"},
		{"open, in the order of the runs", "", byStart, byNet, "[cnn]4 .a .b .c .d [mlp]1 .e [<nil>]1 .f"},
		{"all params but the seed", "", byStart, seeds(), "[0.1 cnn]2 [0.2 cnn]2 [0.1 mlp]1 [<nil> <nil>]1"},
		{"only what matches", "params.net = 'cnn'", byStart, seeds(), "[0.1]2 [0.2]2"},
		{"by the mean", "", byAcc, seeds(), "[0.1 cnn]2 [0.2 cnn]2 [<nil> <nil>]1 [0.1 mlp]1"},
		{"by the greatest mean", "", byAccDown, seeds(), "[0.2 cnn]2 [0.1 cnn]2 [<nil> <nil>]1 [0.1 mlp]1"},
		{"by two columns", "", byStart, &mlflow.RunGroups{By: []mlflow.RunColumn{
			paramColumn("seed"), {Kind: "attributes", Key: "user_id"},
		}}, "[1 u]3 [2 u]2 [<nil> u]1"},
		{"by a tag that no run has", "", byStart, &mlflow.RunGroups{By: []mlflow.RunColumn{
			{Kind: "tags", Key: "x"},
		}}, "[<nil>]6"},
		{"nothing but equal params", "params.seed = '3'", byStart, seeds(), ""},
	} {
		out := w.table(t, &mlflow.RunTableRequest{Filter: c.filter, Sort: c.sort, Groups: c.groups})
		if got := groupShape(out); got != c.want || !out.Grouped || int(out.Total) != len(out.Rows) {
			t.Errorf("%s: %q (total %d), want %q", c.name, got, out.Total, c.want)
		}
	}

	out := w.table(t, &mlflow.RunTableRequest{Sort: byStart, Groups: seeds()})
	key := out.Rows[1].Group.Key
	opened, under := seeds(), seeds()
	opened.Open, under.Under = []string{key}, key
	in := &mlflow.RunTableRequest{Sort: byStart, Groups: opened, Offset: 1}
	part := must(s.RunTable(t.Context(), []int64{0}, 3, 500, in))(t)
	if got := groupShape(part); got != "[0.2 cnn]2 .b .d" || part.Total != 6 || part.Matching != 6 {
		t.Errorf("a part with an open group: %q of %d", got, part.Total)
	}
	if got := groupShape(w.table(t, &mlflow.RunTableRequest{Sort: byStart, Groups: under})); got != "b d" {
		t.Errorf("the runs of a group: %q", got)
	}
	opened.OpenAll, opened.Folded = true, []string{key}
	in.Offset = 0
	if got := groupShape(w.table(t, in)); !strings.Contains(got, "[0.2 cnn]2 [") {
		t.Errorf("a folded group: %q", got)
	}
	refused := []*mlflow.RunGroups{
		{},
		{AllParams: true, By: byNet.By},
		{By: byNet.By, But: []string{"seed"}},
		{By: []mlflow.RunColumn{byAcc[0].Column}},
		{By: []mlflow.RunColumn{byStart[0].Column}},
		{By: []mlflow.RunColumn{paramColumn("a"), paramColumn("a")}},
		{By: make([]mlflow.RunColumn, 21)},
	}
	for _, g := range refused {
		_, err := s.RunTable(t.Context(), []int64{0}, 1, 1, &mlflow.RunTableRequest{Groups: g})
		if !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%+v: %v", g, err)
		}
	}
}

func cellsOfGroups(t *testing.T, s *store.Store) {
	w := &tableWorld{s, map[string]string{}}
	inf, nan := math.Inf(1), math.NaN()
	w.trial(t, "a", 1, "g=1 opt=sgd",
		value("x", 1, 0, 1), value("n", nan, 0, 1), value("i", inf, 0, 1), value("m", 4, 0, 1))
	w.trial(t, "b", 2, "g=1 opt=adam",
		value("x", 2, 0, 1), value("n", nan, 0, 1), value("i", 3, 0, 1), value("m", 2, 0, 1))
	w.trial(t, "c", 3, "g=1 opt=adam", value("x", 6, 0, 1), value("x", 3, 1, 1))
	in := &mlflow.RunTableRequest{
		Groups: &mlflow.RunGroups{By: []mlflow.RunColumn{paramColumn("g")}},
		Columns: []mlflow.RunColumn{
			{Kind: "metrics", Key: "x"},
			{Kind: "metrics", Key: "x", Aggregate: "max"},
			{Kind: "metrics", Key: "n"},
			{Kind: "metrics", Key: "i"},
			{Kind: "metrics", Key: "none"},
			paramColumn("g"),
			paramColumn("opt"),
			{Kind: "attributes", Key: "start_time"},
		},
	}
	out := w.table(t, in)
	got, err := json.Marshal(out.Columns)
	if err != nil {
		t.Fatal(err)
	}
	want := `[[{"mean":2.0,"std":1.0,"min":1.0,"max":3.0,"runs":3}],` +
		`[{"mean":3.0,"std":2.6457513110645907,"min":1.0,"max":6.0,"runs":3}],[{"mean":"NaN"}],` +
		`[{"mean":3.0,"min":3.0,"max":3.0,"runs":1}],[null],["1"],[{"distinct":2}],` +
		`[{"mean":2.0,"std":1.0,"min":1.0,"max":3.0,"runs":3}]]`
	if string(got) != want {
		t.Errorf("cells:\n%s, want\n%s", got, want)
	}
}
