// Package models opens models from MLflow's model directories and runs them without Python. It supports ONNX files
// and the .pt2 archives of torch.export that mlflow.pytorch.log_model writes, with the operators of common networks
// and of scikit-learn's models. An unsupported operator is an error that names it.
//
// Files are not trusted. They are read within fixed limits, their numbers are checked before use, no code in them is
// executed and no pickle is opened.
package models

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Model is a model that is ready to run. It is immutable, so any number of goroutines can run it concurrently.
type Model struct {
	program  *graph.Program
	metadata *Metadata
	classes  map[string][]string
}

// Classes returns the names of the columns of an output for which the file defines a map from classes to
// probabilities, as the classifiers of scikit-learn do. It returns nil for other outputs.
func (m *Model) Classes(output string) []string { return slices.Clone(m.classes[output]) }

// Inputs describes the inputs in the order of the graph. A dimension of -1 accepts any size.
func (m *Model) Inputs() []mlflow.TensorSpec { return specsOf(m.program.Inputs) }

// Outputs describes the outputs in the order of the graph. A dimension of -1 depends on the inputs.
func (m *Model) Outputs() []mlflow.TensorSpec { return specsOf(m.program.Outputs) }

func specsOf(ports []graph.Port) []mlflow.TensorSpec {
	out := make([]mlflow.TensorSpec, len(ports))
	for i, p := range ports {
		out[i] = p.Spec
		out[i].Shape = slices.Clone(p.Spec.Shape)
	}
	return out
}

// Metadata returns the content of the MLmodel file. It is never nil; it is empty for a model that was not opened from
// a model directory.
func (m *Model) Metadata() *Metadata { return m.metadata }

// Run computes all outputs, by name. inputs must contain every input that Inputs lists, with the listed dtype and
// shape. A float64 tensor for a float32 input is converted, as MLflow's Python wrapper does. Run does not change the
// inputs, and the results share no memory with the inputs or the model. When ctx is done, Run returns its error
// before the next operator.
func (m *Model) Run(ctx context.Context, inputs map[string]*mlflow.Tensor) (map[string]*mlflow.Tensor, error) {
	if err := m.checkNames(inputs); err != nil {
		return nil, err
	}
	given := make([]*mlflow.Tensor, len(m.program.Inputs))
	for i, p := range m.program.Inputs {
		t := inputs[p.Spec.Name]
		if t == nil {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"input '%s' is missing; the model takes %s", p.Spec.Name, m.inputNames())
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

// checkNames returns an error for an input that the model does not have, the first in the order of names.
func (m *Model) checkNames(inputs map[string]*mlflow.Tensor) error {
	var unknown []string
	for name := range inputs {
		if !slices.ContainsFunc(m.program.Inputs, func(p graph.Port) bool { return p.Spec.Name == name }) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return mlflow.Errorf(mlflow.InvalidParameterValue,
		"the model has no input '%s'; it takes %s", slices.Min(unknown), m.inputNames())
}

// Predict runs a model that has one input and returns its first output.
func (m *Model) Predict(ctx context.Context, input *mlflow.Tensor) (*mlflow.Tensor, error) {
	if len(m.program.Inputs) != 1 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"Predict needs a model with one input; this one takes %s: use Run", m.inputNames())
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

// fit checks an input against its description and converts float64 to float32.
func fit(t *mlflow.Tensor, spec mlflow.TensorSpec) (*mlflow.Tensor, error) {
	n, err := kernel.Count(t.Shape)
	if err != nil {
		return nil, graph.Within(err, "input '"+spec.Name+"'")
	}
	if elements := graph.Length(t.Data); elements != n {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"input '%s': shape %v needs %d elements, but there are %d", spec.Name, t.Shape, n, elements)
	}
	if t.DType() == "float64" && spec.DType == "float32" {
		if t, err = kernel.Cast(t, "float32"); err != nil {
			return nil, err
		}
	}
	if t.DType() != spec.DType {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"input '%s' is %s, but the model takes %s", spec.Name, t.DType(), spec.DType)
	}
	ok := spec.Shape == nil || len(spec.Shape) == len(t.Shape)
	for i := 0; ok && i < len(spec.Shape); i++ {
		ok = spec.Shape[i] == -1 || spec.Shape[i] == t.Shape[i]
	}
	if !ok {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"input '%s' has shape %v, but the model takes %v, where -1 is any size", spec.Name, t.Shape, spec.Shape)
	}
	return t, nil
}
