package autolog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/gomlx/onnx"
	"github.com/millrace-ml/millrace/mlflow"
)

// Model describes the model that is logged.
type Model struct {
	// Name is the name of the logged model. The default is "model".
	Name string
	// Fn builds the graph that computes the outputs from the inputs.
	Fn onnx.ModelFn
	// Inputs and Outputs describe the tensors; see [onnx.Export].
	Inputs, Outputs []mlflow.TensorSpec
	// Example is an example input that is logged with the model. Nil logs none.
	Example *mlflow.Tensor
	// Options has further options, for example a name to register the model.
	Options mlflow.ModelOptions
}

// Log exports the model with the variables of store and logs it to the run as the model of a training step.
func (m *Model) Log(
	ctx context.Context, run *mlflow.ActiveRun, store *model.Store, step int64,
) (*mlflow.ModelInfo, error) {
	outputs := slices.Clone(m.Outputs)
	file, err := onnx.Export(store, m.Fn, m.Inputs, outputs)
	if err != nil {
		return nil, err
	}
	options := m.Options
	options.Step = step
	saver := mlflow.ONNXModel(file, unnamed(m.Inputs), unnamed(outputs), m.Example)
	return run.LogModel(ctx, m.name(), saver, options)
}

func (m *Model) name() string { return cmp.Or(m.Name, "model") }

// initializeModel creates the logged model that the metrics of the training refer to.
func (l *Logger) initializeModel() error {
	m := l.options.Model
	if m == nil || l.pending != "" {
		return nil
	}
	if l.pending = m.Options.ModelID; l.pending != "" {
		return nil
	}
	created, err := l.run.InitializeModel(l.ctx, m.name(), m.Options)
	if errors.Is(err, mlflow.EndpointNotFound) {
		return nil // Servers older than MLflow 3 have no logged models.
	}
	if err != nil {
		return fmt.Errorf("creating the logged model: %w", err)
	}
	l.pending = created.Info.ModelID
	return nil
}

// logModel logs the files of the model. The next training with the same logger creates another logged model.
func (l *Logger) logModel() error {
	m := *l.options.Model
	m.Options.ModelID = l.pending
	var err error
	l.model, err = m.Log(l.ctx, l.run, l.loop.Trainer.Store(), int64(l.loop.LoopStep))
	if err == nil {
		l.pending = ""
	}
	return err
}

// abandonTimeout limits the request of abandonModel, which is also sent after the training was canceled.
const abandonTimeout = 10 * time.Second

// abandonModel marks a logged model without files as failed, so that it does not stay pending.
func (l *Logger) abandonModel() {
	if l.pending == "" {
		return
	}
	ctx, cancel := context.WithTimeout(l.cleanup, abandonTimeout)
	defer cancel()
	if _, err := l.run.Client().FinalizeLoggedModel(ctx, l.pending, mlflow.ModelUploadFailed); err != nil {
		slog.WarnContext(ctx, "the logged model stays pending", "model_id", l.pending, "error", err)
	}
	l.pending = ""
}

// unnamed removes the name of a single tensor, so that Python clients can pass an array instead of a dictionary.
func unnamed(specs []mlflow.TensorSpec) []mlflow.TensorSpec {
	if len(specs) != 1 {
		return specs
	}
	return []mlflow.TensorSpec{{DType: specs[0].DType, Shape: specs[0].Shape}}
}

// ofTraining reports whether a variable belongs to the training rather than to the model: global variables and those
// of optimizers, metrics and the trainer.
func ofTraining(v *model.Variable) bool {
	scope, _, _ := strings.Cut(strings.TrimPrefix(v.Scope(), "/"), "/")
	switch scope {
	case "", optimizer.Scope, metric.Scope, "trainer":
		return true
	}
	return strings.HasSuffix(scope, "Optimizer")
}

// learningRate returns the learning rate, which GoMLX's optimizers store in a variable with the type of the loss. It
// returns nil if there is no such variable.
func learningRate(store *model.Store) (any, error) {
	v := store.GetVariable(path.Join("/", optimizer.Scope, optimizer.ParamLearningRate))
	if v == nil {
		return nil, nil
	}
	t, err := v.Value()
	if err != nil {
		return nil, fmt.Errorf("reading the learning rate: %w", err)
	}
	return t.Value(), nil
}

// Summary returns a table of the variables of a model with their shapes and sizes.
func Summary(store *model.Store) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variable\tshape\tparameters\ttrainable")
	total, trainable := 0, 0
	for v := range store.IterVariables() {
		if ofTraining(v) {
			continue
		}
		n := v.Shape().Size()
		total += n
		yes := "no"
		if v.Trainable {
			trainable += n
			yes = "yes"
		}
		fmt.Fprintf(w, "%s\t%v\t%d\t%s\n", v.Path(), v.Shape().Dimensions, n, yes)
	}
	fmt.Fprintf(w, "total\t\t%d\t%d\n", total, trainable)
	_ = w.Flush() // Writing to a strings.Builder does not fail.
	return out.String()
}

// checkpoint saves all variables, including those of the optimizer, and uploads them. GoMLX's checkpoint.Load reads
// the downloaded files.
func (l *Logger) checkpoint() error {
	if l.checkpoints == nil {
		dir, err := os.MkdirTemp("", "millrace-checkpoints-")
		if err != nil {
			return err
		}
		l.checkpoints, err = checkpoint.Build(l.loop.Trainer.Store()).Dir(filepath.Join(dir, "newest")).Keep(1).Done()
		if err != nil {
			return fmt.Errorf("saving a checkpoint: %w", err)
		}
	}
	if err := l.checkpoints.Save(); err != nil {
		return fmt.Errorf("saving a checkpoint: %w", err)
	}
	return l.run.LogArtifacts(l.ctx, l.checkpoints.Dir(), fmt.Sprintf("checkpoints/epoch-%d", l.epoch))
}
