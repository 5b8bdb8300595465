// Package guide is the breast cancer guide in Go. It explores the data, trains the
// classifier with GoMLX and autologging, evaluates it, registers it and moves it to a
// stage. Comments call the guide in the documentation of AI Studio "the page".
package guide

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/examples/internal/frame"
	"github.com/millrace-ml/millrace/examples/internal/plots"
	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/gomlx/autolog"
	"github.com/millrace-ml/millrace/mlflow"
)

// shownEpochs is the approximate number of epochs that are printed. The page prints all
// of its 50 epochs.
const shownEpochs = 50

// Options are the settings of a training. Default returns those of the page.
type Options struct {
	Experiment   string
	RegisterAs   string
	Epochs       int
	LearningRate float64
	// Seed initializes the random weights and the dropout. 0 chooses a random seed.
	Seed int64
	// Source is where the data come from.
	Source string
	// Out receives the output of the page.
	Out io.Writer
}

// Default returns the settings of the page with output to out.
func Default(out io.Writer) Options {
	return Options{
		Experiment: "breast-cancer", RegisterAs: "breast-cancer-classifier", Epochs: 50, LearningRate: 1e-4, Seed: 2,
		Source: "https://doi.org/10.24432/C5DW2B", Out: out,
	}
}

// Result is the result of a training.
type Result struct {
	RunID    string
	Version  *mlflow.ModelVersion
	Accuracy float64 // The accuracy of the registered model on the test rows.
}

// Run trains on data, logs the training, and evaluates the registered model.
func Run(ctx context.Context, client *mlflow.Client, data *frame.Frame, o Options) (*Result, error) {
	if _, err := client.SetExperiment(ctx, o.Experiment); err != nil {
		return nil, err
	}
	result := &Result{}
	options := mlflow.RunOptions{EndOnSignal: true, Description: "The breast cancer guide, in Go with GoMLX."}
	err := client.WithRun(ctx, options, func(ctx context.Context, run *mlflow.ActiveRun) error {
		result.RunID = run.ID()
		fmt.Fprintln(o.Out, "Run:", run.URL())
		if err := explore(ctx, run, data, o.Out); err != nil {
			return err
		}
		parts, err := prepare(data)
		if err != nil {
			return err
		}
		if err := run.LogDict(ctx, parts.scaler, "scaler.json"); err != nil {
			return err
		}
		datasets, err := parts.describe(o.Source)
		if err != nil {
			return err
		}
		info, err := fit(ctx, run, parts, datasets, &o)
		if err != nil {
			return err
		}
		result.Version = info.Version
		result.Accuracy, err = evaluate(ctx, run, info, &parts.test, datasets["test"], o.Out)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, promote(ctx, client, result.Version, o.Out)
}

// fit trains the model, and logs its losses and the model to the run.
func fit(
	ctx context.Context, run *mlflow.ActiveRun, parts *split, datasets map[string]*mlflow.Dataset, o *Options,
) (*mlflow.ModelInfo, error) {
	backend, err := trainer.Backend()
	if err != nil {
		return nil, err
	}
	store := model.NewStore()
	store.SetParam(layers.ParamDropoutRate, dropout)
	if o.Seed != 0 {
		store.SetParam(model.ParamInitialSeed, o.Seed)
	}
	adam := optimizer.Adam().LearningRate(o.LearningRate).Epsilon(1e-8).Done()
	gomlxTrainer := train.NewTrainer(backend, store, Classifier, loss.BinaryCrossentropyLogits, adam,
		nil, []metric.Interface{metric.NewMeanBinaryLogitsAccuracy("Mean Accuracy", "#acc")})
	loop := train.NewLoop(gomlxTrainer)
	var losses, validation plots.Series
	losses.Name, validation.Name = "Training Loss", "Validation Loss"
	example := &mlflow.Tensor{Shape: []int{1, features}, Data: parts.train.x[:features]}
	auto, err := autolog.Autolog(ctx, run, loop, autolog.Options{
		EverySteps: 1, Optimizer: adam, Datasets: datasets, Evaluate: parts.test.batch("test"),
		Params: map[string]any{
			"epochs": o.Epochs, "learning_rate": o.LearningRate, "batch_size": len(parts.train.y),
			"loss_function": "BCEWithLogitsLoss", "test_size": testShare, "random_state": splitSeed,
		},
		OnEpoch: func(epoch int, m map[string]float64) {
			losses.Y, validation.Y = append(losses.Y, m["train_loss"]), append(validation.Y, m["eval_loss"])
			if n := epoch + 1; n%max(1, o.Epochs/shownEpochs) != 0 && n != o.Epochs {
				return
			}
			fmt.Fprintf(o.Out, "Epoch [%d/%d], Loss: %.4f, Val Loss: %.4f\n",
				epoch+1, o.Epochs, m["train_loss"], m["eval_loss"])
		},
		Model: &autolog.Model{
			Fn: exported, Inputs: inputs, Outputs: outputs, Example: example,
			Options: mlflow.ModelOptions{RegisterAs: o.RegisterAs},
		},
	})
	if err != nil {
		return nil, err
	}
	defer auto.Close() //nolint:contextcheck // Close uses the context of Autolog.
	if _, err := loop.RunEpochs(auto.Watch(parts.train.batch("training")), o.Epochs); err != nil {
		return nil, err
	}
	draw := logPlot(ctx, run, "training_and_validation_loss.png")
	err = draw(plots.Lines("Training and Validation Loss Over Epochs", "Epochs", "Loss", losses, validation))
	info := auto.ModelInfo()
	if info == nil || info.Version == nil {
		return nil, errors.Join(err, fmt.Errorf("the model was not registered: %w", auto.Err()))
	}
	return info, err
}

// promote moves the version to Staging, which the page of the registered model shows.
func promote(ctx context.Context, client *mlflow.Client, v *mlflow.ModelVersion, out io.Writer) error {
	moved, err := client.TransitionStage(ctx, &mlflow.TransitionStageRequest{
		Name: v.Name, Version: v.Version, Stage: mlflow.StageStaging,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Version %s of %s is in %s: %s/#/models/%s\n",
		moved.Version, moved.Name, moved.CurrentStage, client.URL(), moved.Name)
	return nil
}

// sigmoid returns the probability of a logit.
func sigmoid(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }
