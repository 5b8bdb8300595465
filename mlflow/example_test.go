package mlflow_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// serve starts a server for an example, so that it runs anywhere. A program that
// has one calls mlflow.Login or mlflow.Connect instead.
func serve() (client *mlflow.Client, stop func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	server, err := local.Start(context.Background(), local.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	return server.Client(), func() {
		if err := errors.Join(server.Close(), os.RemoveAll(dir)); err != nil {
			log.Fatal(err)
		}
	}
}

// A program that trains logs its params and metrics in a run. Here the server is
// in the same program; mlflow.Connect reaches one by MLFLOW_TRACKING_URI.
func Example() {
	ctx := context.Background()
	client, stop := serve()
	defer stop()
	experiment, err := client.SetExperiment(ctx, "quickstart")
	if err != nil {
		log.Fatal(err)
	}
	err = client.WithRun(ctx, mlflow.RunOptions{Name: "first"}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		if err := run.LogParams(ctx, map[string]any{"learning_rate": 1e-3, "epochs": 3}); err != nil {
			return err
		}
		for epoch := range 3 {
			if err := run.LogMetric(ctx, "loss", 1/float64(epoch+1), int64(epoch)); err != nil {
				return err
			}
		}
		return run.LogText(ctx, "Conv2d, ReLU, Linear", "model_summary.txt")
	})
	if err != nil {
		log.Fatal(err)
	}
	search := &mlflow.SearchRunsRequest{ExperimentIDs: []string{experiment.ExperimentID}, Filter: "metrics.loss < 0.5"}
	for run, err := range client.AllRuns(ctx, search) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s: loss %.2f\n", run.Info.RunName, run.Info.Status, run.Data.Metrics[0].Value)
	}
	// Output: first FINISHED: loss 0.33
}

// A search over settings is a run with a child for each of them.
func ExampleActiveRun_StartChild() {
	ctx := context.Background()
	client, stop := serve()
	defer stop()
	search, err := client.StartRun(ctx, mlflow.RunOptions{Name: "search", Description: "Which learning rate is best?"})
	if err != nil {
		log.Fatal(err)
	}
	for _, rate := range []float64{0.1, 0.01} {
		trial, err := search.StartChild(ctx, mlflow.RunOptions{Tags: map[string]string{"kind": "trial"}})
		if err != nil {
			log.Fatal(err)
		}
		err = errors.Join(
			trial.LogParam(ctx, "learning_rate", rate),
			trial.LogMetric(ctx, "accuracy", 0.9-rate, 0),
			trial.End(ctx, mlflow.RunFinished),
		)
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := search.End(ctx, mlflow.RunFinished); err != nil {
		log.Fatal(err)
	}
	best := &mlflow.SearchRunsRequest{
		ExperimentIDs: []string{search.Info.ExperimentID}, Filter: "tags.kind = 'trial'", OrderBy: []string{"metrics.accuracy DESC"},
	}
	for trial, err := range client.AllRuns(ctx, best) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(trial.Data.Params[0].Value, trial.Data.Metrics[0].Value)
	}
	// Output:
	// 0.01 0.89
	// 0.1 0.8
}

// Rows that are logged later go below those of the same table.
func ExampleActiveRun_LogTable() {
	ctx := context.Background()
	client, stop := serve()
	defer stop()
	err := client.WithRun(ctx, mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		columns := []string{"truth", "prediction"}
		if err := run.LogTable(ctx, &mlflow.Table{Columns: columns, Rows: [][]any{{"cat", "cat"}}}, "predictions.json"); err != nil {
			return err
		}
		if err := run.LogTable(ctx, &mlflow.Table{Columns: columns, Rows: [][]any{{"dog", "cat"}}}, "predictions.json"); err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path, err := client.DownloadArtifacts(ctx, run.ID(), "predictions.json", dir)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Println(string(text))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: {"columns":["truth","prediction"],"data":[["cat","cat"],["dog","cat"]]}
}

// A model in ONNX format is logged, registered, given an alias, and loaded back
// by it, without Python.
func ExampleLoadModel() {
	ctx := context.Background()
	client, stop := serve()
	defer stop()
	file, err := os.ReadFile("../models/testdata/logistic.onnx")
	if err != nil {
		log.Fatal(err)
	}
	inputs := []mlflow.TensorSpec{{DType: "float32", Shape: []int{-1, 4}}}
	err = client.WithRun(ctx, mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		info, err := run.LogModel(ctx, "model", mlflow.ONNXModel(file, inputs, nil, nil), mlflow.ModelOptions{RegisterAs: "flowers"})
		if err != nil {
			return err
		}
		return client.SetModelAlias(ctx, "flowers", "champion", info.Version.Version)
	})
	if err != nil {
		log.Fatal(err)
	}
	model, err := mlflow.LoadModel(ctx, client, "models:/flowers@champion", models.Open)
	if err != nil {
		log.Fatal(err)
	}
	x, err := mlflow.NewTensor([]float32{5.1, 3.5, 1.4, 0.2}, 1, 4)
	if err != nil {
		log.Fatal(err)
	}
	y, err := model.Predict(ctx, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("class", y.Data)
	// Output: class [1]
}

// Every error of the API is found by its code, however it was wrapped.
func ExampleErrorCode() {
	ctx := context.Background()
	client, stop := serve()
	defer stop()
	if _, err := client.RegisteredModel(ctx, "nobody"); errors.Is(err, mlflow.ResourceDoesNotExist) {
		fmt.Println("there is no such model")
	}
	// Output: there is no such model
}
