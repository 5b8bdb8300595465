package autolog_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/gomlx/autolog"
	_ "github.com/millrace-ml/millrace/gomlx/cpu"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

func checkModel(t *testing.T, run *mlflow.ActiveRun, store *model.Store, info *mlflow.ModelInfo) {
	t.Helper()
	if info.Version == nil || info.Version.Version != "1" {
		t.Fatalf("model info %+v", info)
	}
	checkPredictions(t, run, "models:/line/1", gobackend.GetBackend(), store, linear, 1e-6)
}

// checkPredictions compares a logged model with the graph that it was exported from.
func checkPredictions(
	t *testing.T, run *mlflow.ActiveRun, uri string, backend compute.Backend, store *model.Store,
	net func(*model.Scope, *graph.Node) *graph.Node, tolerance float64,
) {
	t.Helper()
	loaded, err := mlflow.LoadModel(t.Context(), run.Client(), uri, models.Open)
	if err != nil {
		t.Fatal(err)
	}
	x := []float32{0.5, 0.25, -1, 3}
	want, err := model.CallOnce(backend, store, net, tensors.FromFlatDataAndDimensions(x, 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	y, err := loaded.Predict(t.Context(), &mlflow.Tensor{Shape: []int{2, 2}, Data: x})
	if err != nil {
		t.Fatal(err)
	}
	got, err := y.Float32s()
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want.Value().([][]float32) {
		if math.Abs(float64(got[i]-w[0])) > tolerance {
			t.Errorf("row %d: %v, GoMLX computes %v", i, got[i], w[0])
		}
	}
}

// checkModelMetrics checks that the metrics of the training, and only those, are linked to the logged model.
func checkModelMetrics(t *testing.T, run *mlflow.ActiveRun, id string, told []map[string]float64) {
	t.Helper()
	logged, err := run.Client().LoggedModel(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if logged.Info.Status != mlflow.ModelReady || logged.Info.SourceRunID != run.ID() {
		t.Errorf("logged model %+v", logged.Info)
	}
	last := map[string]mlflow.Metric{}
	for _, m := range logged.Data.Metrics {
		if m.Step >= last[m.Key].Step {
			last[m.Key] = m
		}
	}
	if len(last) != 4 || last["loss"].Step != 14 {
		t.Errorf("metrics of the model: %+v", last)
	}
	for _, key := range []string{"train_loss", "eval_loss"} {
		if m := last[key]; m.Step != 2 || m.Value != told[2][key] || m.RunID != run.ID() {
			t.Errorf("%s of the model: %+v, OnEpoch was told %v", key, m, told)
		}
	}
	got, err := run.Client().Run(t.Context(), run.ID())
	if err != nil || got.Outputs == nil || len(got.Outputs.ModelOutputs) != 1 ||
		got.Outputs.ModelOutputs[0].ModelID != id {
		t.Errorf("outputs of the run: %+v, %v", got, err)
	}
}

// TestModelOfFailedTraining checks that the logged model of a training that fails does not stay pending, and that a
// second training with the same logger logs a model of its own.
func TestModelOfFailedTraining(t *testing.T) {
	t.Parallel()
	run := startRun(t)
	loop, sgd := newLoop(t, 0.1)
	failed := false
	loop.OnStep("break", 0, func(*train.Loop, []*tensors.Tensor) error {
		if !failed {
			failed = true
			return errors.New("broken")
		}
		return nil
	})
	auto, err := autolog.Autolog(t.Context(), run, loop, everything(sgd))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loop.RunEpochs(auto.Watch(line{3}), 1); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Fatal(err)
	}
	auto.Close()
	if _, err := loop.RunEpochs(auto.Watch(line{3}), 1); err != nil {
		t.Fatal(err)
	}
	auto.Close()
	found, err := run.Client().SearchLoggedModels(t.Context(), &mlflow.SearchLoggedModelsRequest{
		ExperimentIDs: []string{run.Info.ExperimentID},
	})
	if err != nil || len(found.Models) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	status := map[string]mlflow.LoggedModelStatus{}
	for _, m := range found.Models {
		status[m.Info.ModelID] = m.Info.Status
	}
	ready := auto.ModelInfo().ModelID
	if status[ready] != mlflow.ModelReady {
		t.Errorf("the model of the second training is %s", status[ready])
	}
	delete(status, ready)
	for _, s := range status {
		if s != mlflow.ModelUploadFailed {
			t.Errorf("the model of the failed training is %s", s)
		}
	}
}

// TestBatchNorm trains a model with batch normalization on backend cpu and compares the logged model with GoMLX.
func TestBatchNorm(t *testing.T) {
	t.Parallel()
	backend, err := compute.NewWithConfig("cpu")
	if err != nil {
		t.Fatal(err)
	}
	net := func(s *model.Scope, x *graph.Node) *graph.Node {
		return layers.DenseWithBias(s.In("out"), norm.BatchNorm(s.In("norm"), x, -1).Done(), 1)
	}
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	sgd := optimizer.StochasticGradientDescent().WithLearningRate(0.1).WithDecay(false)
	loop := train.NewLoop(train.NewTrainer(backend, store, net, loss.MeanSquaredError, sgd, nil, nil))
	run, options := startRun(t), everything(sgd)
	options.SystemEvery = -1
	options.Model.Fn = func(s *model.Scope, in []*graph.Node) []*graph.Node { return []*graph.Node{net(s, in[0])} }
	auto, err := autolog.Autolog(t.Context(), run, loop, options)
	if err != nil {
		t.Fatal(err)
	}
	defer auto.Close()
	if _, err := loop.RunEpochs(auto.Watch(line{5}), 4); err != nil {
		t.Fatal(err)
	}
	if err := auto.Err(); err != nil {
		t.Fatal(err)
	}
	checkPredictions(t, run, auto.ModelInfo().URI, backend, store, net, 1e-5)
}
