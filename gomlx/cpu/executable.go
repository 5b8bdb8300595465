package cpu

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// executable is a compiled computation. It can run concurrently.
type executable struct {
	backend             *Backend
	name                string
	names               []string
	inShapes, outShapes []shapes.Shape
	// params and results have slots.
	params, results []int
	constants       []constant
	code            []*instruction
	slots           int
}

// Finalize releases the computation.
func (e *executable) Finalize() { e.code, e.constants = nil, nil }

// Inputs returns the names and shapes of the parameters.
func (e *executable) Inputs() ([]string, []shapes.Shape) { return e.names, e.inShapes }

// Outputs returns the shapes of the results.
func (e *executable) Outputs() []shapes.Shape { return e.outShapes }

// Execute runs the computation.
func (e *executable) Execute(inputs []compute.Buffer, donate []bool, _ compute.DeviceNum) ([]compute.Buffer, error) {
	storages, err := storagesOf(inputs)
	if err != nil {
		return nil, err
	}
	if err := e.check(inputs); err != nil {
		return nil, err
	}
	slots := make([]*storage, e.slots)
	for i, s := range e.params {
		slots[s] = storages[i]
	}
	for _, c := range e.constants {
		slots[c.slot] = c.storage
	}
	for _, i := range e.code {
		if err := i.run(e.backend, slots); err != nil {
			return nil, fmt.Errorf("backend %q: %s: %w", BackendName, i.op.name, err)
		}
	}
	outputs, err := e.outputs(slots)
	if err != nil {
		return nil, err
	}
	return outputs, finalizeDonated(inputs, donate)
}

func (e *executable) check(inputs []compute.Buffer) error {
	if len(inputs) != len(e.params) {
		return fmt.Errorf("backend %q: computation %q takes %d inputs, not %d", BackendName, e.name, len(e.params),
			len(inputs))
	}
	for i, in := range inputs {
		got, want := in.(*Buffer).shape, e.inShapes[i]
		if got.DType != want.DType || !got.EqualDimensions(want) {
			return fmt.Errorf("backend %q: computation %q takes %s for input %d (%s), not %s", BackendName, e.name, want, i,
				e.names[i], got)
		}
	}
	return nil
}

// run executes an instruction.
func (i *instruction) run(b *Backend, slots []*storage) error {
	if i.kernel == nil {
		in := make([]*storage, len(i.in))
		for n, s := range i.in {
			in[n] = slots[s]
		}
		out, err := i.forward.run(in)
		if err != nil {
			return err
		}
		for n, s := range i.out {
			slots[s] = out[n]
		}
		return i.release(slots)
	}
	lists := make([][]float32, len(i.in)+len(i.out))
	in, out := lists[:len(i.in)], lists[len(i.in):]
	for n, s := range i.in {
		in[n] = slots[s].floats
	}
	for n, s := range i.out {
		if o := i.over[n]; o >= 0 {
			slots[s], slots[o] = slots[o], nil
		} else {
			slots[s] = newStorage(i.outs[n].shape.Size())
		}
		out[n] = slots[s].floats
	}
	i.kernel.run(b.workers, in, out)
	return i.release(slots)
}

func (i *instruction) release(slots []*storage) error {
	for _, s := range i.free {
		if err := slots[s].release(); err != nil {
			return err
		}
		slots[s] = nil
	}
	return nil
}

// outputs returns the results as buffers. It copies results that share memory.
func (e *executable) outputs(slots []*storage) ([]compute.Buffer, error) {
	shared := map[int]bool{}
	for _, s := range e.params {
		shared[s] = true
	}
	for _, c := range e.constants {
		shared[c.slot] = true
	}
	outputs := make([]compute.Buffer, len(e.results))
	for i, s := range e.results {
		if !shared[s] {
			outputs[i], shared[s] = &Buffer{e.backend, e.outShapes[i], slots[s]}, true
			continue
		}
		flat, err := slots[s].flat()
		if err != nil {
			return nil, err
		}
		if outputs[i], err = e.backend.BufferFromFlatData(0, flat, e.outShapes[i]); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// storagesOf returns the storages of buffers.
func storagesOf(inputs []compute.Buffer) ([]*storage, error) {
	list := make([]*storage, len(inputs))
	for i, in := range inputs {
		b, ok := in.(*Buffer)
		if !ok {
			return nil, fmt.Errorf("backend %q: input %d is a %T of another backend", BackendName, i, in)
		}
		if b.storage == nil {
			return nil, errFinalized
		}
		list[i] = b.storage
	}
	return list, nil
}

// finalizeDonated finalizes the inputs that the caller donated.
func finalizeDonated(inputs []compute.Buffer, donate []bool) error {
	for i, given := range donate {
		if b := inputs[i].(*Buffer); given && b.storage != nil {
			if err := b.Finalize(); err != nil {
				return err
			}
		}
	}
	return nil
}
