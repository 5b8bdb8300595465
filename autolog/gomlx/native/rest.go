package native

import (
	"fmt"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// rest adds an operation that the Go backend computes: a graph of that one
// operation, with copies going in and out.
func (f *function) rest(op func(g compute.Function, in []compute.Value) (compute.Value, error), inputs ...compute.Value) (compute.Value, error) {
	exec, nodes, err := f.compile(inputs, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		v, err := op(g, in)
		return []compute.Value{v}, err
	})
	if err != nil {
		return nil, err
	}
	return f.op(exec.outputs[0], func(in []any, out any) error {
		_, err := exec.run(in, out)
		return err
	}, nodes...), nil
}

// restOfTwo is rest for operations with two results.
func (f *function) restOfTwo(op func(g compute.Function, in []compute.Value) (a, b compute.Value, err error), inputs ...compute.Value) (a, b compute.Value, err error) {
	exec, nodes, err := f.compile(inputs, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		a, b, err := op(g, in)
		return []compute.Value{a, b}, err
	})
	if err != nil {
		return nil, nil, err
	}
	both := f.add(&node{shape: exec.outputs[0], inputs: nodes, parameter: -1, several: func(in []any) ([]any, error) { return exec.run(in) }})
	pick := func(part int) *node {
		return f.add(&node{shape: exec.outputs[part], inputs: []*node{both}, parameter: -1, part: part})
	}
	return pick(0), pick(1), nil
}

// goOp is one operation, compiled by the Go backend.
type goOp struct {
	backend         compute.Backend
	exec            compute.Executable
	inputs, outputs []shapes.Shape
}

func (f *function) compile(inputs []compute.Value, op func(compute.Function, []compute.Value) ([]compute.Value, error)) (*goOp, []*node, error) {
	b := f.builder.backend.rest.Builder("op")
	g := b.Main()
	nodes, values := make([]*node, len(inputs)), make([]compute.Value, len(inputs))
	o := &goOp{backend: f.builder.backend.rest}
	for i, v := range inputs {
		n, ok := v.(*node)
		if !ok {
			return nil, nil, fmt.Errorf("a value of another graph: %T", v)
		}
		var err error
		if values[i], err = g.Parameter(fmt.Sprintf("p%d", i), n.shape, nil); err != nil {
			return nil, nil, err
		}
		nodes[i] = n
		o.inputs = append(o.inputs, n.shape)
	}
	results, err := op(g, values)
	if err != nil {
		return nil, nil, err
	}
	if err := g.Return(results, nil); err != nil {
		return nil, nil, err
	}
	if o.exec, err = b.Compile(); err != nil {
		return nil, nil, err
	}
	o.outputs = o.exec.Outputs()
	return o, nodes, nil
}

// run computes the operation and copies its results to out, or to slices of
// their own.
func (o *goOp) run(in []any, out ...any) ([]any, error) {
	buffers, donate := make([]compute.Buffer, len(in)), make([]bool, len(in))
	for i, flat := range in {
		var err error
		if buffers[i], err = o.backend.BufferFromFlatData(0, flat, o.inputs[i]); err != nil {
			return nil, err
		}
		donate[i] = true
	}
	results, err := o.exec.Execute(buffers, donate, 0)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		flat, err := r.Data()
		if err != nil {
			return nil, err
		}
		if i == len(out) {
			out = append(out, reflect.MakeSlice(reflect.TypeOf(flat), o.outputs[i].Size(), o.outputs[i].Size()).Interface())
		}
		reflect.Copy(reflect.ValueOf(out[i]), reflect.ValueOf(flat))
	}
	return out, nil
}
