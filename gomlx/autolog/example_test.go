package autolog_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/gomlx/autolog"
	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// Two calls around a training loop log it. In this example, line is a train.Dataset and linear is a model function.
func ExampleAutolog() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	server, err := local.Start(ctx, local.Options{Dir: dir}) // Or mlflow.Login for an existing server.
	if err != nil {
		log.Fatal(err)
	}
	client := server.Client()
	err = client.WithRun(ctx, mlflow.RunOptions{Name: "line"}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		sgd := optimizer.StochasticGradientDescent().WithLearningRate(0.1).WithDecay(false)
		store := model.NewStore()
		store.SetParam(model.ParamInitialSeed, int64(1)) // Makes the weights reproducible.
		loop := train.NewLoop(train.NewTrainer(gobackend.GetBackend(), store, linear, loss.MeanSquaredError, sgd, nil, nil))
		auto, err := autolog.Autolog(ctx, run, loop, autolog.Options{Optimizer: sgd, Evaluate: line{1}})
		if err != nil {
			return err
		}
		defer auto.Close() //nolint:contextcheck // Close uses the context of Autolog.
		_, err = loop.RunEpochs(auto.Watch(line{5}), 3)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	for run, err := range client.AllRuns(ctx, &mlflow.SearchRunsRequest{ExperimentIDs: []string{"0"}}) {
		if err != nil {
			log.Fatal(err)
		}
		for _, p := range run.Data.Params {
			if p.Key == "optimizer" || p.Key == "learning_rate" {
				fmt.Println(p.Key, p.Value)
			}
		}
		for _, m := range run.Data.Metrics {
			if m.Key == "train_loss" || m.Key == "eval_loss" {
				fmt.Printf("%s of epoch %d is below 1: %t\n", m.Key, m.Step, m.Value < 1)
			}
		}
	}
	if err := errors.Join(server.Close(), os.RemoveAll(dir)); err != nil {
		log.Fatal(err)
	}
	// Unordered output:
	// learning_rate 0.1
	// optimizer SGD
	// eval_loss of epoch 2 is below 1: true
	// train_loss of epoch 2 is below 1: true
}
