package native

import (
	"fmt"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// executable is a graph whose operations are in an order in which they can run,
// without those that no output needs.
type executable struct {
	backend    *Backend
	names      []string
	parameters []*node
	results    []*node
	nodes      []*node
	uses       []int // By node: how many operations and outputs take it.
}

func newExecutable(b *builder) *executable {
	e := &executable{
		backend: b.backend, names: b.main.names, parameters: b.main.parameters, results: b.main.results,
		uses: make([]int, len(b.main.nodes)),
	}
	needed := make([]bool, len(b.main.nodes))
	for _, n := range e.results {
		needed[n.id] = true
		e.uses[n.id]++
	}
	for i := len(b.main.nodes) - 1; i >= 0; i-- {
		if n := b.main.nodes[i]; needed[i] {
			for _, in := range n.inputs {
				needed[in.id] = true
				e.uses[in.id]++
			}
		}
	}
	for i, n := range b.main.nodes {
		if needed[i] {
			e.nodes = append(e.nodes, n)
		}
	}
	return e
}

// Finalize does nothing; the memory is the garbage collector's.
func (e *executable) Finalize() {}

func (e *executable) Inputs() (names []string, inputs []shapes.Shape) {
	for _, p := range e.parameters {
		inputs = append(inputs, p.shape)
	}
	return e.names, inputs
}

func (e *executable) Outputs() (outputs []shapes.Shape) {
	for _, r := range e.results {
		outputs = append(outputs, r.shape)
	}
	return outputs
}

// memory is where results lie. Several nodes share one if they are aliases.
type memory struct {
	flat any
	uses int  // How many nodes that are still to be used lie here.
	ours bool // It came from the pool and may go back.
}

// run is one execution of an executable.
type run struct {
	*executable
	at   []*memory // By node.
	left []int     // By node: uses to come.
	in   []any     // The inputs of the operation that runs.
}

// Execute runs the graph.
func (e *executable) Execute(inputs []compute.Buffer, donate []bool, _ compute.DeviceNum) ([]compute.Buffer, error) {
	if len(inputs) != len(e.parameters) {
		return nil, fmt.Errorf("the graph takes %d inputs, not %d", len(e.parameters), len(inputs))
	}
	r := &run{executable: e, at: make([]*memory, len(e.uses)), left: append([]int(nil), e.uses...)}
	for i, p := range e.parameters { // Also those that no operation uses: what is donated is gone.
		in, ok := inputs[i].(*buffer)
		if !ok || in.flat == nil || !in.shape.Equal(p.shape) {
			return nil, fmt.Errorf("input %d (%s) is no buffer of %s", i, e.names[i], p.shape)
		}
		r.at[p.id] = &memory{flat: in.flat, uses: 1}
		if donate != nil && donate[i] {
			r.at[p.id].ours, in.flat = true, nil
		}
	}
	for _, n := range e.nodes {
		if err := r.do(n); err != nil {
			return nil, fmt.Errorf("computing %s: %w", n.shape, err)
		}
	}
	return r.outputs(), nil
}

// do computes one node and frees the inputs that nobody needs any more.
func (r *run) do(n *node) error {
	r.in = r.in[:0]
	for _, in := range n.inputs {
		r.in = append(r.in, r.at[in.id].flat)
	}
	switch {
	case n.parameter >= 0:
		return nil
	case n.constant != nil:
		r.at[n.id] = &memory{flat: n.constant, uses: 1}
	case n.several != nil:
		all, err := n.several(r.in)
		if err != nil {
			return err
		}
		r.at[n.id] = &memory{flat: all, uses: 1}
	case n.run == nil && n.inputs[0].several != nil:
		r.at[n.id] = &memory{flat: r.in[0].([]any)[n.part], uses: 1}
	case n.run == nil:
		r.at[n.id] = r.at[n.inputs[0].id]
		r.at[n.id].uses++
	default:
		out := r.backend.pool.get(n.shape)
		if err := n.run(r.in, out); err != nil {
			return err
		}
		r.at[n.id] = &memory{flat: out, uses: 1, ours: true}
	}
	for _, in := range n.inputs {
		r.used(in)
	}
	return nil
}

func (r *run) used(n *node) {
	if r.left[n.id]--; r.left[n.id] > 0 {
		return
	}
	m := r.at[n.id]
	if m.uses--; m.uses == 0 && m.ours {
		r.backend.pool.put(m.flat)
	}
}

// outputs hands the results over; what is not ours, or is handed over twice, is
// copied.
func (r *run) outputs() []compute.Buffer {
	out := make([]compute.Buffer, len(r.results))
	for i, n := range r.results {
		m := r.at[n.id]
		flat := m.flat
		if m.ours {
			m.ours = false
		} else {
			flat = dtypes.MakeAnySlice(n.shape.DType, n.shape.Size())
			reflect.Copy(reflect.ValueOf(flat), reflect.ValueOf(m.flat))
		}
		out[i] = &buffer{backend: r.backend, shape: n.shape, flat: flat}
	}
	return out
}
