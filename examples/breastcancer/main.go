// Breastcancer is the breast cancer guide in Go, from the table to a registered model in a stage:
//
//	go run ./examples/breastcancer
//
// It tracks to MLFLOW_TRACKING_URI, or to ./mlflow.db if that is not set.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/millrace-ml/millrace/examples/internal/cancer"
	"github.com/millrace-ml/millrace/examples/internal/frame"
	"github.com/millrace-ml/millrace/examples/internal/guide"
	"github.com/millrace-ml/millrace/examples/internal/tracking"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "breastcancer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	o := guide.Default(out)
	file := flag.String("data", "", "CSV file with the column diagnosis and thirty features (default: the embedded data)")
	flag.IntVar(&o.Epochs, "epochs", o.Epochs, "number of epochs")
	flag.Float64Var(&o.LearningRate, "lr", o.LearningRate, "learning rate")
	flag.Int64Var(&o.Seed, "seed", o.Seed, "random seed; 0 chooses a different one for each run")
	flag.StringVar(&o.Experiment, "experiment", o.Experiment, "name of the experiment")
	flag.StringVar(&o.RegisterAs, "register", o.RegisterAs, "name of the registered model")
	flag.Parse()

	data, err := load(*file)
	if err != nil {
		return err
	}
	if *file != "" {
		o.Source = *file
	}
	client, done, err := tracking.Connect(ctx, out)
	if err != nil {
		return err
	}
	_, err = guide.Run(ctx, client, data, o)
	return errors.Join(err, done())
}

func load(file string) (*frame.Frame, error) {
	open := cancer.Open
	if file != "" {
		open = func() (io.ReadCloser, error) { return os.Open(file) } //nolint:gosec // The user chose the file.
	}
	in, err := open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return frame.Read(in)
}
