package local_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// A program tracks its runs without a separate server. The server's web pages are at server.URL() until it is closed;
// `millrace server` shows the runs later from the same directory.
func ExampleStart() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	server, err := local.Start(ctx, local.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	client := server.Client()
	err = client.WithRun(ctx, mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		return run.LogMetric(ctx, "accuracy", 0.97, 0)
	})
	if err != nil {
		log.Fatal(err)
	}
	for run, err := range client.AllRuns(ctx, &mlflow.SearchRunsRequest{ExperimentIDs: []string{"0"}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(run.Data.Metrics[0].Key, run.Data.Metrics[0].Value)
	}
	if err := server.Close(); err != nil {
		log.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name())
	}
	if err := os.RemoveAll(dir); err != nil {
		log.Fatal(err)
	}
	// Output:
	// accuracy 0.97
	// mlartifacts
	// mlflow.db
}
