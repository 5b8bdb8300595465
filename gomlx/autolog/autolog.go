// Package autolog logs a GoMLX training loop to MLflow: parameters, the optimizer, metrics by step and by epoch,
// datasets, a summary of the model, system metrics, checkpoints, and the model itself as ONNX.
//
//	auto, err := autolog.Autolog(ctx, run, loop, autolog.Options{Evaluate: test, Model: &autolog.Model{...}})
//	defer auto.Close()
//	_, err = loop.RunEpochs(auto.Watch(training), 3)
//
// With Options.Model, the logged model is created when training starts and its files are uploaded when training ends.
// The metrics of the training carry the model's id, as with MLflow's autologging, so that models can be compared by
// their metrics.
package autolog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/sysmetrics"
)

// hookPriority runs the hooks after those with the default priority of 0, which may change the values that are logged.
const hookPriority = 100

// Options configures what is logged in addition to what the loop provides.
type Options struct {
	// EverySteps is the number of steps between logged training metrics. The default is 100.
	EverySteps int
	// Optimizer is the optimizer of the trainer, which has no method to return it.
	Optimizer optimizer.Interface
	// Params are logged as given. They override params that the logger determines itself.
	Params map[string]any
	// Datasets are logged as inputs of the run. The key is the context of the dataset, such as training or test.
	Datasets map[string]*mlflow.Dataset
	// Evaluate is the dataset that the trainer evaluates at the end of each epoch.
	Evaluate train.Dataset
	// OnEpoch is called with the metrics of each epoch, after the evaluation.
	OnEpoch func(epoch int, metrics map[string]float64)
	// Model is logged when training ends. Nil logs no model.
	Model *Model
	// CheckpointEvery is the number of epochs between checkpoints, which are uploaded to checkpoints/epoch-<n>. 0
	// disables checkpoints.
	CheckpointEvery int
	// SystemEvery is the interval of system metrics. The default is 10 s; a negative value disables them.
	SystemEvery time.Duration
}

// Logger logs one training loop.
type Logger struct {
	ctx     context.Context // The context of the training. GoMLX passes none to hooks.
	cleanup context.Context // The same context without its end, for Close.
	run     *mlflow.ActiveRun
	loop    *train.Loop
	options Options
	system  *sysmetrics.Sampler
	model   *mlflow.ModelInfo
	pending string // The id of the logged model whose files are not logged yet; empty if there is none.
	// checkpoints keeps the newest checkpoint in a temporary directory. It is nil before the first checkpoint.
	checkpoints *checkpoint.Handler

	begun     bool
	stepped   bool // The first step is logged.
	rateGiven bool // The learning rate is one of the params.
	rate      float64
	errs      []error // The first tracking errors; see Err.
	epoch     int
	lossSum   float64
	lossCount int
}

// Autolog adds the hooks of a new logger to the loop. Tracking errors, for example because the server rejects a
// request, are logged with [log/slog] and returned by [Logger.Err]. They end the training only if the run is strict;
// see [mlflow.RunOptions]. An error of the evaluation ends the training, and so does the end of ctx.
func Autolog(ctx context.Context, run *mlflow.ActiveRun, loop *train.Loop, o Options) (*Logger, error) {
	if o.EverySteps == 0 {
		o.EverySteps = 100
	}
	if o.EverySteps < 0 || o.CheckpointEvery < 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"EverySteps (%d) and CheckpointEvery (%d) must not be negative", o.EverySteps, o.CheckpointEvery)
	}
	if o.SystemEvery == 0 {
		o.SystemEvery = 10 * time.Second
	}
	l := &Logger{ctx: ctx, cleanup: context.WithoutCancel(ctx), run: run, loop: loop, options: o}
	loop.OnStart("mlflow", hookPriority, l.onStart)
	loop.OnStep("mlflow", hookPriority, l.onStep)
	loop.OnEnd("mlflow", hookPriority, l.onEnd)
	return l, nil
}

// Close stops the system metrics and removes the local copy of the newest checkpoint. A logged model that has no
// files, because the training failed, becomes FAILED. Call Close when the training is over, also after an error.
func (l *Logger) Close() {
	l.abandonModel()
	if l.system != nil {
		l.system.Stop()
		l.system = nil
	}
	if l.checkpoints != nil {
		_ = os.RemoveAll(filepath.Dir(l.checkpoints.Dir()))
		l.checkpoints = nil
	}
}

// ModelInfo returns the model that was logged when training ended. It is nil before, and if the model could not be
// logged; [Logger.Err] then returns the reason.
func (l *Logger) ModelInfo() *mlflow.ModelInfo { return l.model }

// Watch returns a dataset with the batches of ds that reports the end of an epoch to the logger. Training on a
// dataset that is not watched counts as one epoch.
func (l *Logger) Watch(ds train.Dataset) train.Dataset { return &watched{ds, l} }

type watched struct {
	train.Dataset
	logger *Logger
}

// Iter yields the batches of the dataset. The epoch ends after the step on the last batch.
func (w *watched) Iter() iter.Seq2[train.Batch, error] {
	return func(yield func(train.Batch, error) bool) {
		for batch, err := range w.Dataset.Iter() {
			if !yield(batch, err) {
				return
			}
		}
		if err := w.logger.endEpoch(); err != nil {
			yield(train.Batch{}, err)
		}
	}
}

