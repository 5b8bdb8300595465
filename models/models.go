// Package models loads models from MLflow's model directories and runs them, with no
// Python: ONNX files, and the .pt2 archives of torch.export that
// mlflow.pytorch.log_model writes. It knows the operators of ordinary networks and
// refuses, by name, a model that uses another.
//
// A file is not trusted: it is read within fixed limits, its numbers are checked
// before they are used, nothing in it is executed and no pickle is opened.
package models

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Model is a model that can be run. It does not change after it was opened, so
// that any number of goroutines may run it at the same time.
type Model struct {
	program  *graph.Program
	metadata *Metadata
	classes  map[string][]string
}

// Classes returns the names of the columns of an output that the file makes a map of
// for every row, as scikit-learn's classifiers have it; nil for all others.
func (m *Model) Classes(output string) []string { return slices.Clone(m.classes[output]) }

// Inputs describes what the model takes, in the order of its graph. A dimension of
// -1 may have any size.
func (m *Model) Inputs() []mlflow.TensorSpec { return specsOf(m.program.Inputs) }

// Outputs describes what the model returns, in the order of its graph. A dimension
// of -1 depends on the inputs.
func (m *Model) Outputs() []mlflow.TensorSpec { return specsOf(m.program.Outputs) }

func specsOf(ports []graph.Port) []mlflow.TensorSpec {
	out := make([]mlflow.TensorSpec, len(ports))
	for i, p := range ports {
		out[i] = p.Spec
		out[i].Shape = slices.Clone(p.Spec.Shape)
	}
	return out
}

// Metadata returns what the model's MLmodel file says. It is empty for a model that
// was opened by its own file, and never nil.
func (m *Model) Metadata() *Metadata { return m.metadata }

// Run computes the outputs, by name, for inputs of all the names that Inputs lists.
// The dtypes and shapes must be those listed; a float64 input of a float32 model is
// converted, as MLflow's own wrapper does. The inputs are not changed, and the
// results share no memory with them or with the model. Run stops with the context's
// error between two operators when ctx is done.
func (m *Model) Run(ctx context.Context, inputs map[string]*mlflow.Tensor) (map[string]*mlflow.Tensor, error) {
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if !slices.ContainsFunc(m.program.Inputs, func(p graph.Port) bool { return p.Spec.Name == name }) {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the model has no input '%s'; it takes %s", name, m.inputNames())
		}
	}
	given := make([]*mlflow.Tensor, len(m.program.Inputs))
	for i, p := range m.program.Inputs {
		t := inputs[p.Spec.Name]
		if t == nil {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "input '%s' is missing; the model takes %s", p.Spec.Name, m.inputNames())
		}
		t, err := fit(t, p.Spec)
		if err != nil {
			return nil, err
		}
		given[i] = t
	}
	results, err := m.program.Run(ctx, given)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*mlflow.Tensor, len(results))
	for i, p := range m.program.Outputs {
		out[p.Spec.Name] = results[i]
	}
	return out, nil
}

// Predict runs a model that has one input and returns its first output.
func (m *Model) Predict(ctx context.Context, input *mlflow.Tensor) (*mlflow.Tensor, error) {
	if len(m.program.Inputs) != 1 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Predict needs a model with one input; this one takes %s: use Run", m.inputNames())
	}
	out, err := m.Run(ctx, map[string]*mlflow.Tensor{m.program.Inputs[0].Spec.Name: input})
	if err != nil {
		return nil, err
	}
	return out[m.program.Outputs[0].Spec.Name], nil
}

func (m *Model) inputNames() string {
	names := make([]string, len(m.program.Inputs))
	for i, p := range m.program.Inputs {
		names[i] = "'" + p.Spec.Name + "'"
	}
	return strings.Join(names, ", ")
}

// fit checks an input against its description.
func fit(t *mlflow.Tensor, spec mlflow.TensorSpec) (*mlflow.Tensor, error) {
	n, err := kernel.Count(t.Shape)
	if err != nil {
		return nil, graph.Within(err, "input '"+spec.Name+"'")
	}
	if elements := graph.Length(t.Data); elements != n {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "input '%s': shape %v needs %d elements, but there are %d", spec.Name, t.Shape, n, elements)
	}
	if t.DType() == "float64" && spec.DType == "float32" {
		if t, err = kernel.Cast(t, "float32"); err != nil {
			return nil, err
		}
	}
	if t.DType() != spec.DType {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "input '%s' is %s, but the model takes %s", spec.Name, t.DType(), spec.DType)
	}
	ok := spec.Shape == nil || len(spec.Shape) == len(t.Shape)
	for i := 0; ok && i < len(spec.Shape); i++ {
		ok = spec.Shape[i] == -1 || spec.Shape[i] == t.Shape[i]
	}
	if !ok {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "input '%s' has shape %v, but the model takes %v, where -1 is any size", spec.Name, t.Shape, spec.Shape)
	}
	return t, nil
}
