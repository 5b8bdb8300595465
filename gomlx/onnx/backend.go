package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// backend records a graph.
type backend struct {
	notimplemented.Backend
	graph                   graph
	batch                   int
	inputNames, outputNames []string
}

func (b *backend) Name() string { return "onnx-export" }

func (b *backend) Builder(name string) compute.Builder {
	r := &builder{backend: b, name: name}
	r.main = &function{Function: notimplemented.Function{ErrFn: unsupported}, builder: r, graph: &b.graph}
	return r
}

func unsupported(op compute.OpType) error {
	return fmt.Errorf("the model uses the operation %s: %w", op, compute.ErrNotImplemented)
}

type builder struct {
	compute.Builder
	backend *backend
	name    string
	main    *function
}

func (b *builder) Name() string           { return b.name }
func (b *builder) Main() compute.Function { return b.main }

func (b *builder) OpShape(op compute.Value) (shapes.Shape, error) { return b.main.Shape(op) }

func (b *builder) NewFunction(string) (compute.Function, error) {
	return nil, fmt.Errorf("the model calls functions: %w", compute.ErrNotImplemented)
}

func (b *builder) DeviceAssignment(...compute.DeviceNum) error { return nil }

// Compile ends the recording. The returned executable only describes the graph.
func (b *builder) Compile() (compute.Executable, error) { return executable{b}, nil }

type executable struct{ builder *builder }

func (e executable) Finalize() {}

func (e executable) Inputs() (names []string, inputs []shapes.Shape) {
	for _, v := range e.builder.main.parameters {
		names, inputs = append(names, v.name), append(inputs, v.shape)
	}
	return names, inputs
}

func (e executable) Outputs() (outputs []shapes.Shape) {
	for _, v := range e.builder.main.results {
		outputs = append(outputs, v.shape)
	}
	return outputs
}

func (e executable) Execute([]compute.Buffer, []bool, compute.DeviceNum) ([]compute.Buffer, error) {
	return nil, errors.New("the ONNX export cannot run graphs")
}

// value is the result of an operation. A broadcast value is stored with size 1 along the broadcast dimensions,
// because ONNX's elementwise operations broadcast.
type value struct {
	name  string
	shape shapes.Shape
	// stored has the dimensions of the tensor in the file. It has the rank of shape.
	stored []int
	zero   bool // The value is a constant of zeros.
}

// function records the operations of the model.
type function struct {
	notimplemented.Function
	builder    *builder
	graph      *graph
	parameters []*value
	results    []*value
	names      int
}

func (f *function) Builder() compute.Builder { return f.builder }

func (f *function) Shape(v compute.Value) (shapes.Shape, error) {
	if v, ok := v.(*value); ok {
		return v.shape, nil
	}
	return shapes.Invalid(), fmt.Errorf("the value belongs to another graph: %T", v)
}

func (f *function) newName() string {
	f.names++
	return "v" + strconv.Itoa(f.names)
}

// emit adds a node and returns its output.
func (f *function) emit(op string, shape shapes.Shape, inputs []string, attributes ...attribute) *value {
	v := &value{name: f.newName(), shape: shape, stored: shape.Dimensions}
	f.graph.nodes = append(f.graph.nodes, node{op, inputs, v.name, attributes})
	return v
}

// Parameter adds an input of the model.
func (f *function) Parameter(_ string, shape shapes.Shape, _ *compute.ShardingSpec) (compute.Value, error) {
	if len(f.parameters) == len(f.builder.backend.inputNames) {
		return nil, fmt.Errorf("the model has more than %d inputs", len(f.parameters))
	}
	name := f.builder.backend.inputNames[len(f.parameters)]
	typ, err := elementType(shape.DType)
	v := &value{name: name, shape: shape, stored: shape.Dimensions}
	f.parameters = append(f.parameters, v)
	f.graph.inputs = append(f.graph.inputs, port{name, typ, f.dims(shape.Dimensions)})
	return v, err
}

// dims returns dimensions with -1 for the size of the batch and its multiples.
func (f *function) dims(dims []int) []int {
	out := make([]int, len(dims))
	for i, d := range dims {
		if out[i] = d; d > 0 && d%f.builder.backend.batch == 0 {
			out[i] = -1
		}
	}
	return out
}

// Constant adds a constant, for example a weight.
func (f *function) Constant(flat any, dims ...int) (compute.Value, error) {
	data, err := binary.Append(nil, binary.LittleEndian, flat)
	if err != nil {
		return nil, fmt.Errorf("a constant of %T: %w", flat, compute.ErrNotImplemented)
	}
	dtype := dtypeOf(flat)
	typ, err := elementType(dtype)
	if err != nil {
		return nil, err
	}
	v := &value{name: f.newName(), shape: shapes.Make(dtype, dims...), stored: dims, zero: isZero(reflect.ValueOf(flat))}
	f.graph.initializers = append(f.graph.initializers, initializer{v.name, typ, dims, data})
	return v, nil
}

// ints adds a constant vector of int64 and returns its name.
func (f *function) ints(list []int) string {
	wide := make([]int64, len(list))
	for i, n := range list {
		wide[i] = int64(n)
	}
	data, _ := binary.Append(nil, binary.LittleEndian, wide) // Encoding fixed-size numbers does not fail.
	name := f.newName()
	f.graph.initializers = append(f.graph.initializers, initializer{name, elementTypes[int64Type], []int{len(list)}, data})
	return name
}

// Return sets the outputs of the model.
func (f *function) Return(outputs []compute.Value, _ []*compute.ShardingSpec) error {
	names := f.builder.backend.outputNames
	if len(outputs) != len(names) {
		return fmt.Errorf("the model has %d outputs, but %d are named", len(outputs), len(names))
	}
	for i, out := range outputs {
		v, err := f.whole(out)
		if err != nil {
			return err
		}
		typ, err := elementType(v.shape.DType)
		if err != nil {
			return err
		}
		f.graph.nodes = append(f.graph.nodes, node{op: "Identity", inputs: []string{v.name}, output: names[i]})
		f.graph.outputs = append(f.graph.outputs, port{names[i], typ, f.dims(v.shape.Dimensions)})
		f.results = append(f.results, v)
	}
	return nil
}
