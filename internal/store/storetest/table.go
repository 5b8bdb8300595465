package storetest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// tableWorld has runs whose names are their letters.
type tableWorld struct {
	s   *store.Store
	ids map[string]string
}

func (w *tableWorld) run(t *testing.T, name, parent string, start int64, batch ...mlflow.Metric) {
	t.Helper()
	in := &mlflow.CreateRunRequest{RunName: name, StartTime: start, UserID: "u" + name}
	if parent != "" {
		if id, found := w.ids[parent]; found {
			parent = id
		}
		in.Tags = []mlflow.Tag{{Key: "mlflow.parentRunId", Value: parent}}
	}
	run := must(w.s.CreateRun(t.Context(), 0, in))(t)
	w.ids[name] = run.Info.RunID
	params := []mlflow.Param{{Key: "name", Value: name}, {Key: "same", Value: "s"}}
	if err := w.s.LogBatch(t.Context(), run.Info.RunID, batch, params, nil); err != nil {
		t.Fatal(err)
	}
}

func (w *tableWorld) table(t *testing.T, in *mlflow.RunTableRequest) *mlflow.RunTableResponse {
	t.Helper()
	return must(w.s.RunTable(t.Context(), []int64{0}, 100, 500, in))(t)
}

// shape writes a row as its name after a dot for each level, with its number of children,
// and parentheses if it does not match.
func shape(out *mlflow.RunTableResponse) string {
	rows := make([]string, len(out.Rows))
	for i, r := range out.Rows {
		text := strings.Repeat(".", r.Depth) + r.RunName
		if r.Children > 0 {
			text += strconv.Itoa(r.Children)
		}
		if r.Context {
			text = "(" + text + ")"
		}
		rows[i] = text
	}
	return strings.Join(rows, " ")
}

func value(key string, value float64, step, time int64) mlflow.Metric {
	return mlflow.Metric{Key: key, Value: value, Step: step, Timestamp: time}
}

func tableTree(t *testing.T, s *store.Store) {
	w := &tableWorld{s, map[string]string{}}
	w.run(t, "a", "", 1)
	w.run(t, "b", "a", 2)
	w.run(t, "c", "b", 3)
	w.run(t, "d", "b", 4)
	w.run(t, "e", "", 5)
	w.run(t, "f", "gone", 6)
	w.run(t, "g", "", 7)
	w.run(t, "h", "g", 8)
	w.run(t, "x", "", 9)
	w.run(t, "y", "x", 10)
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.DeleteRun(ctx, w.ids["g"]))
	check(s.SetTag(ctx, w.ids["x"], mlflow.Tag{Key: "mlflow.parentRunId", Value: w.ids["y"]}))
	check(s.SetTag(ctx, w.ids["e"], mlflow.Tag{Key: "mlflow.parentRunId", Value: w.ids["e"]}))
	byStart := []string{"start_time ASC"}
	for _, c := range []struct {
		name, filter string
		tree         mlflow.RunTree
		want         string
	}{
		{"folded: a missing, deleted, own or ring parent is none", "", mlflow.RunTree{}, "a1 e f h x1"},
		{"open", "", mlflow.RunTree{Open: []string{w.ids["a"]}}, "a1 .b2 e f h x1"},
		{"all open, the ring ends", "", mlflow.RunTree{OpenAll: true}, "a1 .b2 ..c ..d e f h x1 .y1"},
		{"one folded", "", mlflow.RunTree{OpenAll: true, Folded: []string{w.ids["b"]}}, "a1 .b2 e f h x1 .y1"},
		{"below a run", "", mlflow.RunTree{Under: w.ids["b"]}, "c d"},
		{"below a run, all open", "", mlflow.RunTree{Under: w.ids["a"], OpenAll: true}, "b2 .c .d"},
		{"below a run of a ring", "", mlflow.RunTree{Under: w.ids["x"], OpenAll: true}, "y1 .x1"},
		{"below nothing", "", mlflow.RunTree{Under: "none"}, ""},
		{"a child shows its parents", "params.name = 'd'", mlflow.RunTree{}, "(a1) (.b1) ..d"},
		{"parents fold", "params.name = 'd'", mlflow.RunTree{Folded: []string{w.ids["a"]}}, "(a1)"},
		{"a parent hides children that do not match", "params.name = 'a'", mlflow.RunTree{OpenAll: true}, "a"},
		{"the parent of a deleted run stays away", "params.name = 'h'", mlflow.RunTree{OpenAll: true}, "h"},
		{"the parent in a ring", "params.name = 'y'", mlflow.RunTree{}, "(x1) .y1"},
	} {
		out := w.table(t, &mlflow.RunTableRequest{Filter: c.filter, OrderBy: byStart, Tree: &c.tree})
		if got := shape(out); got != c.want || !out.Nested || int(out.Total) != len(out.Rows) {
			t.Errorf("%s: %q (total %d), want %q", c.name, got, out.Total, c.want)
		}
	}
	in := &mlflow.RunTableRequest{OrderBy: byStart, Tree: &mlflow.RunTree{OpenAll: true}, Offset: 2}
	out := must(s.RunTable(ctx, []int64{0}, 3, 500, in))(t)
	if got := shape(out); got != "..c ..d e" || out.Total != 9 || out.Matching != 9 {
		t.Errorf("a part: %s of %d", got, out.Total)
	}
	in.Offset = 100
	if out = w.table(t, in); len(out.Rows) != 0 || out.Total != 9 {
		t.Errorf("behind the end: %+v", out)
	}
}

