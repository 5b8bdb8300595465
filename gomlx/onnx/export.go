// Package onnx writes GoMLX models as ONNX files, which onnxruntime, MLflow's
// Python client and Millrace's package models run.
//
// It is a GoMLX backend that does not compute: the graph of the model function
// is built on it, and each operation becomes ONNX nodes. Operations that models
// do not need to predict, and some that ONNX has no words for, are refused by
// name.
package onnx

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	gograph "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/millrace-ml/millrace/mlflow"
)

// The batch sizes that stand for "any" while a graph is built. A dimension that
// is one of them, or a multiple, is taken for the batch; the graph is built for
// both, and the two must be the same.
const (
	oneBatch   = 7919
	otherBatch = 7907
)

// ModelFn builds a model's graph for prediction: from its inputs to its outputs.
type ModelFn func(scope *model.Scope, inputs []*gograph.Node) []*gograph.Node

// Export returns the model as an ONNX file. The variables of store become
// constants in it. inputs and outputs name the tensors; -1 in an input's shape is
// the batch dimension, and outputs need neither type nor shape: they are filled
// in. The model must compute each example of a batch alike.
func Export(store *model.Store, fn ModelFn, inputs, outputs []mlflow.TensorSpec) ([]byte, error) {
	first, err := build(store, fn, inputs, outputs, oneBatch)
	if err != nil {
		return nil, err
	}
	second, err := build(store, fn, inputs, outputs, otherBatch)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first.encode(), second.encode()) {
		return nil, errors.New("the model depends on the size of the batch in a way that ONNX cannot express")
	}
	for i, p := range first.outputs {
		outputs[i].DType, outputs[i].Shape = numpyName(p.typ), p.dims
	}
	return first.encode(), nil
}

func build(store *model.Store, fn ModelFn, inputs, outputs []mlflow.TensorSpec, batch int) (*graph, error) {
	b := &backend{batch: batch}
	for _, in := range inputs {
		b.inputNames = append(b.inputNames, in.Name)
	}
	for _, out := range outputs {
		b.outputNames = append(b.outputNames, out.Name)
	}
	shapes, err := inputShapes(inputs, batch)
	if err != nil {
		return nil, err
	}
	before := store.VariablesAsConst()
	store.WithVariableAsConst(true)
	defer store.WithVariableAsConst(before)
	err = exceptions.TryCatch[error](func() {
		exec, err := model.NewExec(b, store, func(scope *model.Scope, nodes []*gograph.Node) []*gograph.Node {
			store.SetTraining(nodes[0].Graph(), false)
			return fn(scope, nodes)
		})
		if err != nil {
			panic(err)
		}
		if _, err := exec.Compile(shapes...); err != nil {
			panic(err)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("writing the model as ONNX: %w", err)
	}
	b.graph.prune()
	return &b.graph, nil
}

func inputShapes(inputs []mlflow.TensorSpec, batch int) ([]shapes.Shape, error) {
	out := make([]shapes.Shape, len(inputs))
	for i, in := range inputs {
		dtype, err := dtypes.DTypeString(in.DType)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", in.Name, err)
		}
		dims := make([]int, len(in.Shape))
		for d, size := range in.Shape {
			dims[d] = size
			if size < 0 {
				dims[d] = batch
			}
		}
		out[i] = shapes.Make(dtype, dims...)
	}
	return out, nil
}

// elementTypes are ONNX's numbers for the types of elements.
var elementTypes = map[dtypes.DType]int64{
	dtypes.Float32: 1, dtypes.Uint8: 2, dtypes.Int8: 3, dtypes.Int32: 6, dtypes.Int64: 7, dtypes.Bool: 9, dtypes.Float64: 11,
}

func elementType(d dtypes.DType) (int64, error) {
	if t, ok := elementTypes[d]; ok {
		return t, nil
	}
	return 0, fmt.Errorf("tensors of %s: %w", d, compute.ErrNotImplemented)
}

func numpyName(typ int64) string {
	return map[int64]string{1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 11: "float64"}[typ]
}