func (l *Logger) onStart(loop *train.Loop, ds train.Dataset) error {
	if l.options.SystemEvery > 0 && l.system == nil {
		l.system = sysmetrics.Start(l.ctx, l.run, l.options.SystemEvery)
	}
	if err := l.tracked(l.initializeModel()); err != nil {
		return err
	}
	if l.begun {
		return nil
	}
	l.begun = true
	params := map[string]any{"backend": loop.Trainer.Backend().Name(), "dataset": ds.Name()}
	for path, v := range loop.Trainer.Store().IterParams() {
		params[strings.ReplaceAll(strings.Trim(path, "/"), "/", ".")] = v
	}
	if l.options.Optimizer != nil {
		params["optimizer"] = optimizerName(l.options.Optimizer)
	}
	maps.Copy(params, l.options.Params)
	_, l.rateGiven = params[optimizer.ParamLearningRate]
	if err := l.tracked(l.run.LogParams(l.ctx, params)); err != nil {
		return err
	}
	for purpose, d := range l.options.Datasets {
		if err := l.tracked(l.run.LogInput(l.ctx, d, purpose)); err != nil {
			return err
		}
	}
	return nil
}

// optimizerName returns the name of an optimizer's type: SGD for *optimizer.SGDConfig.
func optimizerName(o optimizer.Interface) string {
	t := reflect.TypeOf(o)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := strings.TrimSuffix(strings.TrimSuffix(t.Name(), "Config"), "Optimizer")
	return strings.ToUpper(name[:1]) + name[1:]
}

func (l *Logger) onStep(loop *train.Loop, values []*tensors.Tensor) error {
	if !l.stepped {
		l.stepped = true
		if err := l.tracked(l.onFirstStep(loop.Trainer.Store())); err != nil {
			return err
		}
	}
	l.lossSum += shapes.ConvertTo[float64](values[0].Value())
	l.lossCount++
	if loop.LoopStep%l.options.EverySteps != 0 {
		return nil
	}
	metrics := named(loop.Trainer.TrainMetrics(), values, "")
	rate, err := learningRate(loop.Trainer.Store())
	if err := l.tracked(err); err != nil {
		return err
	}
	if rate != nil && shapes.ConvertTo[float64](rate) != l.rate { // A schedule changed the rate.
		l.rate = shapes.ConvertTo[float64](rate)
		metrics[optimizer.ParamLearningRate] = l.rate
	}
	return l.tracked(l.logMetrics(metrics, loop.LoopStep))
}

// logMetrics logs metrics of the training with the id of the logged model.
func (l *Logger) logMetrics(metrics map[string]float64, step int) error {
	var list []mlflow.Metric
	for _, key := range slices.Sorted(maps.Keys(metrics)) {
		list = append(list, mlflow.Metric{Key: key, Value: metrics[key], Step: int64(step), ModelID: l.pending})
	}
	return l.run.Log(l.ctx, list...)
}

// onFirstStep logs what exists only after the first step has built the graph: the variables of the model and the
// learning rate of the optimizer.
func (l *Logger) onFirstStep(store *model.Store) error {
	summary := l.run.LogText(l.ctx, Summary(store), "model_summary.txt")
	rate, err := learningRate(store)
	if rate == nil || err != nil {
		return errors.Join(summary, err)
	}
	l.rate = shapes.ConvertTo[float64](rate)
	if l.rateGiven {
		return summary
	}
	return errors.Join(summary, l.run.LogParam(l.ctx, optimizer.ParamLearningRate, rate))
}

// endEpoch logs the mean training loss and the metrics of the evaluation.
func (l *Logger) endEpoch() error {
	if l.lossCount == 0 {
		return nil
	}
	metrics := map[string]float64{"train_loss": l.lossSum / float64(l.lossCount)}
	l.lossSum, l.lossCount = 0, 0
	if l.options.Evaluate != nil {
		values, err := l.loop.Trainer.Eval(l.options.Evaluate)
		if err != nil {
			return fmt.Errorf("evaluating epoch %d: %w", l.epoch, err)
		}
		maps.Copy(metrics, named(l.loop.Trainer.EvalMetrics(), values, "eval_"))
	}
	if err := l.tracked(l.logMetrics(metrics, l.epoch)); err != nil {
		return err
	}
	if l.options.OnEpoch != nil {
		l.options.OnEpoch(l.epoch, metrics)
	}
	l.epoch++
	if every := l.options.CheckpointEvery; every > 0 && l.epoch%every == 0 {
		return l.tracked(l.checkpoint())
	}
	return nil
}

// onEnd ends the epoch of a dataset that is not watched and logs the model.
func (l *Logger) onEnd(*train.Loop, []*tensors.Tensor) error {
	if err := l.endEpoch(); err != nil {
		return err
	}
	if l.options.Model == nil {
		return nil
	}
	return l.tracked(l.logModel())
}

// named maps the names of metrics to their values. The name "Mean Loss" becomes "loss".
func named(metrics []metric.Interface, values []*tensors.Tensor, prefix string) map[string]float64 {
	out := map[string]float64{}
	for i, m := range metrics {
		name := strings.ToLower(strings.TrimPrefix(m.Name(), "Mean "))
		out[prefix+strings.ReplaceAll(name, " ", "_")] = shapes.ConvertTo[float64](values[i].Value())
	}
	return out
}
