package graph

import (
	"maps"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// Scope builds a program while a graph is read. It assigns a slot to every named value.
type Scope struct {
	program     *Program
	slots       map[string]int
	outer       *Scope            // The scope of the enclosing graph, or nil.
	captured    []string          // The values of the outer scope that this graph reads.
	notComputed map[string]string // Results that are not implemented, with the nodes that produce them.
	known       map[int]*mlflow.Tensor
}

// NewScope returns the scope of a graph that is not nested in another one.
func NewScope() *Scope {
	return &Scope{
		program: &Program{}, slots: map[string]int{}, notComputed: map[string]string{}, known: map[int]*mlflow.Tensor{},
	}
}

// Nested returns a scope for a graph that may also read the values of s.
func (s *Scope) Nested() *Scope {
	inner := NewScope()
	inner.outer = s
	return inner
}

// Define assigns a new slot to a name. A second definition hides the first.
func (s *Scope) Define(name string) int {
	slot := s.program.slots
	s.program.slots++
	s.slots[name] = slot
	return slot
}

// Defined reports whether a name has a slot in this scope.
func (s *Scope) Defined(name string) bool {
	_, ok := s.slots[name]
	return ok
}

// Alias makes name another name of the value target, which must be defined.
func (s *Scope) Alias(name, target string) { s.slots[name] = s.slots[target] }

// NotComputed records that a node has a result that Millrace does not compute. Only a graph that reads it is an error.
func (s *Scope) NotComputed(result, node string) { s.notComputed[result] = node }

// Constant defines a value that is known when the file is read.
func (s *Scope) Constant(name string, t *mlflow.Tensor) {
	slot := s.Define(name)
	s.program.constants = append(s.program.constants, constant{slot, t})
	s.known[slot] = t
}

// Known returns the values of the slots that are known when the file is read, and nil for the others.
func (s *Scope) Known(slots []int) []*mlflow.Tensor {
	out := make([]*mlflow.Tensor, len(slots))
	for i, slot := range slots {
		if slot >= 0 {
			out[i] = s.known[slot]
		}
	}
	return out
}

// Find returns the slot of a name. A name that only the outer scope defines is captured from there.
func (s *Scope) Find(name string) (int, error) {
	if slot, ok := s.slots[name]; ok {
		return slot, nil
	}
	if node := s.notComputed[name]; node != "" {
		return 0, mlflow.Errorf(mlflow.NotImplemented,
			"the model reads '%s', a result of %s that Millrace does not compute", name, node)
	}
	if s.outer == nil {
		return 0, mlflow.Errorf(mlflow.InvalidParameterValue,
			"the graph reads the value '%s' before a node defines it", name)
	}
	if _, err := s.outer.Find(name); err != nil {
		return 0, err
	}
	s.captured = append(s.captured, name)
	return s.Define(name), nil
}

// Input adds the next input of the program.
func (s *Scope) Input(spec mlflow.TensorSpec) error {
	if slices.ContainsFunc(s.program.Inputs, func(p Port) bool { return p.Spec.Name == spec.Name }) {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has two inputs '%s'", spec.Name)
	}
	s.program.Inputs = append(s.program.Inputs, Port{spec, s.Define(spec.Name)})
	return nil
}

// Output makes the value of a name the next output of the program.
func (s *Scope) Output(spec mlflow.TensorSpec, name string) error {
	slot, err := s.Find(name)
	if err != nil {
		return err
	}
	s.program.Outputs = append(s.program.Outputs, Port{spec, slot})
	return nil
}

// Append adds the next step of the program.
func (s *Scope) Append(st Step) { s.program.steps = append(s.program.steps, st) }

// Len returns the number of steps.
func (s *Scope) Len() int { return len(s.program.steps) }

// Finish returns the program of a graph that is not nested.
func (s *Scope) Finish() (*Program, error) {
	if len(s.program.Outputs) == 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has no outputs")
	}
	if err := s.program.plan(); err != nil {
		return nil, err
	}
	return s.program, nil
}

// FinishNested returns the program of a nested graph. The captured values become its last inputs, and st, the step of
// the outer graph that runs the program, reads them after its own arguments.
func (s *Scope) FinishNested(st *Step) (*Program, error) {
	for _, name := range s.captured {
		slot, err := s.outer.Find(name)
		if err != nil {
			return nil, err
		}
		s.program.Inputs = append(s.program.Inputs, Port{slot: s.slots[name]})
		st.Reads = append(st.Reads, slot)
	}
	s.program.nested = true
	return s.program, s.program.plan()
}

// Join merges tables of operators into one.
func Join[T any](tables ...map[string]T) map[string]T {
	out := map[string]T{}
	for _, t := range tables {
		maps.Copy(out, t)
	}
	return out
}
