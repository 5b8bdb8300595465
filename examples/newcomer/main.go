// Newcomer is a first program with Millrace. It trains a network that tells two spirals apart, logs the training,
// registers the model, loads it back and predicts. docs/go.md explains it step by step.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/dataset"
	"github.com/gomlx/gomlx/ml/layers/fnn"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/gomlx/autolog"
	"github.com/millrace-ml/millrace/gomlx/cpu"
	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

func main() {
	if err := track(context.Background(), os.Getenv("MLFLOW_TRACKING_URI"), 60, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// track logs to the server at uri. For "", it starts one that stores everything where `millrace server` finds it later.
func track(ctx context.Context, uri string, epochs int, out io.Writer) (err error) {
	if uri == "" {
		server, startErr := local.Start(ctx, local.Options{Port: 5000})
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, server.Close()) }()
		uri = server.URL()
	}
	client, err := mlflow.Connect(uri)
	if err != nil {
		return err
	}
	return client.WithRun(ctx, mlflow.RunOptions{Strict: true}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		return learn(ctx, run, epochs, out)
	})
}

// spirals returns n noisy points on two spirals and the number of each point's spiral, 0 or 1.
func spirals(seed uint64, n int) (points, labels [][]float32) {
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // The points must be reproducible.
	for i := range n {
		radius, spiral := rng.Float64(), float64(i%2)
		angle := math.Pi*(3*radius+spiral) + 0.4*rng.NormFloat64()
		points = append(points, []float32{float32(radius * math.Cos(angle)), float32(radius * math.Sin(angle))})
		labels = append(labels, []float32{float32(spiral)})
	}
	return points, labels
}

// net maps points [batch, 2] to logits [batch, 1], which are positive for spiral 1.
func net(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
	return []*graph.Node{fnn.New(scope, inputs[0], 1).NumHiddenLayers(2, 32).Done()}
}

// learn trains the network with autologging and tests the model that the registry returns.
func learn(ctx context.Context, run *mlflow.ActiveRun, epochs int, out io.Writer) error {
	backend, err := cpu.New("")
	if err != nil {
		return err
	}
	points, labels := spirals(1, 1000)
	training, err := dataset.InMemoryFromData(backend, "spirals", []any{points}, []any{labels})
	if err != nil {
		return err
	}
	adam := optimizer.Adam().LearningRate(0.01).Done()
	loop := train.NewLoop(train.NewTrainer(backend, model.NewStore(), net, loss.BinaryCrossentropyLogits, adam, nil, nil))
	auto, err := autolog.Autolog(ctx, run, loop, autolog.Options{Optimizer: adam, Model: &autolog.Model{
		Fn: net, Options: mlflow.ModelOptions{RegisterAs: "spirals"},
		Inputs:  []mlflow.TensorSpec{{Name: "point", DType: "float32", Shape: []int{-1, 2}}},
		Outputs: []mlflow.TensorSpec{{Name: "logit"}},
	}})
	if err != nil {
		return err
	}
	defer auto.Close() //nolint:contextcheck // Close uses the context of Autolog.
	if _, err := loop.RunEpochs(auto.Watch(training.Shuffle().BatchSize(50, false)), epochs); err != nil {
		return err
	}
	uri := "models:/spirals/" + auto.ModelInfo().Version.Version
	loaded, err := mlflow.LoadModel(ctx, run.Client(), uri, models.Open)
	if err != nil {
		return err
	}
	points, labels = spirals(2, 500)
	y, err := loaded.Predict(ctx, &mlflow.Tensor{Shape: []int{len(points), 2}, Data: slices.Concat(points...)})
	if err != nil {
		return err
	}
	table, accuracy := &mlflow.Table{Columns: []string{"x", "y", "spiral", "logit"}}, 0.0
	for i, logit := range y.Data.([]float32) {
		if (logit > 0) == (labels[i][0] == 1) {
			accuracy += 1 / float64(len(points))
		}
		table.Rows = append(table.Rows, []any{points[i][0], points[i][1], labels[i][0], logit})
	}
	fmt.Fprintf(out, "Accuracy: %.3f. Run: %s\n\nexport MLFLOW_TRACKING_URI=%s # needs a running `millrace server`\n"+
		"python3 -c 'import mlflow, numpy; print(mlflow.pyfunc.load_model(%q).predict(numpy.float32([[0.5, 0]])))'\n"+
		"millrace models serve -m %s --port 5001\n", accuracy, run.URL(), run.Client().URL(), uri, uri)
	return errors.Join(run.LogMetric(ctx, "test_accuracy", accuracy, 0), run.LogTable(ctx, table, "predictions.json"))
}
