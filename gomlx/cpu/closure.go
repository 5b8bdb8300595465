package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
)

// Closure returns a function for If, While or Sort that can use the values of f.
func (f *Function) Closure() (compute.Function, error) {
	inner, err := f.inner.Closure()
	if err != nil {
		return nil, err
	}
	return newFunction(f.builder, f, inner), nil
}

// If runs one of two closures.
func (f *Function) If(condition compute.Value, yes, no compute.Function) ([]compute.Value, error) {
	return f.recordWith("If", []compute.Value{condition}, []compute.Function{yes, no},
		func(g compute.Function, c []compute.Function, in []compute.Value) ([]compute.Value, error) {
			return g.If(in[0], c[0], c[1])
		})
}

// While runs the closure body while the closure condition is true.
func (f *Function) While(condition, body compute.Function, state ...compute.Value) ([]compute.Value, error) {
	return f.recordWith("While", state, []compute.Function{condition, body},
		func(g compute.Function, c []compute.Function, in []compute.Value) ([]compute.Value, error) {
			return g.While(c[0], c[1], in...)
		})
}

// Sort sorts with a closure as the comparison.
func (f *Function) Sort(
	less compute.Function, axis int, stable bool, inputs ...compute.Value,
) ([]compute.Value, error) {
	return f.recordWith("Sort", inputs, []compute.Function{less},
		func(g compute.Function, c []compute.Function, in []compute.Value) ([]compute.Value, error) {
			return g.Sort(c[0], axis, stable, in...)
		})
}

// Call calls a function of Builder.NewFunction.
func (f *Function) Call(fn compute.Function, inputs ...compute.Value) ([]compute.Value, error) {
	called, ok := fn.(*Function)
	if !ok {
		return nil, fmt.Errorf("backend %q: Call: %T is a function of another backend", BackendName, fn)
	}
	return f.record("Call", inputs, nil, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		return g.Call(called.inner, in...)
	})
}

// recordWith records an operation that runs closures. Values of the enclosing functions that the closures use become
// additional inputs of the operation, after its own inputs.
func (f *Function) recordWith(name string, in []compute.Value, closures []compute.Function,
	again func(g compute.Function, c []compute.Function, in []compute.Value) ([]compute.Value, error),
) ([]compute.Value, error) {
	own, inner := make([]*Function, len(closures)), make([]compute.Function, len(closures))
	var captured []*value
	for i, c := range closures {
		mine, ok := c.(*Function)
		if !ok {
			return nil, fmt.Errorf("backend %q: %s: %T is a function of another backend", BackendName, name, c)
		}
		own[i], inner[i] = mine, mine.inner
		captured = mine.captured(captured)
	}
	direct, all := len(in), slices.Clone(in)
	for _, v := range captured {
		all = append(all, v)
	}
	return f.record(name, all, nil, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		if g == f.inner {
			return again(g, inner, in[:direct])
		}
		made := make([]compute.Function, len(own))
		for i, c := range own {
			known := map[*value]compute.Value{}
			for j, v := range captured {
				known[v] = in[direct+j]
			}
			var err error
			if made[i], err = c.rebuild(g, known); err != nil {
				return nil, err
			}
		}
		return again(g, made, in[:direct])
	})
}

// captured appends to list the values of other functions that f uses.
func (f *Function) captured(list []*value) []*value {
	use := func(values []*value) {
		for _, v := range values {
			if v != nil && v.fn != f && !slices.Contains(list, v) {
				list = append(list, v)
			}
		}
	}
	for _, op := range f.ops {
		use(op.ins)
	}
	use(f.outputs)
	return list
}

// rebuild builds the closure f again in a function of the Go backend. known has the values that f captures.
func (f *Function) rebuild(g compute.Function, known map[*value]compute.Value) (compute.Function, error) {
	c, err := g.Closure()
	if err != nil {
		return nil, err
	}
	for i, p := range f.params {
		if known[p], err = c.Parameter(f.names[i], p.shape, nil); err != nil {
			return nil, err
		}
	}
	for _, op := range f.ops {
		outs, err := op.replay(c, lookup(op.ins, known))
		if err != nil {
			return nil, err
		}
		for i, v := range op.outs {
			known[v] = outs[i]
		}
	}
	return c, c.Return(lookup(f.outputs, known), nil)
}

func lookup(values []*value, known map[*value]compute.Value) []compute.Value {
	found := make([]compute.Value, len(values))
	for i, v := range values {
		if v != nil {
			found[i] = known[v]
		}
	}
	return found
}
