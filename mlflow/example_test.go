package mlflow_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// A program that trains logs its params and metrics in a run. Here the server is
// in the same program; mlflow.Connect reaches one by MLFLOW_TRACKING_URI.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := local.Start(ctx, local.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	client := server.Client()
	if _, err := client.SetExperiment(ctx, "quickstart"); err != nil {
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
	for run, err := range client.AllRuns(ctx, &mlflow.SearchRunsRequest{ExperimentIDs: []string{"1"}, Filter: "metrics.loss < 0.5"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s: loss %.2f\n", run.Info.RunName, run.Info.Status, run.Data.Metrics[0].Value)
	}
	// Output: first FINISHED: loss 0.33
}
