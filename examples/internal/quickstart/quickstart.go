// Package quickstart is MLflow's PyTorch quickstart in Go. It trains a small
// convolutional network on FashionMNIST with GoMLX, logs params, metrics, a summary and
// the model to a tracking server, loads the model back and predicts. Comments call the
// quickstart in MLflow's documentation "the page".
package quickstart

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/examples/internal/idx"
	"github.com/millrace-ml/millrace/examples/internal/plots"
	"github.com/millrace-ml/millrace/examples/internal/trainer"
	"github.com/millrace-ml/millrace/gomlx/autolog"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// Options are the settings of a training. Default returns those of the page.
type Options struct {
	Experiment   string
	Epochs       int
	BatchSize    int
	LearningRate float64
	// Seed initializes the random weights. 0 chooses a random seed.
	Seed int64
	// Dataset is the name of the images in the run, and Source is where they come from.
	Dataset, Source string
	// Out receives the output of the page and a progress bar.
	Out io.Writer
}

// Default returns the settings of the page with output to out.
func Default(out io.Writer) Options {
	return Options{
		Experiment: "mlflow-pytorch-quickstart", Epochs: 3, BatchSize: 64, LearningRate: 1e-3, Seed: 1,
		Dataset: "FashionMNIST", Source: idx.FashionMNIST, Out: out,
	}
}

// Synthetic changes the settings for the images of [idx.Synthetic], which must not be
// logged as FashionMNIST.
func (o *Options) Synthetic() {
	o.Dataset, o.Source = "synthetic-images", "idx.Synthetic"
}

// Result is the result of a training.
type Result struct {
	RunID    string
	ModelURI string
	Accuracy float64 // The accuracy of the last epoch on the test images.
	Loss     float64
	// Outputs are the logits of the first training image, computed by the model that the
	// server returned.
	Outputs []float32
}

// Run trains on data, logs the training, loads the logged model and predicts with it.
func Run(ctx context.Context, client *mlflow.Client, data *idx.Set, o Options) (*Result, error) {
	fmt.Fprintf(o.Out, "Image size: [1, %d, %d]\nSize of training dataset: %d\nSize of test dataset: %d\n",
		side, side, data.Train.Images.Len(), data.Test.Images.Len())
	if _, err := client.SetExperiment(ctx, o.Experiment); err != nil {
		return nil, err
	}
	result := &Result{}
	options := mlflow.RunOptions{EndOnSignal: true, Description: "MLflow's PyTorch quickstart, in Go with GoMLX."}
	err := client.WithRun(ctx, options, func(ctx context.Context, run *mlflow.ActiveRun) error {
		result.RunID = run.ID()
		fmt.Fprintln(o.Out, "Run:", run.URL())
		return fit(ctx, run, data, &o, result)
	})
	if err != nil {
		return nil, err
	}
	loaded, err := mlflow.LoadModel(ctx, client, result.ModelURI, models.Open)
	if err != nil {
		return nil, err
	}
	result.Outputs, err = predict(ctx, loaded, data.Train.Images, 0)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.Out, "Outputs of the loaded model for the first image: %.4f\n", result.Outputs)
	return result, nil
}