// aggregates are the columns of loss and acc, in the order of the values below.
var aggregates = []mlflow.RunColumn{
	{Kind: "metrics", Key: "loss"},
	{Kind: "metrics", Key: "loss", Aggregate: "first"},
	{Kind: "metrics", Key: "loss", Aggregate: "min"},
	{Kind: "metrics", Key: "loss", Aggregate: "max"},
	{Kind: "metrics", Key: "acc", Aggregate: "min", By: "loss"},
	{Kind: "metrics", Key: "acc", Aggregate: "max", By: "loss"},
	{Kind: "attributes", Key: "duration"},
	{Kind: "attributes", Key: "dataset"},
}

func tableOrder(t *testing.T, s *store.Store) {
	w := &tableWorld{s, map[string]string{}}
	nan := math.NaN()
	w.run(t, "a", "", 1, value("loss", 3, 0, 1), value("loss", 1, 1, 2), value("loss", 2, 2, 3), value("loss", 1, 3, 4),
		value("acc", 10, 0, 1), value("acc", 11, 1, 2), value("acc", 12, 1, 3), value("acc", 13, 3, 4))
	w.run(t, "b", "", 2, value("loss", 5, 0, 1), value("loss", nan, 1, 2), value("acc", 50, 0, 2))
	w.run(t, "c", "", 3, value("loss", nan, 0, 1))
	w.run(t, "d", "", 4)
	w.run(t, "e", "", 5, value("Loss", -100, 0, 1), value("loss", 3, 1, 1), value("loss", 0.5, 0, 2),
		value("acc", nan, 0, 3))
	ctx := t.Context()
	end := int64(1001)
	for _, name := range []string{"a", "b"} {
		_, err := s.UpdateRun(ctx, &mlflow.UpdateRunRequest{RunID: w.ids[name], Status: mlflow.RunFinished, EndTime: &end})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"z", "k"} {
		d := mlflow.DatasetInput{Dataset: &mlflow.Dataset{Name: name, Digest: "1", SourceType: "local", Source: "{}"}}
		if err := s.LogInputs(ctx, w.ids["b"], []mlflow.DatasetInput{d}, nil); err != nil {
			t.Fatal(err)
		}
	}
	out := w.table(t, &mlflow.RunTableRequest{Columns: aggregates, OrderBy: []string{"start_time"}})
	for i, want := range []string{
		"[1 NaN NaN <nil> 3]", "[3 5 <nil> <nil> 0.5]", "[1 5 <nil> <nil> 0.5]", "[3 5 <nil> <nil> 3]",
		"[12 50 <nil> <nil> <nil>]", "[10 50 <nil> <nil> <nil>]", "[1000 999 <nil> <nil> <nil>]",
		"[<nil> k, z <nil> <nil> <nil>]",
	} {
		if got := fmt.Sprint(out.Columns[i]); got != want {
			t.Errorf("%+v: %s, want %s", aggregates[i], got, want)
		}
	}
	for i, want := range []string{
		"a e c b d|e a c b d", "e a b d c|b a e d c", "e a b d c|b a e d c", "e a b d c|b e a d c",
		"a b e d c|b a e d c", "a b e d c|b a e d c", "b a e d c|a b e d c", "b e d c a|b e d c a",
	} {
		up, down, _ := strings.Cut(want, "|")
		for descending, want := range map[bool]string{false: up, true: down} {
			for _, tree := range []*mlflow.RunTree{nil, {}} {
				in := &mlflow.RunTableRequest{Sort: []mlflow.RunSort{{Column: aggregates[i], Descending: descending}}, Tree: tree}
				if got := shape(w.table(t, in)); got != want {
					t.Errorf("%+v, descending %v, tree %v: %s, want %s", aggregates[i], descending, tree != nil, got, want)
				}
			}
		}
	}
	in := &mlflow.RunTableRequest{Sort: []mlflow.RunSort{
		{Column: mlflow.RunColumn{Kind: "params", Key: "same"}}, {Column: mlflow.RunColumn{Kind: "params", Key: "name"}},
	}}
	if got := shape(w.table(t, in)); got != "a b c d e" {
		t.Errorf("two columns: %s", got)
	}
	in.RunIDs, in.Sort = []string{w.ids["d"], "none", w.ids["a"]}, nil
	if got := shape(w.table(t, in)); got != "d a" {
		t.Errorf("named runs: %s", got)
	}
}

