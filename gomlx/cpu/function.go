package cpu

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

//go:generate go run ./gen

// Function records the operations of a computation or of a closure.
type Function struct {
	builder *Builder
	parent  *Function
	// inner is the same function in the Go backend.
	inner compute.Function

	ops      []*operation
	params   []*value
	names    []string
	outputs  []*value
	returned bool
	// known maps values of the Go backend to values of f. The Go backend deduplicates operations.
	known map[compute.Value]*value
}

// value is a result of an operation or a parameter.
type value struct {
	fn    *Function
	op    *operation // Nil for a parameter.
	shape shapes.Shape
	inner compute.Value
}

// operation is a recorded call of a method of Function.
type operation struct {
	name string
	// ins has the inputs. Omitted optional inputs are nil.
	ins  []*value
	outs []*value
	// attrs has the other arguments, in order.
	attrs  []any
	replay replay
}

// replay repeats the operation in a function of the Go backend.
type replay func(g compute.Function, in []compute.Value) ([]compute.Value, error)

func newFunction(b *Builder, parent *Function, inner compute.Function) *Function {
	return &Function{builder: b, parent: parent, inner: inner, known: map[compute.Value]*value{}}
}

// Name returns the name of the function. Closures have no name.
func (f *Function) Name() string { return f.inner.Name() }

// Builder returns the builder of the computation.
func (f *Function) Builder() compute.Builder { return f.builder }

// Parent returns the function that contains a closure, or nil.
func (f *Function) Parent() compute.Function {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

// Shape returns the shape of a value.
func (f *Function) Shape(v compute.Value) (shapes.Shape, error) {
	own, ok := v.(*value)
	if !ok {
		return shapes.Invalid(), fmt.Errorf("backend %q: %T is a value of another backend", BackendName, v)
	}
	return own.shape, nil
}

// Parameter adds an input.
func (f *Function) Parameter(name string, shape shapes.Shape, sharding *compute.ShardingSpec) (compute.Value, error) {
	inner, err := f.inner.Parameter(name, shape, sharding)
	if err != nil {
		return nil, err
	}
	if shape.IsDynamic() {
		f.builder.delegate = true
	}
	v := &value{fn: f, shape: shape.Clone(), inner: inner}
	f.params, f.names, f.known[inner] = append(f.params, v), append(f.names, name), v
	return v, nil
}

// Constant adds a constant.
func (f *Function) Constant(flat any, dims ...int) (compute.Value, error) {
	if v := reflect.ValueOf(flat); v.Kind() == reflect.Slice {
		// Copy the slice, because the caller may change it before the function is compiled.
		flat = reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v).Interface()
	}
	dims = slices.Clone(dims)
	return f.record1("Constant", nil, []any{flat}, func(g compute.Function, _ []compute.Value) (compute.Value, error) {
		return g.Constant(flat, dims...)
	})
}

// Return sets the results of the function.
func (f *Function) Return(outputs []compute.Value, shardings []*compute.ShardingSpec) error {
	own, inner, err := resolve("Return", outputs)
	if err != nil {
		return err
	}
	if err := f.inner.Return(inner, shardings); err != nil {
		return err
	}
	f.outputs, f.returned = own, true
	return nil
}

// record adds an operation, unless the same operation was added before.
func (f *Function) record(name string, in []compute.Value, attrs []any, again replay) ([]compute.Value, error) {
	ins, inner, err := resolve(name, in)
	if err != nil {
		return nil, err
	}
	made, err := again(f.inner, inner)
	if err != nil {
		return nil, err
	}
	op := &operation{name: name, ins: ins, attrs: attrs, replay: again}
	outs, added := make([]compute.Value, len(made)), false
	for i, m := range made {
		v := f.known[m]
		if v == nil {
			shape, err := f.inner.Shape(m)
			if err != nil {
				return nil, err
			}
			v, added = &value{fn: f, op: op, shape: shape, inner: m}, true
			f.known[m] = v
		}
		op.outs, outs[i] = append(op.outs, v), v
	}
	if added {
		f.ops = append(f.ops, op)
	}
	return outs, nil
}

// record1 is like record for an operation with one result.
func (f *Function) record1(name string, in []compute.Value, attrs []any,
	again func(g compute.Function, in []compute.Value) (compute.Value, error),
) (compute.Value, error) {
	outs, err := f.record(name, in, attrs, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		v, err := again(g, in)
		return []compute.Value{v}, err
	})
	if err != nil {
		return nil, err
	}
	return outs[0], nil
}

// resolve returns the values of this package and those of the Go backend.
func resolve(name string, in []compute.Value) (own []*value, inner []compute.Value, err error) {
	own, inner = make([]*value, len(in)), make([]compute.Value, len(in))
	for i, v := range in {
		if v == nil {
			continue
		}
		mine, ok := v.(*value)
		if !ok {
			return nil, nil, fmt.Errorf("backend %q: %s: argument %d is a %T of another backend", BackendName, name, i, v)
		}
		own[i], inner[i] = mine, mine.inner
	}
	return own, inner, nil
}
