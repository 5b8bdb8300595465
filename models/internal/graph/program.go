// Package graph runs models. A [Program] is the list of steps that both readers, onnx and torch, make of a file; a
// [Scope] collects the steps while a file is read.
package graph

import (
	"context"

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
	Run    func(ctx context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error)
	drop   []int // The slots that no later step reads.
}

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
	values := make([]*mlflow.Tensor, p.slots)
	for _, c := range p.constants {
		values[c.slot] = c.value
	}
	for i, in := range p.Inputs {
		values[in.slot] = inputs[i]
	}
	live := 0
	for i := range p.steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := &p.steps[i]
		added, err := s.apply(ctx, values)
		if err != nil {
			return nil, err
		}
		if live += added; live > MaxLive {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"%s: the model's values hold more than %d elements; run a smaller batch", s.Name, MaxLive)
		}
		for _, slot := range s.drop {
			if values[slot] != nil {
				live -= values[slot].Len()
				values[slot] = nil
			}
		}
	}
	return p.results(values)
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

// results copies the outputs, because an output may be an input or a constant.
func (p *Program) results(values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
	out := make([]*mlflow.Tensor, len(p.Outputs))
	for i, o := range p.Outputs {
		v := values[o.slot]
		if v == nil {
			return nil, mlflow.Errorf(mlflow.InternalError, "output '%s' was not computed", o.Spec.Name)
		}
		dup, err := kernel.Clone(v)
		if err != nil {
			return nil, err
		}
		out[i] = dup
	}
	return out, nil
}
