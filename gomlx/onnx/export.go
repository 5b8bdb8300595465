// Package onnx exports GoMLX models as ONNX files for onnxruntime, MLflow's Python client and Millrace's package
// models.
//
// The export uses a GoMLX backend that does not compute: it builds the graph of the model function, and each
// operation becomes one or more ONNX nodes. Operations that inference does not need, and some that ONNX cannot
// express, return an error with the name of the operation.
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

// The batch sizes during the export. A dimension that is a multiple of the batch size is considered the batch
// dimension. The graph is built for both sizes, and the results must be equal.
const (
	oneBatch   = 7919
	otherBatch = 7907
)

// ModelFn builds the inference graph of a model.
type ModelFn func(scope *model.Scope, inputs []*gograph.Node) []*gograph.Node

// Export returns the model as an ONNX file, with the variables of store as constants. inputs and outputs name the
// tensors. In the shape of an input, -1 is the batch dimension. Export sets the types and shapes of the outputs. The
// model must compute each example of a batch independently.
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

// elementTypes has ONNX's numbers of data types.
var elementTypes = map[dtypes.DType]int64{
	dtypes.Float32: 1, dtypes.Uint8: 2, dtypes.Int8: 3, dtypes.Int32: 6, dtypes.Int64: 7, dtypes.Bool: 9,
	dtypes.Float64: 11,
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
