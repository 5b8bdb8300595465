package cpu

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// forward runs one operation on the Go backend.
type forward struct {
	backend *Backend
	inner   compute.Executable
	shapes  []shapes.Shape // The shapes of the inputs of the operation.
}

func newForward(b *Backend, op *operation) (*forward, error) {
	f := &forward{backend: b}
	builder := b.inner.Builder(op.name)
	main := builder.Main()
	in := make([]compute.Value, len(op.ins))
	for i, v := range op.ins {
		if v == nil {
			continue
		}
		p, err := main.Parameter(fmt.Sprint("p", i), v.shape, nil)
		if err != nil {
			return nil, err
		}
		in[i], f.shapes = p, append(f.shapes, v.shape)
	}
	outs, err := op.replay(main, in)
	if err != nil {
		return nil, err
	}
	if err := main.Return(outs, nil); err != nil {
		return nil, err
	}
	f.inner, err = builder.Compile()
	return f, err
}

// run returns the storages of the results.
func (f *forward) run(in []*storage) ([]*storage, error) {
	inputs := make([]compute.Buffer, len(in))
	var copies []compute.Buffer
	for i, s := range in {
		buffer, copied, err := s.buffer(f.backend, f.shapes[i])
		if err != nil {
			return nil, err
		}
		if copied {
			copies = append(copies, buffer)
		}
		inputs[i] = buffer
	}
	outputs, err := f.inner.Execute(inputs, nil, 0)
	for _, c := range copies {
		if e := c.Finalize(); err == nil {
			err = e
		}
	}
	if err != nil {
		return nil, err
	}
	results := make([]*storage, len(outputs))
	for i, o := range outputs {
		if results[i], err = adopt(o); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// delegated is a computation that the Go backend runs as a whole.
type delegated struct {
	backend *Backend
	inner   compute.Executable
}

// Finalize releases the computation.
func (f *delegated) Finalize() { f.inner.Finalize() }

// Inputs returns the names and shapes of the parameters.
func (f *delegated) Inputs() ([]string, []shapes.Shape) { return f.inner.Inputs() }

// Outputs returns the shapes of the results.
func (f *delegated) Outputs() []shapes.Shape { return f.inner.Outputs() }

// Execute runs the computation.
func (f *delegated) Execute(inputs []compute.Buffer, donate []bool, _ compute.DeviceNum) ([]compute.Buffer, error) {
	storages, err := storagesOf(inputs)
	if err != nil {
		return nil, err
	}
	run := &forward{backend: f.backend, inner: f.inner}
	for _, in := range inputs {
		run.shapes = append(run.shapes, in.(*Buffer).shape)
	}
	results, err := run.run(storages)
	if err != nil {
		return nil, err
	}
	outputs := make([]compute.Buffer, len(results))
	for i, s := range results {
		outputs[i] = &Buffer{f.backend, s.shape, s}
	}
	return outputs, finalizeDonated(inputs, donate)
}
