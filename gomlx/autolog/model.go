package autolog

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/millrace-ml/millrace/gomlx/onnx"
	"github.com/millrace-ml/millrace/mlflow"
)

// Model says how a model predicts, so that it can be logged.
type Model struct {
	// Name is the logged model's; empty for "model".
	Name string
	// Fn builds the graph from inputs to outputs.
	Fn onnx.ModelFn
	// Inputs and Outputs name the tensors; see [onnx.Export].
	Inputs, Outputs []mlflow.TensorSpec
	// Example is an input to try the model with; nil for none.
	Example *mlflow.Tensor
	// Options register the model, and say more about it.
	Options mlflow.ModelOptions
}

// Log exports the model with the variables of store and logs it to the run, as
// it stands at a training step.
func (m *Model) Log(ctx context.Context, run *mlflow.ActiveRun, store *model.Store, step int64) (*mlflow.ModelInfo, error) {
	outputs := slices.Clone(m.Outputs)
	file, err := onnx.Export(store, m.Fn, m.Inputs, outputs)
	if err != nil {
		return nil, err
	}
	options := m.Options
	options.Step = step
	saver := mlflow.ONNXModel(file, unnamed(m.Inputs), unnamed(outputs), m.Example)
	return run.LogModel(ctx, cmp.Or(m.Name, "model"), saver, options)
}

// unnamed drops the name of a single tensor, so that Python's clients may pass
// an array instead of a dictionary.
func unnamed(specs []mlflow.TensorSpec) []mlflow.TensorSpec {
	if len(specs) != 1 {
		return specs
	}
	return []mlflow.TensorSpec{{DType: specs[0].DType, Shape: specs[0].Shape}}
}

// ofTraining tells variables that training needs from those of the model: the
// global ones, and those of optimizers, metrics and the trainer.
func ofTraining(v *model.Variable) bool {
	scope, _, _ := strings.Cut(strings.TrimPrefix(v.Scope(), "/"), "/")
	return scope == "" || scope == optimizer.Scope || scope == metric.Scope || scope == "trainer" || strings.HasSuffix(scope, "Optimizer")
}

// learningRate returns the rate that GoMLX's optimizers keep as a variable, a float
// of the loss's type, or nil where there is none.
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

// Summary lists the variables of a model with their shapes and sizes.
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
	_ = w.Flush() // A strings.Builder takes everything.
	return out.String()
}

// checkpoint saves all variables, those of the optimizer included, and uploads
// them. GoMLX's checkpoint.Load reads what DownloadArtifacts brings back.
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
