package models

import (
	"context"
	"maps"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Limits on a model's graph and on a run of it.
const (
	maxNodes = 1 << 17
	// maxLive is how many elements the values of one run may hold at a time, and
	// how many the weights may have together: 2 GiB of float32.
	maxLive = 1 << 29
)

// budget counts the elements of weights, of which a small file can claim many.
type budget int

func (b *budget) spend(t *tensor) error {
	if *b += budget(t.Len()); *b > maxLive {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "the model's weights have more than %d elements", maxLive)
	}
	return nil
}

// program is a graph made ready to run: a list of steps over numbered slots, each
// of which holds one value.
type program struct {
	inputs, outputs []port
	slots           int
	constants       []constant
	steps           []step
}

// port is an input or output of the program.
type port struct {
	spec mlflow.TensorSpec
	slot int
}

type constant struct {
	slot  int
	value *tensor
}

// step computes values from others.
type step struct {
	name  string // For messages: the operator and the node's own name.
	reads []int  // Slots; -1 for an argument that is left out.
	makes []int  // Slots; -1 for a result that nobody reads.
	run   func(ctx context.Context, values []*tensor) ([]*tensor, error)
	drop  []int // Slots that no later step reads.
}

// finish works out when values can be forgotten.
func (p *program) finish() {
	last := make(map[int]int)
	for i, s := range p.steps {
		for _, slot := range s.reads {
			last[slot] = i
		}
		for _, slot := range s.makes {
			last[slot] = max(last[slot], i)
		}
	}
	delete(last, -1)
	for _, o := range p.outputs {
		delete(last, o.slot)
	}
	for _, c := range p.constants {
		delete(last, c.slot)
	}
	for slot, i := range last {
		p.steps[i].drop = append(p.steps[i].drop, slot)
	}
}

// run computes the outputs for inputs that were checked.
func (p *program) run(ctx context.Context, inputs []*tensor) ([]*tensor, error) {
	values := make([]*tensor, p.slots)
	for _, c := range p.constants {
		values[c.slot] = c.value
	}
	for i, in := range p.inputs {
		values[in.slot] = inputs[i]
	}
	live := 0
	for i := range p.steps {
		s := &p.steps[i]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		args := make([]*tensor, len(s.reads))
		for j, slot := range s.reads {
			if slot < 0 {
				continue
			}
			if args[j] = values[slot]; args[j] == nil {
				return nil, mlflow.Errorf(mlflow.InternalError, "%s reads a value that is not there", s.name)
			}
		}
		results, err := s.run(ctx, args)
		if err != nil {
			return nil, within(err, s.name)
		}
		if len(results) < len(s.makes) {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%s has %d results, but the graph names %d", s.name, len(results), len(s.makes))
		}
		for j, slot := range s.makes {
			if slot < 0 {
				continue
			}
			if results[j] == nil {
				return nil, mlflow.Errorf(mlflow.NotImplemented, "%s: result %d is not one that Millrace computes", s.name, j)
			}
			values[slot] = results[j]
			live += results[j].Len()
		}
		if live > maxLive {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%s: the model's values hold more than %d elements; run a smaller batch", s.name, maxLive)
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

// results copies the outputs, which may be inputs or constants themselves.
func (p *program) results(values []*tensor) ([]*tensor, error) {
	out := make([]*tensor, len(p.outputs))
	for i, o := range p.outputs {
		v := values[o.slot]
		if v == nil {
			return nil, mlflow.Errorf(mlflow.InternalError, "output '%s' was not computed", o.spec.Name)
		}
		dup, err := kernel.Clone(v)
		if err != nil {
			return nil, err
		}
		out[i] = dup
	}
	return out, nil
}

// scope numbers the values of a graph by name while it is read.
type scope struct {
	program *program
	names   map[string]int
	outer   *scope            // Of the graph that this one lies in, or nil.
	taken   []string          // The names that were found there, in the order of the program's last inputs.
	unmade  map[string]string // Results of nodes that are not computed, and the nodes.
}

func newScope() *scope {
	return &scope{program: &program{}, names: map[string]int{}, unmade: map[string]string{}}
}

// define gives a name to a new slot. A second definition hides the first.
func (s *scope) define(name string) int {
	slot := s.program.slots
	s.program.slots++
	s.names[name] = slot
	return slot
}

// constant defines a value that is known.
func (s *scope) constant(name string, t *tensor) {
	s.program.constants = append(s.program.constants, constant{s.define(name), t})
}

// find returns the slot of a name.
func (s *scope) find(name string) (int, error) {
	slot, ok := s.names[name]
	if node := s.unmade[name]; !ok && node != "" {
		return 0, mlflow.Errorf(mlflow.NotImplemented, "the model reads '%s', a result of %s that Millrace does not compute", name, node)
	}
	if !ok && s.outer != nil {
		if _, err := s.outer.find(name); err != nil {
			return 0, err
		}
		s.taken = append(s.taken, name)
		return s.define(name), nil
	}
	if !ok {
		return 0, mlflow.Errorf(mlflow.InvalidParameterValue, "the graph reads a value '%s' that nothing before it makes", name)
	}
	return slot, nil
}

// output makes a value one of the program's results.
func (s *scope) output(spec mlflow.TensorSpec, name string) error {
	slot, err := s.find(name)
	if err != nil {
		return err
	}
	s.program.outputs = append(s.program.outputs, port{spec, slot})
	return nil
}

// input makes the next input.
func (s *scope) input(spec mlflow.TensorSpec) error {
	if slices.ContainsFunc(s.program.inputs, func(p port) bool { return p.spec.Name == spec.Name }) {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has two inputs '%s'", spec.Name)
	}
	s.program.inputs = append(s.program.inputs, port{spec, s.define(spec.Name)})
	return nil
}

// unknownOperator refuses a graph for one of its operators.
func unknownOperator(name string) error {
	return mlflow.Errorf(mlflow.NotImplemented, "the model uses operator %s, which Millrace cannot run; serve it with MLflow's own pyfunc server", name)
}

// join makes one table of operators of several.
func join[T any](tables ...map[string]T) map[string]T {
	out := map[string]T{}
	for _, t := range tables {
		maps.Copy(out, t)
	}
	return out
}
