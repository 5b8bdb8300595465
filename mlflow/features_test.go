package mlflow_test

import (
	"errors"
	"image"
	"image/color"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestImages(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	run := startRun(t, c, mlflow.RunOptions{})
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	img.Set(1, 1, color.RGBA{R: 200, A: 255})
	must(t, run.LogImage(ctx, img, "plain.png"), run.LogImageStep(ctx, img, "a/b c", 7))
	files, err := c.ListArtifacts(ctx, run.ID(), "images")
	must(t, err)
	if len(files) != 1 || !strings.HasPrefix(files[0].Path, "images/a~b c+step+7+timestamp+") {
		t.Fatalf("%+v", files)
	}
	for _, name := range []string{"plain.png", files[0].Path} {
		loaded, err := c.LoadImage(ctx, run.ID(), name)
		must(t, err)
		if r, _, _, _ := loaded.At(1, 1).RGBA(); loaded.Bounds() != img.Bounds() || r>>8 != 200 {
			t.Errorf("%s: %v, red %d", name, loaded.Bounds(), r>>8)
		}
	}
	if err := run.LogImageStep(ctx, img, "a#b", 0); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("%v", err)
	}
	if err := run.LogImage(ctx, img, "x.gif"); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("%v", err)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	first, second := startRun(t, c, mlflow.RunOptions{}), startRun(t, c, mlflow.RunOptions{})
	columns := []string{"x", "run_id"}
	rows := [][]any{{math.NaN(), "a"}, {float32(math.Inf(1)), "b"}, {1 << 60, "c"}}
	must(t, first.LogTable(ctx, &mlflow.Table{Columns: columns, Rows: rows}, "t/x.json"))
	if !math.IsNaN(rows[0][0].(float64)) {
		t.Error("LogTable changed the caller's rows")
	}
	must(t, second.LogTable(ctx, &mlflow.Table{Columns: columns, Rows: [][]any{{2, "d"}}}, "t/x.json"))
	text, err := c.LoadText(ctx, first.ID(), "t/x.json")
	must(t, err)
	if want := `{"columns":["x","run_id"],"data":[[null,"a"],[null,"b"],[1152921504606846976,"c"]]}`; text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	all, err := c.LoadTable(ctx, "t/x.json", first.ID(), second.ID())
	must(t, err)
	if got := strings.Join(all.Columns, " "); got != "x run_id run_id_" || len(all.Rows) != 4 || all.Rows[3][2] != second.ID() {
		t.Errorf("%+v", all)
	}
	if _, err := c.LoadTable(ctx, "none.json", first.ID()); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("%v", err)
	}
}

func TestReaders(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	run := startRun(t, c, mlflow.RunOptions{})
	big := strings.Repeat("0123456789", 100_000)
	must(t, run.LogReader(ctx, iotest.HalfReader(strings.NewReader(big)), "d/big"))
	body, err := c.OpenArtifact(ctx, run.ID(), "d/big")
	must(t, err)
	got, err := io.ReadAll(body)
	must(t, err, body.Close())
	if string(got) != big {
		t.Errorf("%d bytes", len(got))
	}
	broken := errors.New("broken")
	if err := run.LogReader(ctx, iotest.ErrReader(broken), "half"); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	must(t, run.LogDict(ctx, map[string]any{"a": []int{1, 2}}, "d.json"))
	var dict map[string][]int
	must(t, c.LoadDict(ctx, run.ID(), "d.json", &dict))
	if !reflect.DeepEqual(dict, map[string][]int{"a": {1, 2}}) {
		t.Errorf("%v", dict)
	}
	if uri := run.ArtifactURI("d/big"); uri != run.Info.ArtifactURI+"/d/big" || run.ArtifactURI("") != run.Info.ArtifactURI {
		t.Errorf("%s", uri)
	}
	if _, err := c.LoadText(ctx, run.ID(), "none"); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("%v", err)
	}
}

func TestRelatedRuns(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	parent := startRun(t, c, mlflow.RunOptions{})
	child, err := parent.StartChild(ctx, mlflow.RunOptions{})
	must(t, err, child.End(ctx, mlflow.RunFinished))
	found, err := c.ParentRun(ctx, child.ID())
	must(t, err)
	if found.Info.RunID != parent.ID() {
		t.Errorf("%+v", found.Info)
	}
	if _, err := c.ParentRun(ctx, parent.ID()); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("%v", err)
	}
}

func TestActiveModel(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	_, err := c.SetExperiment(ctx, "active model")
	must(t, err)
	run := startRun(t, c, mlflow.RunOptions{})
	must(t, run.LogMetric(ctx, "before", 1, 0))
	made, err := run.SetActiveModel(ctx, "m")
	must(t, err)
	found, err := run.SetActiveModel(ctx, "m")
	must(t, err)
	if found.Info.ModelID != made.Info.ModelID || run.ActiveModelID() != made.Info.ModelID {
		t.Errorf("made %s, found %s", made.Info.ModelID, found.Info.ModelID)
	}
	must(t, run.LogMetric(ctx, "after", 2, 0), run.Flush(ctx))
	must(t, c.LogModelParams(ctx, made.Info.ModelID, map[string]any{"p": nil}))
	_, err = c.SetLoggedModelTags(ctx, made.Info.ModelID, map[string]string{"a": "1", "b": "2"})
	must(t, err, c.DeleteLoggedModelTag(ctx, made.Info.ModelID, "a"))
	model, err := c.LoggedModel(ctx, made.Info.ModelID)
	must(t, err)
	if m := model.Data.Metrics; len(m) != 1 || m[0].Key != "after" {
		t.Errorf("metrics %+v", m)
	}
	if p := model.Data.Params; len(p) != 1 || p[0].Value != "None" {
		t.Errorf("params %+v", p)
	}
	tags := map[string]string{}
	for _, tag := range model.Info.Tags {
		tags[tag.Key] = tag.Value
	}
	if _, deleted := tags["a"]; deleted || tags["b"] != "2" {
		t.Errorf("tags %v", tags)
	}
}

func TestExperimentTags(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	e, err := c.SetExperiment(ctx, "tags")
	must(t, err, c.SetExperimentTags(ctx, e.ExperimentID, map[string]string{"a": "1", "b": "2"}))
	must(t, c.DeleteExperimentTags(ctx, e.ExperimentID, "a", "none"))
	e, err = c.Experiment(ctx, e.ExperimentID)
	must(t, err)
	for _, tag := range e.Tags {
		if tag.Key == "a" || tag.Key == "b" && tag.Value != "2" {
			t.Errorf("%+v", e.Tags)
		}
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	run := startRun(t, c, mlflow.RunOptions{})
	x, err := mlflow.NewTensor([]float64{1, 2}, 2, 1)
	must(t, err)
	one, err := mlflow.NewDataset("one", "one.csv", x, nil)
	must(t, err)
	two, err := mlflow.NewDataset("two", "s3://b/two.csv", x, x)
	must(t, err)
	must(t, run.LogInputs(ctx, []mlflow.Input{{Dataset: one, Context: "training", Tags: map[string]string{"k": "v"}}, {Dataset: two}}))
	got, err := c.Run(ctx, run.ID())
	must(t, err)
	if n := len(got.Inputs.DatasetInputs); n != 2 {
		t.Errorf("%d inputs", n)
	}
}
