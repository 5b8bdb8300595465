// Fashionmnist is MLflow's PyTorch quickstart in Go, from the images to a prediction by the model that the tracking
// server returns:
//
//	go run ./examples/fashionmnist
//
// It tracks to MLFLOW_TRACKING_URI, or to ./mlflow.db if that is not set.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/millrace-ml/millrace/examples/internal/idx"
	"github.com/millrace-ml/millrace/examples/internal/quickstart"
	"github.com/millrace-ml/millrace/examples/internal/tracking"
)

// downloadTimeout is the time limit for downloading the 30 MB of images.
const downloadTimeout = 5 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fashionmnist:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	o := quickstart.Default(out)
	dir := flag.String("data", "data", "directory of FashionMNIST's IDX files, which are downloaded to it if necessary")
	synthetic := flag.Bool("synthetic", false, "train on drawn clothes instead")
	limit := flag.Int("limit", 0, "number of training images; a sixth of it is used for testing; 0 uses all images")
	flag.IntVar(&o.Epochs, "epochs", o.Epochs, "number of epochs")
	flag.IntVar(&o.BatchSize, "batch-size", o.BatchSize, "images in a batch")
	flag.Float64Var(&o.LearningRate, "lr", o.LearningRate, "learning rate")
	flag.Int64Var(&o.Seed, "seed", o.Seed, "random seed; 0 chooses a different one for each run")
	flag.StringVar(&o.Experiment, "experiment", o.Experiment, "name of the experiment")
	flag.Parse()

	if *synthetic {
		o.Synthetic()
	}
	data, err := load(ctx, *dir, *synthetic, *limit, out)
	if err != nil {
		return err
	}
	client, done, err := tracking.Connect(ctx, out)
	if err != nil {
		return err
	}
	_, err = quickstart.Run(ctx, client, data, o)
	return errors.Join(err, done())
}

// load returns the drawn images, or those in dir, which it downloads if necessary.
func load(ctx context.Context, dir string, synthetic bool, limit int, out io.Writer) (*idx.Set, error) {
	if synthetic {
		train := 60000
		if limit > 0 {
			train = limit
		}
		return idx.Synthetic(train, train/6), nil
	}
	set, err := idx.Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(out, "Downloading FashionMNIST to %s.\n", dir)
		ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
		defer cancel()
		err = idx.Download(ctx, http.DefaultClient, idx.FashionMNIST, dir, func(file string, done, total int64) {
			if done == total {
				fmt.Fprintf(out, "%s: %d bytes\n", file, total)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("FashionMNIST is not in %s and cannot be downloaded: %w\n"+
				"Copy its four IDX files to that directory, or use -synthetic to train on drawn clothes", dir, err)
		}
		set, err = idx.Load(dir)
	}
	if err != nil {
		return nil, err
	}
	if limit > 0 {
		set.Train, set.Test = first(set.Train, limit), first(set.Test, limit/6)
	}
	return set, nil
}

// first returns the first n examples of a split.
func first(s idx.Split, n int) idx.Split {
	n = min(n, len(s.Labels))
	images := *s.Images
	images.Pixels = images.Pixels[:n*images.Rows*images.Cols]
	return idx.Split{Images: &images, Labels: s.Labels[:n]}
}
