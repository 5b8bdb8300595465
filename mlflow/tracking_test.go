package mlflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func startRun(t *testing.T, c *mlflow.Client, o mlflow.RunOptions) *mlflow.ActiveRun {
	t.Helper()
	run, err := c.StartRun(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.End(context.Background(), mlflow.RunFinished) })
	return run
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	e, err := c.SetExperiment(ctx, "digits")
	must(t, err)
	run := startRun(t, c, mlflow.RunOptions{Name: "first", Description: "a try", Tags: map[string]string{"team": "x"}})
	must(t,
		run.LogParam(ctx, "lr", 0.001),
		run.LogParams(ctx, map[string]any{"epochs": 3, "optimizer": "SGD", "momentum": float32(0.9)}),
		run.SetTags(ctx, map[string]string{"stage": "draft"}),
		run.LogMetric(ctx, "loss", math.NaN(), 0),
		run.LogMetrics(ctx, map[string]float64{"loss": 0.5, "accuracy": 0.75}, 1))
	child, err := run.StartChild(ctx, mlflow.RunOptions{Name: "fold 1"})
	must(t, err, child.End(ctx, mlflow.RunFailed), run.End(ctx, mlflow.RunFinished), run.End(ctx, mlflow.RunFailed))

	got, err := c.Run(ctx, run.ID())
	must(t, err)
	if got.Info.Status != mlflow.RunFinished || got.Info.EndTime == 0 || got.Info.ExperimentID != e.ExperimentID || got.Info.RunName != "first" {
		t.Errorf("run info: %+v", got.Info)
	}
	params := map[string]string{}
	for _, p := range got.Data.Params {
		params[p.Key] = p.Value
	}
	if want := map[string]string{"lr": "0.001", "epochs": "3", "optimizer": "SGD", "momentum": "0.9"}; !reflect.DeepEqual(params, want) {
		t.Errorf("params %v, want %v", params, want)
	}
	tags := map[string]string{}
	for _, tag := range got.Data.Tags {
		tags[tag.Key] = tag.Value
	}
	for k, v := range map[string]string{"team": "x", "stage": "draft", "mlflow.note.content": "a try", "mlflow.source.type": "LOCAL"} {
		if tags[k] != v {
			t.Errorf("tag %s = %q, want %q", k, tags[k], v)
		}
	}
	var losses []float64
	for m, err := range c.AllMetricValues(ctx, run.ID(), "loss") {
		must(t, err)
		losses = append(losses, m.Value)
	}
	if len(losses) != 2 || !math.IsNaN(losses[0]) || losses[1] != 0.5 {
		t.Errorf("losses %v", losses)
	}
	if err := run.LogMetric(ctx, "loss", 1, 2); !errors.Is(err, mlflow.InvalidState) {
		t.Errorf("logging to an ended run: %v", err)
	}
	var names []string
	for r, err := range c.AllRuns(ctx, &mlflow.SearchRunsRequest{ExperimentIDs: []string{e.ExperimentID}, Filter: "tags.`mlflow.parentRunId` = '" + run.ID() + "'"}) {
		must(t, err)
		names = append(names, r.Info.RunName+" "+string(r.Info.Status))
	}
	if !slices.Equal(names, []string{"fold 1 FAILED"}) {
		t.Errorf("children: %q", names)
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	run := startRun(t, c, mlflow.RunOptions{Name: "one"})
	must(t, run.End(ctx, mlflow.RunFailed))
	again := startRun(t, c, mlflow.RunOptions{RunID: run.ID(), Tags: map[string]string{"tried": "twice"}})
	if again.ID() != run.ID() || again.Info.Status != mlflow.RunRunning || again.Info.RunName != "one" {
		t.Errorf("resumed: %+v", again.Info)
	}
	must(t, again.LogMetric(ctx, "loss", 1, 0), again.End(ctx, mlflow.RunFinished))
	if _, err := c.StartRun(ctx, mlflow.RunOptions{RunID: strings.Repeat("0", 32)}); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("resuming no run: %v", err)
	}
}