// fit trains the model and logs it to the run.
func fit(ctx context.Context, run *mlflow.ActiveRun, data *idx.Set, o *Options, result *Result) error {
	backend, err := trainer.Backend()
	if err != nil {
		return err
	}
	store := model.NewStore()
	if o.Seed != 0 {
		store.SetParam(model.ParamInitialSeed, o.Seed)
	}
	sgd := optimizer.StochasticGradientDescent().WithLearningRate(o.LearningRate).WithDecay(false)
	accuracy := metric.NewBaseMetric(
		"Accuracy", "acc", metric.AccuracyMetricType, metric.SparseCategoricalAccuracyGraph, nil)
	meanAccuracy := metric.NewSparseCategoricalAccuracy("Mean Accuracy", "#acc")
	loop := train.NewLoop(train.NewTrainer(backend, store, Classifier, loss.SparseCategoricalCrossEntropyLogits, sgd,
		[]metric.Interface{accuracy}, []metric.Interface{meanAccuracy}))

	datasets, err := describe(o, data)
	if err != nil {
		return err
	}
	training := batches(o.Dataset+", training", &data.Train, o.BatchSize)
	test := batches(o.Dataset+", test", &data.Test, o.BatchSize)
	auto, err := autolog.Autolog(ctx, run, loop, autolog.Options{
		Optimizer: sgd,
		Params: map[string]any{
			"epochs": o.Epochs, "learning_rate": o.LearningRate, "batch_size": o.BatchSize,
			"loss_function": "CrossEntropyLoss", "metric_function": "MulticlassAccuracy", "optimizer": "SGD",
		},
		Datasets: datasets,
		Evaluate: test,
		OnEpoch: func(_ int, m map[string]float64) {
			result.Accuracy, result.Loss = m["eval_accuracy"], m["eval_loss"]
			fmt.Fprintf(o.Out, "Eval metrics: \nAccuracy: %.2f, Avg loss: %.6f \n\n", result.Accuracy, result.Loss)
		},
		Model: describeModel(&data.Train),
	})
	if err != nil {
		return err
	}
	defer auto.Close() //nolint:contextcheck // Close uses the context of Autolog.
	summary, err := network.Summary(backend, "ImageClassifier", o.BatchSize, 1, side, side)
	if err != nil {
		return err
	}
	fmt.Fprintln(o.Out, summary)
	trainer.Progress(loop, o.Out, o.Epochs, training.Batches(), map[string]string{"loss": "loss", "acc": "accuracy"})
	if _, err := loop.RunEpochs(auto.Watch(training), o.Epochs); err != nil {
		return err
	}
	// This replaces the summary that autologging writes.
	if err := run.LogText(ctx, summary, "model_summary.txt"); err != nil {
		return err
	}
	info := auto.ModelInfo()
	if info == nil {
		return fmt.Errorf("the model was not logged: %w", auto.Err())
	}
	result.ModelURI = info.URI
	return samples(ctx, run, result.ModelURI, data)
}

// The numbers of test images in the picture and in the table.
const (
	shown     = 32
	tabulated = 100
)

// samples logs a picture of test images with their predictions and a table of logits.
func samples(ctx context.Context, run *mlflow.ActiveRun, uri string, data *idx.Set) error {
	loaded, err := mlflow.LoadModel(ctx, run.Client(), uri, models.Open)
	if err != nil {
		return err
	}
	names := idx.FashionNames()
	table := &mlflow.Table{Columns: append([]string{"truth", "prediction"}, names...)}
	var captions []string
	for i := range min(tabulated, data.Test.Images.Len()) {
		logits, err := predict(ctx, loaded, data.Test.Images, i)
		if err != nil {
			return err
		}
		truth, guess := names[data.Test.Labels[i]], names[argmax(logits)]
		row := []any{truth, guess}
		for _, v := range logits {
			row = append(row, v)
		}
		table.Rows = append(table.Rows, row)
		if guess != truth {
			guess += " (" + truth + ")"
		}
		captions = append(captions, guess)
	}
	if err := run.LogTable(ctx, table, "predictions.json"); err != nil {
		return err
	}
	captions = captions[:min(shown, len(captions))]
	images := *data.Test.Images
	images.Pixels = images.Pixels[:len(captions)*side*side]
	picture, err := plots.ImageGrid("Test images: prediction (truth, if different)", &images, captions, 8)
	if err != nil {
		return err
	}
	return run.LogFigure(ctx, bytes.NewReader(picture), "predictions.png")
}

// predict returns the logits [10] of one image.
func predict(ctx context.Context, m *models.Model, images *idx.Images, i int) ([]float32, error) {
	x, err := mlflow.NewTensor(scaled(images.At(i)), 1, 1, side, side)
	if err != nil {
		return nil, err
	}
	y, err := m.Predict(ctx, x)
	if err != nil {
		return nil, err
	}
	return y.Float32s()
}

func argmax(list []float32) int {
	best := 0
	for i, v := range list {
		if v > list[best] && !math.IsNaN(float64(v)) {
			best = i
		}
	}
	return best
}

// describeModel describes the model to log, with the first image as its example.
func describeModel(data *idx.Split) *autolog.Model {
	return &autolog.Model{
		Fn:      exported,
		Inputs:  []mlflow.TensorSpec{{Name: "image", DType: "float32", Shape: []int{-1, 1, side, side}}},
		Outputs: []mlflow.TensorSpec{{Name: "logits"}},
		Example: &mlflow.Tensor{Shape: []int{1, 1, side, side}, Data: slices.Clone(scaled(data.Images.At(0)))},
	}
}