func tableCells(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := &tableWorld{s, map[string]string{}}
	w.run(t, "a", "", 1)
	tags := []mlflow.Tag{
		{Key: "mlflow.source.name", Value: "dir/train.py"}, {Key: "source", Value: "tag"}, {Key: "long", Value: "äöü"},
	}
	if err := s.LogBatch(ctx, w.ids["a"], nil, []mlflow.Param{{Key: "Case", Value: "x"}}, tags); err != nil {
		t.Fatal(err)
	}
	in := &mlflow.RunTableRequest{}
	for _, name := range []string{
		"attributes.source", "tags.source", "tags.long", "params.case", "params.Case", "attributes.run_name",
		"attributes.user_id", "attributes.start_time", "tags.source", "attributes.end_time", "attributes.run_id",
		"attributes.status", "attributes.lifecycle_stage",
	} {
		kind, key, _ := strings.Cut(name, ".")
		in.Columns = append(in.Columns, mlflow.RunColumn{Kind: kind, Key: key})
	}
	out := must(s.RunTable(ctx, []int64{0}, 10, 2, in))(t)
	want := fmt.Sprint("[[di] [ta] [äö] [<nil>] [x] [a] [ua] [1] [ta] [<nil>] [", w.ids["a"], "] [RUNNING] [active]]")
	if got := fmt.Sprint(out.Columns); got != want {
		t.Errorf("cells: %s, want %s", got, want)
	}
	in = &mlflow.RunTableRequest{Columns: []mlflow.RunColumn{{Kind: "attributes", Key: "color"}}}
	if _, err := s.RunTable(ctx, []int64{0}, 1, 1, in); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("an unknown attribute: %v", err)
	}
	if out := must(s.RunTable(ctx, nil, 1, 1, &mlflow.RunTableRequest{}))(t); len(out.Rows) != 0 {
		t.Errorf("no experiment: %+v", out)
	}
}