func TestWithRun(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	status := func(id string) mlflow.RunStatus {
		run, err := c.Run(t.Context(), id)
		must(t, err)
		return run.Info.Status
	}
	var id string
	failure := errors.New("no convergence")
	err := c.WithRun(t.Context(), mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		id = run.ID()
		return errors.Join(run.LogMetric(ctx, "x", 1, 0), failure)
	})
	if !errors.Is(err, failure) || status(id) != mlflow.RunFailed {
		t.Errorf("failed run: %v, %s", err, status(id))
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = c.WithRun(ctx, mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		id = run.ID()
		must(t, run.LogMetric(ctx, "x", 1, 0))
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || status(id) != mlflow.RunKilled {
		t.Errorf("canceled run: %v, %s", err, status(id))
	}
	run, err := c.Run(t.Context(), id)
	must(t, err)
	if len(run.Data.Metrics) != 1 {
		t.Error("the metric logged before the end is lost")
	}
	func() {
		defer func() { _ = recover() }()
		_ = c.WithRun(t.Context(), mlflow.RunOptions{}, func(_ context.Context, run *mlflow.ActiveRun) error {
			id = run.ID()
			panic("bug")
		})
	}()
	if status(id) != mlflow.RunFailed {
		t.Errorf("run that panicked: %s", status(id))
	}
}

type drawing string

func (d drawing) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, string(d))
	return int64(n), err
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	var last mlflow.Transfer
	ctx, c := t.Context(), newClient(t, mlflow.WithProgress(func(at mlflow.Transfer) { last = at }))
	run := startRun(t, c, mlflow.RunOptions{})
	dir := t.TempDir()
	must(t,
		os.MkdirAll(filepath.Join(dir, "sub"), 0o755),
		os.WriteFile(filepath.Join(dir, "a b.txt"), []byte("hello"), 0o600),
		os.WriteFile(filepath.Join(dir, "sub", "empty"), nil, 0o600),
		run.LogArtifact(ctx, filepath.Join(dir, "a b.txt"), "notes"),
		run.LogArtifacts(ctx, dir, "all"))
	if last.Bytes != 5 || last.TotalBytes != 5 || last.Files != 2 || last.TotalFiles != 2 || !last.Upload {
		t.Errorf("progress ended with %+v", last)
	}
	rows := &mlflow.Table{Columns: []string{"x", "y"}, Rows: [][]any{{1, "one"}}}
	must(t,
		run.LogText(ctx, "summary", "summary.txt"),
		run.LogDict(ctx, map[string]any{"b": []any{1, "yes", map[string]any{}}, "a": map[string]any{"deep": nil}}, "conf/c.yaml"),
		run.LogDict(ctx, map[string]int{"a": 1}, "conf/c.json"),
		run.LogImage(ctx, image.NewGray(image.Rect(0, 0, 2, 2)), "dot.png"),
		run.LogFigure(ctx, drawing("<svg/>"), "fig.svg"),
		run.LogTable(ctx, rows, "t.json"), run.LogTable(ctx, rows, "t.json"))
	for name, want := range map[string]string{
		"notes/a b.txt": "hello", "all/sub/empty": "", "summary.txt": "summary", "fig.svg": "<svg/>",
		"conf/c.yaml": "a:\n  deep: null\nb:\n  - 1\n  - \"yes\"\n  - {}\n",
		"conf/c.json": "{\n  \"a\": 1\n}",
		"t.json":      `{"columns":["x","y"],"data":[[1,"one"],[1,"one"]]}`,
	} {
		local, err := c.DownloadArtifacts(ctx, run.ID(), name, t.TempDir())
		must(t, err)
		if got, err := os.ReadFile(local); err != nil || string(got) != want {
			t.Errorf("%s holds %q, want %q (%v)", name, got, want, err)
		}
	}
	whole, err := c.DownloadArtifacts(ctx, run.ID(), "", t.TempDir())
	must(t, err)
	if _, err := os.Stat(filepath.Join(whole, "all", "sub", "empty")); err != nil {
		t.Error(err)
	}
	files, err := c.ListArtifacts(ctx, run.ID(), "conf")
	if err != nil || len(files) != 2 || files[0].Path != "conf/c.json" || files[0].FileSize != 12 {
		t.Errorf("list: %+v, %v", files, err)
	}
	if _, err := c.DownloadArtifacts(ctx, run.ID(), "nothing", t.TempDir()); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("downloading nothing: %v", err)
	}
	if err := run.LogArtifact(ctx, filepath.Join(dir, "gone"), ""); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("uploading nothing: %v", err)
	}
	if err := run.LogTable(ctx, &mlflow.Table{Columns: []string{"z"}, Rows: [][]any{{1}}}, "t.json"); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("other columns: %v", err)
	}
}

