// Package graph runs models. A [Program] is the list of steps that both readers, onnx and torch, make of a file; a
// [Scope] collects the steps while a file is read.
package graph

import (
	"context"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Limits on the graph of a model and on a run of it.
const (
	MaxNodes = 1 << 17
	// MaxLive limits the elements that the values of one run hold at a time, and the elements of all weights together:
	// 2 GiB of float32.
	MaxLive = 1 << 29
)

// WeightBudget counts the elements of weights. A small file can declare large weights, for example of a value that is
// repeated.
type WeightBudget int

// Spend adds the elements of t. It returns an error when the weights exceed MaxLive.
func (b *WeightBudget) Spend(t *mlflow.Tensor) error {
	if *b += WeightBudget(t.Len()); *b > MaxLive {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "the model's weights have more than %d elements", MaxLive)
	}
	return nil
}

// Program is a graph that is ready to run: a list of steps over numbered slots. A slot holds one value.
type Program struct {
	Inputs, Outputs []Port
	slots           int
	nested          bool // The graph is part of another one and may never run.
	constants       []constant
	steps           []Step
}

// Port is an input or an output of a program.
type Port struct {
	Spec mlflow.TensorSpec
	slot int
}

type constant struct {
	slot  int
	value *mlflow.Tensor
}

// Step computes values from other values.
type Step struct {
	Name   string // For messages: the node's name and its operator.
	Reads  []int  // The slots of the arguments; -1 for an omitted argument.
	Writes []int  // The slots of the results; -1 for a result that no step reads.
	Run    Run

	// Op describes what the step computes to the passes of the plan. It can be nil.
	Op Op
	// Pure states that the results depend on the arguments only, and that their memory is new or that of an argument.
	Pure bool
	// Cheap states that the time of the step is proportional to the elements of its arguments and results.
	Cheap bool

	// Prepare returns a faster Run for the arguments that are known when the program is loaded, which are nil for the
	// others, or nil if there is none, and the places of the arguments that it does not read. It can be nil itself.
	Prepare func(known []*mlflow.Tensor) (run Run, unread []int)

	drop []int // The slots that no later step reads.
}

// Run is the function that computes the results of a step from its arguments.
type Run = func(ctx context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error)

// findLastReads determines after which step each slot can be released.
func (p *Program) findLastReads() {
	last := make(map[int]int)
	for i, s := range p.steps {
		for _, slot := range s.Reads {
			last[slot] = i
		}
		for _, slot := range s.Writes {
			last[slot] = max(last[slot], i)
		}
	}
	delete(last, -1)
	for _, o := range p.Outputs {
		delete(last, o.slot)
	}
	for _, c := range p.constants {
		delete(last, c.slot)
	}
	for slot, i := range last {
		p.steps[i].drop = append(p.steps[i].drop, slot)
	}
}

// Run computes the outputs. The caller has checked the inputs against Inputs.
func (p *Program) Run(ctx context.Context, inputs []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
	r := run{values: make([]*mlflow.Tensor, p.slots), owners: make([]*block, p.slots)}
	for _, c := range p.constants {
		r.values[c.slot] = c.value
	}
	for i, in := range p.Inputs {
		r.values[in.slot] = inputs[i]
	}
	live := 0
	if err := ctx.Err(); err != nil {
		return nil, err // A loop may run a graph without steps.
	}
	for i := range p.steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := &p.steps[i]
		added, err := s.apply(ctx, r.values)
		if err != nil {
			return nil, err
		}
		if live += added; live > MaxLive {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"%s: the model's values hold more than %d elements; run a smaller batch", s.Name, MaxLive)
		}
		r.own(s)
		for _, slot := range s.drop {
			if r.values[slot] != nil {
				live -= r.values[slot].Len()
				r.release(slot)
			}
		}
	}
	return p.results(&r)
}

// apply runs the step on the values of all slots and returns the number of elements that it adds to them.
func (s *Step) apply(ctx context.Context, values []*mlflow.Tensor) (added int, err error) {
	args := make([]*mlflow.Tensor, len(s.Reads))
	for j, slot := range s.Reads {
		if slot < 0 {
			continue
		}
		if args[j] = values[slot]; args[j] == nil {
			return 0, mlflow.Errorf(mlflow.InternalError, "%s reads a value that was not computed", s.Name)
		}
	}
	results, err := s.Run(ctx, args)
	if err != nil {
		return 0, Within(err, s.Name)
	}
	if len(results) < len(s.Writes) {
		return 0, mlflow.Errorf(mlflow.InvalidParameterValue,
			"%s has %d results, but the graph names %d", s.Name, len(results), len(s.Writes))
	}
	for j, slot := range s.Writes {
		if slot < 0 {
			continue
		}
		if results[j] == nil {
			return 0, mlflow.Errorf(mlflow.NotImplemented, "%s: Millrace does not compute result %d", s.Name, j)
		}
		values[slot] = results[j]
		added += results[j].Len()
	}
	return added, nil
}

// results returns the outputs. An output whose memory is shared, for example with an input, a constant or another
// output, is copied.
func (p *Program) results(r *run) ([]*mlflow.Tensor, error) {
	out := make([]*mlflow.Tensor, len(p.Outputs))
	for i, o := range p.Outputs {
		v := r.values[o.slot]
		if v == nil {
			return nil, mlflow.Errorf(mlflow.InternalError, "output '%s' was not computed", o.Spec.Name)
		}
		if b := r.owners[o.slot]; b != nil && b.values == 1 && b.whole {
			// The room after the elements may have values of other runs.
			out[i] = &mlflow.Tensor{Shape: v.Shape, Data: slices.Clip(v.Data.([]float32))}
			r.owners[o.slot] = nil
			continue
		}
		if Length(v.Data) < 0 { // It is a sequence of tensors that belong to nothing else.
			out[i] = v
			continue
		}
		dup, err := kernel.Clone(v)
		if err != nil {
			return nil, err
		}
		out[i] = dup
	}
	for _, o := range p.Outputs {
		r.release(o.slot)
	}
	return out, nil
}