func tableColumns(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := &tableWorld{s, map[string]string{}}
	w.run(t, "parent", "", 1, value("m", 1, 0, 0))
	w.run(t, "a", "parent", 2, value("m", 2, 0, 0), value("n", math.NaN(), 0, 0))
	w.run(t, "b", "parent", 3, value("m", 2, 0, 0), value("n", 0, 0, 0))
	w.run(t, "c", "parent", 4)
	for name, params := range map[string][]mlflow.Param{
		"parent": {{Key: "lr", Value: "0"}}, "a": {{Key: "lr", Value: "1"}, {Key: "opt", Value: "sgd"}},
		"b": {{Key: "lr", Value: "1"}, {Key: "Case", Value: "x"}}, "c": {{Key: "Case", Value: "X"}},
	} {
		if err := s.LogBatch(ctx, w.ids[name], nil, params, nil); err != nil {
			t.Fatal(err)
		}
	}
	keys := func(list []mlflow.RunKey) string {
		texts := make([]string, len(list))
		for i, k := range list {
			texts[i] = fmt.Sprintf("%s %d %v", k.Key, k.Runs, k.Varies)
		}
		return strings.Join(texts, ", ")
	}
	out := must(s.RunColumns(ctx, []int64{0}, 10, &mlflow.RunColumnsRequest{}))(t)
	if got := keys(out.Metrics); got != "m 3 false, n 2 true" {
		t.Errorf("metrics: %s", got)
	}
	if got := keys(out.Params); got != "name 4 true, same 4 false, lr 3 false, Case 2 true, opt 1 false" {
		t.Errorf("params: %s", got)
	}
	if got := keys(out.Attributes); got != "status 4 false, user_id 4 true, source 0 false, dataset 0 false" {
		t.Errorf("attributes: %s", got)
	}
	if out.Runs != 4 || out.Bounded || out.ParamCount != 5 {
		t.Errorf("counts: %+v", out)
	}
	out = must(s.RunColumns(ctx, []int64{0}, 1, &mlflow.RunColumnsRequest{Text: "A", Filter: "params.opt = 'sgd'"}))(t)
	if got := keys(out.Params); got != "name 1 false" || out.ParamCount != 2 || out.Runs != 1 {
		t.Errorf("params of a filter: %s of %d, %d runs", got, out.ParamCount, out.Runs)
	}
	for _, c := range []struct{ kind, key, text, want string }{
		{"params", "lr", "", "1 2, 0 1"},
		{"params", "Case", "", "X 1, x 1"},
		{"params", "Case", "X", "X 1, x 1"},
		{"attributes", "status", "", "RUNNING 4"},
		{"attributes", "user_id", "A", "ua 1, uparent 1"},
		{"attributes", "run_name", "paren", "parent 1"},
		{"attributes", "source", "", ""},
		{"attributes", "dataset", "", ""},
		{"tags", "mlflow.runName", "b", "b 1"},
	} {
		in := &mlflow.RunValuesRequest{Column: mlflow.RunColumn{Kind: c.kind, Key: c.key}, Text: c.text}
		var texts []string
		for _, v := range must(s.RunValues(ctx, []int64{0}, 10, in))(t) {
			texts = append(texts, fmt.Sprintf("%s %d", v.Value, v.Runs))
		}
		if got := strings.Join(texts, ", "); got != c.want {
			t.Errorf("values of %s.%s: %q, want %q", c.kind, c.key, got, c.want)
		}
	}
	in := &mlflow.RunValuesRequest{Column: mlflow.RunColumn{Kind: "metrics", Key: "m"}}
	if _, err := s.RunValues(ctx, []int64{0}, 10, in); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("values of a metric: %v", err)
	}
	if slices.ContainsFunc(out.Metrics, func(k mlflow.RunKey) bool { return k.Key == "m" }) {
		t.Errorf("the text does not select metrics: %+v", out.Metrics)
	}
}