func TestLogInput(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	run := startRun(t, c, mlflow.RunOptions{})
	x, err := mlflow.NewTensor([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	must(t, err)
	y, err := mlflow.NewTensor([]int64{0, 1, 0}, 3)
	must(t, err)
	d, err := mlflow.NewDataset("points", "https://example.org/points.csv", x, y)
	must(t, err, run.LogInput(ctx, d, "training"))
	got, err := c.Run(ctx, run.ID())
	must(t, err)
	in := got.Inputs.DatasetInputs[0]
	if *in.Dataset != *d || in.Tags[0].Value != "training" || len(d.Digest) != 8 || d.SourceType != "http" {
		t.Errorf("dataset %+v, tags %v", in.Dataset, in.Tags)
	}
	if want := `{"mlflow_tensorspec":{"features":"[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"float32\",\"shape\":[-1,2]}}]","targets":"[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"int64\",\"shape\":[-1]}}]"}}`; d.Schema != want {
		t.Errorf("schema %s", d.Schema)
	}
}

// readFiles opens the directory of a model by reading all files.
func readFiles(dir string) (map[string]string, error) {
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		files[e.Name()] = string(text)
	}
	return files, err
}

func TestModel(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), newClient(t)
	run := startRun(t, c, mlflow.RunOptions{})
	example, err := mlflow.NewTensor([]float32{1, 2, 3, 4}, 1, 2, 2)
	must(t, err)
	spec := []mlflow.TensorSpec{{DType: "float32", Shape: []int{-1, 2, 2}}}
	save := mlflow.ONNXModel([]byte("weights"), spec, spec, example)
	info, err := run.LogModel(ctx, "model", save, mlflow.ModelOptions{RegisterAs: "squares", Params: map[string]any{"depth": 2}})
	must(t, err)
	if info.Version.Version != "1" {
		t.Errorf("info %+v", info)
	}
	uris := []string{info.URI, "models:/squares/1", "models:/squares@champion", "models:/squares/latest", "models:/squares/Staging", "runs:/" + run.ID() + "/model"}
	if info.ModelID != "" { // Not with MLflow 2.
		logged, err := c.LoggedModel(ctx, info.ModelID)
		must(t, err)
		if logged.Info.Status != mlflow.ModelReady || logged.Info.SourceRunID != run.ID() || logged.Data.Params[0].Value != "2" || info.URI != "models:/"+info.ModelID {
			t.Errorf("logged model %+v of %+v", logged, info)
		}
		uris = append(uris, logged.Info.ArtifactURI)
	}
	must(t, c.SetModelAlias(ctx, "squares", "champion", "1"))
	_, err = c.TransitionStage(ctx, &mlflow.TransitionStageRequest{Name: "squares", Version: "1", Stage: mlflow.StageStaging})
	must(t, err)
	for _, uri := range uris {
		files, err := mlflow.LoadModel(ctx, c, uri, readFiles)
		must(t, err)
		if files["model.onnx"] != "weights" || files["input_example.json"] != "[[[1,2],[3,4]]]" || files["serving_input_example.json"] != `{"inputs": [[[1,2],[3,4]]]}` {
			t.Errorf("%s holds %v", uri, files)
		}
		if !strings.Contains(files["MLmodel"], "run_id: ") || !strings.Contains(files["MLmodel"], `inputs: "[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"float32\",\"shape\":[-1,2,2]}}]"`) {
			t.Errorf("MLmodel:\n%s", files["MLmodel"])
		}
	}
	if _, err := mlflow.LoadModel(ctx, c, "models:/squares/Production", readFiles); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("loading from an empty stage: %v", err)
	}
	failure := errors.New("no weights")
	if _, err := run.LogModel(ctx, "model", func(string) (*mlflow.ModelSpec, error) { return nil, failure }, mlflow.ModelOptions{}); !errors.Is(err, failure) {
		t.Errorf("a saver that fails: %v", err)
	}
	if info.ModelID == "" {
		return
	}
	for m, err := range c.AllLoggedModels(ctx, &mlflow.SearchLoggedModelsRequest{ExperimentIDs: []string{"0"}}) {
		if err != nil || (m.Info.ModelID != info.ModelID) != (m.Info.Status == mlflow.ModelUploadFailed) {
			t.Errorf("model %+v, %v", m, err)
		}
	}
}

func TestUintExample(t *testing.T) {
	t.Parallel()
	example, err := mlflow.NewTensor([]uint8{1, 2}, 2, 1)
	must(t, err)
	dir := t.TempDir()
	must(t, mlflow.SaveModel(dir, mlflow.ONNXModel(nil, nil, nil, example)))
	text, err := os.ReadFile(filepath.Join(dir, "input_example.json"))
	var rows [][]int
	if err != nil || json.Unmarshal(text, &rows) != nil || !reflect.DeepEqual(rows, [][]int{{1}, {2}}) {
		t.Errorf("example %s, %v", text, err)
	}
}
