// Package autolog logs what a GoMLX training loop does to MLflow: parameters, the
// optimizer, metrics by step and by epoch, datasets, a summary of the model,
// system metrics, checkpoints, and the model itself as ONNX.
//
//	auto, err := autolog.Autolog(ctx, run, loop, autolog.Options{Evaluate: test, Model: &autolog.Model{...}})
//	defer auto.Close()
//	_, err = loop.RunEpochs(auto.Watch(training), 3)
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

// hookPriority lets the hooks run after those that others add with the default.
const hookPriority = 100

// Options says what is logged beyond what the loop itself tells.
type Options struct {
	// EverySteps is how many steps lie between logged training metrics; 0 for 100.
	EverySteps int
	// Optimizer is the trainer's, which does not say by itself.
	Optimizer optimizer.Interface
	// Params are logged as they are, and win over what is found out.
	Params map[string]any
	// Datasets are logged as inputs of the run, by their purpose: training, test.
	Datasets map[string]*mlflow.Dataset
	// Evaluate is evaluated at the end of each epoch.
	Evaluate train.Dataset
	// OnEpoch is told the metrics of each epoch, after it was evaluated.
	OnEpoch func(epoch int, metrics map[string]float64)
	// Model is logged when training ends; nil for none.
	Model *Model
	// CheckpointEvery is how many epochs lie between checkpoints, which are
	// uploaded to checkpoints/epoch-<n>; 0 for none.
	CheckpointEvery int
	// SystemEvery is how often system metrics are sampled; 0 for 10 s, less for never.
	SystemEvery time.Duration
}

// Logger logs one training loop.
type Logger struct {
	ctx     context.Context // Of the training, which hooks are not given.
	run     *mlflow.ActiveRun
	loop    *train.Loop
	options Options
	system  *sysmetrics.Sampler
	model   *mlflow.ModelInfo
	// checkpoints keeps the newest one in a folder of its own, nil until the first.
	checkpoints *checkpoint.Handler

	begun     bool
	stepped   bool // What the first step makes is logged.
	rateGiven bool // The learning rate is among the params.
	rate      float64
	errs      []error // The first errors of tracking; see Err.
	epoch     int
	lossSum   float64
	lossCount int
}

// Autolog hooks a logger into the loop. What goes wrong with tracking, such as a
// server that refuses, is logged with [log/slog] and returned by [Logger.Err]; it
// ends the training only if the run is strict (see [mlflow.RunOptions]). A dataset
// that cannot be evaluated ends the training, and so does the end of ctx.
func Autolog(ctx context.Context, run *mlflow.ActiveRun, loop *train.Loop, o Options) (*Logger, error) {
	if o.EverySteps == 0 {
		o.EverySteps = 100
	}
	if o.EverySteps < 0 || o.CheckpointEvery < 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "EverySteps (%d) and CheckpointEvery (%d) must not be negative", o.EverySteps, o.CheckpointEvery)
	}
	if o.SystemEvery == 0 {
		o.SystemEvery = 10 * time.Second
	}
	l := &Logger{ctx: ctx, run: run, loop: loop, options: o}
	loop.OnStart("mlflow", hookPriority, l.onStart)
	loop.OnStep("mlflow", hookPriority, l.onStep)
	loop.OnEnd("mlflow", hookPriority, l.onEnd)
	return l, nil
}

// Close stops sampling the system and removes the local copy of the newest
// checkpoint; call it when training is over, also after an error.
func (l *Logger) Close() {
	if l.system != nil {
		l.system.Stop()
		l.system = nil
	}
	if l.checkpoints != nil {
		_ = os.RemoveAll(filepath.Dir(l.checkpoints.Dir()))
		l.checkpoints = nil
	}
}

// ModelInfo returns the model that was logged when training ended; nil before, and
// if it could not be logged, which [Logger.Err] tells.
func (l *Logger) ModelInfo() *mlflow.ModelInfo { return l.model }

// Watch returns ds, and notices when an epoch of it is over. Training on a dataset
// that is not watched counts as one epoch.
func (l *Logger) Watch(ds train.Dataset) train.Dataset { return &watched{ds, l} }

type watched struct {
	train.Dataset
	logger *Logger
}

// Iter yields the dataset's batches, and ends the epoch after the step that the
// last one is used for.
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

// optimizerName names an optimizer by its type: SGD for *optimizer.SGDConfig.
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
	if rate != nil && shapes.ConvertTo[float64](rate) != l.rate { // A schedule is at work.
		l.rate = shapes.ConvertTo[float64](rate)
		metrics[optimizer.ParamLearningRate] = l.rate
	}
	return l.tracked(l.run.LogMetrics(l.ctx, metrics, int64(loop.LoopStep)))
}

// onFirstStep logs what is there only once the graph was built: the model's
// variables, and the learning rate that the optimizer has by default.
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

// endEpoch logs the mean training loss and what the evaluation finds.
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
	if err := l.tracked(l.run.LogMetrics(l.ctx, metrics, int64(l.epoch))); err != nil {
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

// onEnd ends an epoch that nobody watched, which RunSteps has for one, and logs
// the model.
func (l *Logger) onEnd(*train.Loop, []*tensors.Tensor) error {
	if err := l.endEpoch(); err != nil {
		return err
	}
	if l.options.Model == nil {
		return nil
	}
	var err error
	l.model, err = l.options.Model.Log(l.ctx, l.run, l.loop.Trainer.Store(), int64(l.loop.LoopStep))
	return l.tracked(err)
}

// named pairs values with the names of their metrics: Mean Loss becomes loss.
func named(metrics []metric.Interface, values []*tensors.Tensor, prefix string) map[string]float64 {
	out := map[string]float64{}
	for i, m := range metrics {
		name := strings.ToLower(strings.TrimPrefix(m.Name(), "Mean "))
		out[prefix+strings.ReplaceAll(name, " ", "_")] = shapes.ConvertTo[float64](values[i].Value())
	}
	return out
}
