package autolog_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/gomlx/autolog"
	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// line is a dataset of points on y = 2 x0 - x1 in batches of four.
type line struct{ batches int }

func (line) Name() string { return "points" }

func (l line) Iter() iter.Seq2[train.Batch, error] {
	return func(yield func(train.Batch, error) bool) {
		for b := range l.batches {
			var x, y []float32
			for i := range 4 {
				x0, x1 := float32(b*4+i)/16, float32(i)/4
				x, y = append(x, x0, x1), append(y, 2*x0-x1)
			}
			batch := train.Batch{
				Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, 4, 2)},
				Labels: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(y, 4, 1)},
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

func linear(scope *model.Scope, x *graph.Node) *graph.Node { return layers.DenseWithBias(scope, x, 1) }

func newLoop(t *testing.T, lr float64) (*train.Loop, optimizer.Interface) {
	t.Helper()
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	store.SetParam("/net/width", 1)
	sgd := optimizer.StochasticGradientDescent().WithLearningRate(lr).WithDecay(false)
	return train.NewLoop(train.NewTrainer(gobackend.GetBackend(), store, linear, loss.MeanSquaredError, sgd, nil, nil)),
		sgd
}

func startRun(t *testing.T) *mlflow.ActiveRun {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	server, err := local.Start(ctx, local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	run, err := server.Client().StartRun(ctx, mlflow.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(run.End(ctx, mlflow.RunFinished), server.Close()); err != nil {
			t.Error(err)
		}
	})
	return run
}

func TestAutolog(t *testing.T) {
	t.Parallel()
	ctx, run := t.Context(), startRun(t)
	loop, sgd := newLoop(t, 0.1)
	data := &mlflow.Tensor{Shape: []int{2, 2}, Data: []float32{0, 0, 1, 1}}
	points, err := mlflow.NewDataset("points", "made up", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	var told []map[string]float64
	auto, err := autolog.Autolog(ctx, run, loop, autolog.Options{
		EverySteps: 2, Optimizer: sgd, Params: map[string]any{"learning_rate": 0.1},
		Datasets: map[string]*mlflow.Dataset{"training": points}, Evaluate: line{1},
		OnEpoch:         func(_ int, m map[string]float64) { told = append(told, m) },
		CheckpointEvery: 2, SystemEvery: time.Hour,
		Model: &autolog.Model{
			Fn:      func(s *model.Scope, in []*graph.Node) []*graph.Node { return []*graph.Node{linear(s, in[0])} },
			Inputs:  []mlflow.TensorSpec{{Name: "x", DType: "float32", Shape: []int{-1, 2}}},
			Outputs: []mlflow.TensorSpec{{Name: "y"}}, Example: data,
			Options: mlflow.ModelOptions{RegisterAs: "line"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer auto.Close()
	if _, err := loop.RunEpochs(auto.Watch(line{5}), 3); err != nil {
		t.Fatal(err)
	}
	auto.Close()
	if err := run.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	checkRun(t, run, told)
	checkModel(t, run, loop.Trainer.Store(), auto.ModelInfo())
	checkModelMetrics(t, run, auto.ModelInfo().ModelID, told)
	checkCheckpoint(t, run, loop.Trainer.Store())
}

func checkRun(t *testing.T, run *mlflow.ActiveRun, told []map[string]float64) {
	t.Helper()
	got, err := run.Client().Run(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]string{}
	for _, p := range got.Data.Params {
		params[p.Key] = p.Value
	}
	for k, v := range map[string]string{
		"optimizer": "SGD", "learning_rate": "0.1", "dataset": "points",
		"backend": "Go Backend", "net.width": "1",
	} {
		if params[k] != v {
			t.Errorf("param %s is %q, want %q", k, params[k], v)
		}
	}
	for key, want := range map[string][]int64{
		"loss": {0, 2, 4, 6, 8, 10, 12, 14}, "train_loss": {0, 1, 2}, "eval_loss": {0, 1, 2},
		"system/system_memory_usage_percentage": {0, 1},
	} {
		var steps []int64
		var values []float64
		for m, err := range run.Client().AllMetricValues(t.Context(), run.ID(), key) {
			if err != nil {
				t.Fatal(err)
			}
			steps, values = append(steps, m.Step), append(values, m.Value)
		}
		slices.Sort(steps)
		if !slices.Equal(steps, want) {
			t.Errorf("%s is logged at %v, want %v", key, steps, want)
		}
		if key == "eval_loss" &&
			(len(told) != 3 || !slices.Equal(values, []float64{told[0][key], told[1][key], told[2][key]}) ||
				values[2] >= values[0]) {
			t.Errorf("%s: %v, but OnEpoch was told %v", key, values, told)
		}
	}
	if in := got.Inputs.DatasetInputs; len(in) != 1 || in[0].Dataset.Name != "points" ||
		in[0].Tags[0].Value != "training" {
		t.Errorf("inputs: %+v", in)
	}
	summary, err := run.Client().DownloadArtifacts(t.Context(), run.ID(), "model_summary.txt", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(summary)
	if err != nil ||
		strings.Join(strings.Fields(string(text)),
			" ") != "variable shape parameters trainable /dense/weights [2 1] 2 yes /dense/biases [1] 1 yes total 3 3" {
		t.Errorf("summary: %s, %v", text, err)
	}
}

// TestLearningRate trains with an optimizer whose learning rate is not among the params. The rate is logged as a
// param and, once it changes, as a metric. Without Watch the whole training is one epoch.
func TestLearningRate(t *testing.T) {
	t.Parallel()
	run := startRun(t)
	loop, _ := newLoop(t, 0.25)
	loop.OnStep("schedule", 0, func(loop *train.Loop, _ []*tensors.Tensor) error {
		if loop.LoopStep != 2 {
			return nil
		}
		return loop.Trainer.Store().GetVariable("/optimizers/learning_rate").SetValue(tensors.FromValue(float32(0.125)))
	})
	auto, err := autolog.Autolog(t.Context(), run, loop, autolog.Options{EverySteps: 1, SystemEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer auto.Close()
	if _, err := loop.RunEpochs(line{2}, 2); err != nil {
		t.Fatal(err)
	}
	if err := run.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := run.Client().Run(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(got.Data.Params, func(p mlflow.Param) bool { return p.Key == "learning_rate" }); i < 0 ||
		got.Data.Params[i].Value != "0.25" {
		t.Errorf("params: %+v", got.Data.Params)
	}
	for key, want := range map[string][]int64{"learning_rate": {2}, "train_loss": {0}} {
		var steps []int64
		for m, err := range run.Client().AllMetricValues(t.Context(), run.ID(), key) {
			if err != nil {
				t.Fatal(err)
			}
			steps = append(steps, m.Step)
		}
		if !slices.Equal(steps, want) {
			t.Errorf("%s is logged at %v, want %v", key, steps, want)
		}
	}
}

func checkCheckpoint(t *testing.T, run *mlflow.ActiveRun, store *model.Store) {
	t.Helper()
	files, err := run.Client().ListArtifacts(t.Context(), run.ID(), "checkpoints")
	if err != nil || len(files) != 1 || files[0].Path != "checkpoints/epoch-2" {
		t.Fatalf("checkpoints: %+v, %v", files, err)
	}
	dir, err := run.Client().DownloadArtifacts(t.Context(), run.ID(), "checkpoints/epoch-2", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	restored := model.NewStore()
	if _, err := checkpoint.Load(restored).Dir(dir).Immediate().Done(); err != nil {
		t.Fatal(err)
	}
	v := restored.GetVariable("/dense/weights")
	if v == nil || !v.Shape().Equal(store.GetVariable("/dense/weights").Shape()) {
		t.Errorf("the checkpoint has no weights: %v", v)
	}
}

func TestAutologRefuses(t *testing.T) {
	t.Parallel()
	loop, _ := newLoop(t, 0.1)
	if _, err := autolog.Autolog(t.Context(), startRun(t), loop, autolog.Options{EverySteps: -1}); !errors.Is(err,
		mlflow.InvalidParameterValue) {
		t.Errorf("negative steps: %v", err)
	}
}

// TestTrainingThatIsNotTracked checks that tracking errors end the training of strict runs only and that Err returns
// them.
func TestTrainingThatIsNotTracked(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(g *gate, run *mlflow.ActiveRun) error{
		"the run is deleted": func(_ *gate, run *mlflow.ActiveRun) error {
			return run.Client().DeleteRun(t.Context(), run.ID())
		},
		"the server is away": func(g *gate, _ *mlflow.ActiveRun) error { g.away.Store(true); return nil },
	} {
		for _, strict := range []bool{false, true} {
			g := newGate(t)
			run, err := mlflow.NewClient(g.URL, mlflow.WithRetryFor(0),
				mlflow.WithSpill(t.TempDir(), 1<<20)).StartRun(t.Context(), mlflow.RunOptions{Strict: strict})
			if err != nil {
				t.Fatal(err)
			}
			loop, sgd := newLoop(t, 0.1)
			auto, err := autolog.Autolog(t.Context(), run, loop, everything(sgd))
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(g, run); err != nil {
				t.Fatal(err)
			}
			_, err = loop.RunEpochs(auto.Watch(line{2}), 3)
			if (err != nil) != strict {
				t.Errorf("%s, strict %t: the training ends with %v", name, strict, err)
			}
			if !strict && (auto.Err() == nil || loop.LoopStep != 6 || g.away.Load() && auto.ModelInfo() != nil) {
				t.Errorf("%s: %d steps, model %v, %v", name, loop.LoopStep, auto.ModelInfo(), auto.Err())
			}
			auto.Close()
			if err := run.End(t.Context(), mlflow.RunFinished); (err != nil) != strict {
				t.Errorf("%s, strict %t: the run ends with %v", name, strict, err)
			}
		}
	}
}

// TestTrainingIsCanceled checks that the end of the context ends the training of a run that is not strict.
func TestTrainingIsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	run := startRun(t)
	loop, sgd := newLoop(t, 0.1)
	loop.OnStep("cancel", 0, func(loop *train.Loop, _ []*tensors.Tensor) error {
		if loop.LoopStep == 3 {
			cancel()
		}
		return nil
	})
	auto, err := autolog.Autolog(ctx, run, loop, everything(sgd))
	if err != nil {
		t.Fatal(err)
	}
	defer auto.Close()
	if _, err := loop.RunEpochs(auto.Watch(line{4}), 3); !errors.Is(err, context.Canceled) || loop.LoopStep > 4 {
		t.Errorf("after %d steps: %v", loop.LoopStep, err)
	}
}

// everything returns options that log everything.
func everything(o optimizer.Interface) autolog.Options {
	data := &mlflow.Tensor{Shape: []int{2, 2}, Data: []float32{0, 0, 1, 1}}
	points, _ := mlflow.NewDataset("points", "made up", data, nil) // The data is valid.
	return autolog.Options{
		EverySteps: 1, Optimizer: o, Datasets: map[string]*mlflow.Dataset{"training": points}, Evaluate: line{1},
		CheckpointEvery: 1, SystemEvery: time.Hour,
		Model: &autolog.Model{
			Fn:      func(s *model.Scope, in []*graph.Node) []*graph.Node { return []*graph.Node{linear(s, in[0])} },
			Inputs:  []mlflow.TensorSpec{{Name: "x", DType: "float32", Shape: []int{-1, 2}}},
			Outputs: []mlflow.TensorSpec{{Name: "y"}}, Example: data,
		},
	}
}

// gate is a Millrace server that a test can make unreachable.
type gate struct {
	*httptest.Server
	away atomic.Bool
}

func newGate(t *testing.T) *gate {
	t.Helper()
	server, err := local.Start(context.WithoutCancel(t.Context()), local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	g, proxy := &gate{}, httputil.NewSingleHostReverseProxy(target)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.away.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		g.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}
