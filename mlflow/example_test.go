package mlflow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"log"
	"os"

	"github.com/millrace-ml/millrace/mlflow"
)

// A program logs params and metrics of a training to a run, and finds the run later.
func Example() {
	ctx := context.Background()
	client, err := mlflow.Connect("") // reads MLFLOW_TRACKING_URI
	if err != nil {
		log.Fatal(err)
	}
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

// exampleRun calls f with a run of a new experiment, so that the examples below show one
// method each.
func exampleRun(experiment string, f func(ctx context.Context, run *mlflow.ActiveRun) error) {
	ctx := context.Background()
	client, err := mlflow.Connect("")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.SetExperiment(ctx, experiment); err != nil {
		log.Fatal(err)
	}
	if err := client.WithRun(ctx, mlflow.RunOptions{}, f); err != nil {
		log.Fatal(err)
	}
}

// A search over settings is a run with a child for each setting.
func ExampleActiveRun_WithChild() {
	exampleRun("search", func(ctx context.Context, search *mlflow.ActiveRun) error {
		for _, rate := range []float64{0.1, 0.01} {
			trial := mlflow.RunOptions{Tags: map[string]string{"kind": "trial"}}
			err := search.WithChild(ctx, trial, func(ctx context.Context, run *mlflow.ActiveRun) error {
				return errors.Join(run.LogParam(ctx, "learning_rate", rate), run.LogMetric(ctx, "accuracy", 0.9-rate, 0))
			})
			if err != nil {
				return err
			}
		}
		best := &mlflow.SearchRunsRequest{
			ExperimentIDs: []string{search.Info.ExperimentID},
			Filter:        "tags.kind = 'trial'",
			OrderBy:       []string{"metrics.accuracy DESC"},
		}
		for trial, err := range search.Client().AllRuns(ctx, best) {
			if err != nil {
				return err
			}
			fmt.Println(trial.Data.Params[0].Value, trial.Data.Metrics[0].Value)
		}
		return nil
	})
	// Output:
	// 0.01 0.89
	// 0.1 0.8
}

// A figure is anything that writes itself, such as a plot of gonum.org/v1/plot, for which
// Plot.WriterTo(4*vg.Inch, 3*vg.Inch, "svg") returns it.
func ExampleActiveRun_LogFigure() {
	exampleRun("figures", func(ctx context.Context, run *mlflow.ActiveRun) error {
		figure := bytes.NewBufferString(`<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>`)
		if err := run.LogFigure(ctx, figure, "plots/loss.svg"); err != nil {
			return err
		}
		files, err := run.Client().ListArtifacts(ctx, run.ID(), "plots")
		fmt.Println(files[0].Path, files[0].FileSize)
		return err
	})
	// Output: plots/loss.svg 61
}

// Samples of a generator are images by step.
func ExampleActiveRun_LogImageStep() {
	exampleRun("images", func(ctx context.Context, run *mlflow.ActiveRun) error {
		for step := range 3 {
			sample := image.NewGray(image.Rect(0, 0, 28, 28))
			if err := run.LogImageStep(ctx, sample, "generator/sample", int64(step)); err != nil {
				return err
			}
		}
		files, err := run.Client().ListArtifacts(ctx, run.ID(), "images")
		fmt.Println(len(files), "images")
		return err
	})
	// Output: 3 images
}

// LogTable appends rows to the table of the same name.
func ExampleActiveRun_LogTable() {
	exampleRun("tables", func(ctx context.Context, run *mlflow.ActiveRun) error {
		columns := []string{"truth", "prediction"}
		for _, rows := range [][][]any{{{"cat", "cat"}}, {{"dog", "cat"}}} {
			if err := run.LogTable(ctx, &mlflow.Table{Columns: columns, Rows: rows}, "predictions.json"); err != nil {
				return err
			}
		}
		text, err := run.Client().LoadText(ctx, run.ID(), "predictions.json")
		fmt.Println(text)
		return err
	})
	// Output: {"columns":["truth","prediction"],"data":[["cat","cat"],["dog","cat"]]}
}

// A run records the data that it was trained and evaluated with.
func ExampleActiveRun_LogInputs() {
	exampleRun("datasets", func(ctx context.Context, run *mlflow.ActiveRun) error {
		features, err := mlflow.NewTensor([]float32{5.1, 3.5, 4.9, 3}, 2, 2)
		if err != nil {
			return err
		}
		flowers, err := mlflow.NewDataset("flowers", "https://example.org/flowers.csv", features, nil)
		if err != nil {
			return err
		}
		if err := run.LogInputs(ctx, []mlflow.Input{
			{Dataset: flowers, Context: "training"},
			{Dataset: flowers, Context: "validation"},
		}); err != nil {
			return err
		}
		logged, err := run.Client().Run(ctx, run.ID())
		fmt.Println(logged.Inputs.DatasetInputs[0].Dataset.Name, logged.Inputs.DatasetInputs[0].Dataset.SourceType)
		return err
	})
	// Output: flowers http
}

// A model in ONNX format is logged, registered, given an alias, and downloaded by it.
// With models.Open of package models in place of the function here, LoadModel returns a
// model that runs in Go.
func ExampleActiveRun_LogModel() {
	exampleRun("models", func(ctx context.Context, run *mlflow.ActiveRun) error {
		file, err := os.ReadFile("../models/testdata/logistic.onnx")
		if err != nil {
			return err
		}
		inputs := []mlflow.TensorSpec{{DType: "float32", Shape: []int{-1, 4}}}
		model := mlflow.ONNXModel(file, inputs, nil, nil)
		info, err := run.LogModel(ctx, "model", model, mlflow.ModelOptions{RegisterAs: "flowers"})
		if err != nil {
			return err
		}
		client := run.Client()
		if err := client.SetModelAlias(ctx, "flowers", "champion", info.Version.Version); err != nil {
			return err
		}
		size := func(dir string) (int64, error) {
			info, err := os.Stat(dir + "/model.onnx")
			if err != nil {
				return 0, err
			}
			return info.Size(), nil
		}
		n, err := mlflow.LoadModel(ctx, client, "models:/flowers@champion", size)
		fmt.Println(n == int64(len(file)), err)
		return err
	})
	// Output: true <nil>
}

// An artifact is read without a copy on the disk.
func ExampleClient_OpenArtifact() {
	exampleRun("artifacts", func(ctx context.Context, run *mlflow.ActiveRun) error {
		if err := run.LogText(ctx, "a line\n", "notes.txt"); err != nil {
			return err
		}
		notes, err := run.Client().OpenArtifact(ctx, run.ID(), "notes.txt")
		if err != nil {
			return err
		}
		_, err = io.Copy(os.Stdout, notes)
		return errors.Join(err, notes.Close())
	})
	// Output: a line
}

// Errors of the API are compared by their codes.
func ExampleErrorCode() {
	client, err := mlflow.Connect("")
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.RegisteredModel(context.Background(), "nobody")
	fmt.Println(errors.Is(err, mlflow.ResourceDoesNotExist))
	// Output: true
}
