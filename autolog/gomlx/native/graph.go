package native

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// node is one operation of a graph.
type node struct {
	id     int
	shape  shapes.Shape
	inputs []*node
	// run computes the result into out; both are slices of the dtypes' Go types.
	// It is nil for parameters and constants, and for an alias, which is its
	// first input seen in another shape.
	run       func(inputs []any, out any) error
	parameter int // Its number, or -1.
	constant  any
	// several is set instead of run by the hidden operation behind one with
	// several results; part is the number of the result that a node picks.
	several func(inputs []any) ([]any, error)
	part    int
	// spread is set on a broadcast: what is repeated, seen with the result's rank.
	// Operations that broadcast by themselves take it from there.
	spread     *node
	spreadDims []int
}

type builder struct {
	compute.Builder
	backend *Backend
	name    string
	main    *function
}

func (b *builder) Name() string           { return b.name }
func (b *builder) Main() compute.Function { return b.main }

func (b *builder) OpShape(op compute.Value) (shapes.Shape, error) { return b.main.Shape(op) }

func (b *builder) NewFunction(string) (compute.Function, error) {
	return nil, refuse(compute.OpTypeInvalid)
}

func (b *builder) DeviceAssignment(...compute.DeviceNum) error { return nil }

// Compile makes the graph ready to run.
func (b *builder) Compile() (compute.Executable, error) {
	if b.main.results == nil {
		return nil, errors.New("the graph has no outputs")
	}
	return newExecutable(b), nil
}

// function collects the operations of a graph.
type function struct {
	notimplemented.Function
	builder    *builder
	nodes      []*node
	parameters []*node
	names      []string
	results    []*node
}

func (f *function) Builder() compute.Builder { return f.builder }

func (f *function) Shape(v compute.Value) (shapes.Shape, error) {
	n, ok := v.(*node)
	if !ok {
		return shapes.Invalid(), fmt.Errorf("a value of another graph: %T", v)
	}
	return n.shape, nil
}

func (f *function) add(n *node) *node {
	n.id = len(f.nodes)
	f.nodes = append(f.nodes, n)
	return n
}

// op adds an operation that has a kernel.
func (f *function) op(shape shapes.Shape, run func(inputs []any, out any) error, inputs ...*node) *node {
	return f.add(&node{shape: shape, inputs: inputs, run: run, parameter: -1})
}

// alias adds a view of x in another shape of the same size.
func (f *function) alias(shape shapes.Shape, x *node) *node {
	return f.add(&node{shape: shape, inputs: []*node{x}, parameter: -1})
}

// Parameter is an input of the graph.
func (f *function) Parameter(name string, shape shapes.Shape, _ *compute.ShardingSpec) (compute.Value, error) {
	if shape.IsDynamic() {
		return nil, fmt.Errorf("a parameter of dynamic shape %s: %w; use GOMLX_BACKEND=go", shape, compute.ErrNotImplemented)
	}
	n := f.add(&node{shape: shape, parameter: len(f.parameters)})
	f.parameters, f.names = append(f.parameters, n), append(f.names, name)
	return n, nil
}

// Constant is a fixed tensor, which is copied.
func (f *function) Constant(flat any, dims ...int) (compute.Value, error) {
	v := reflect.ValueOf(flat)
	shape := shapes.Make(dtypes.FromGoType(v.Type().Elem()), dims...)
	if v.Len() != shape.Size() {
		return nil, fmt.Errorf("a constant of %d elements is no %s", v.Len(), shape)
	}
	own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(own, v)
	return f.add(&node{shape: shape, parameter: -1, constant: own.Interface()}), nil
}

// Return says which values the graph computes.
func (f *function) Return(outputs []compute.Value, _ []*compute.ShardingSpec) error {
	f.results = make([]*node, len(outputs))
	for i, v := range outputs {
		n, ok := v.(*node)
		if !ok {
			return fmt.Errorf("output %d is a value of another graph: %T", i, v)
		}
		f.results[i] = n
	}
	return nil
}
