package local_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// A program tracks its runs without a separate server. `millrace server` can show them
// later from the same directory.
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
	err = server.Client().WithRun(ctx, mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		return run.LogMetric(ctx, "accuracy", 0.97, 0)
	})
	if err := errors.Join(err, server.Close()); err != nil {
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
	// mlartifacts
	// mlflow.db
}
