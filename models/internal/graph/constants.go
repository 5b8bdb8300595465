package graph

import (
	"context"

	"github.com/millrace-ml/millrace/mlflow"
)

// Limits on the computation of constants when a program is loaded, in elements of arguments and results: of steps
// whose time is proportional to them, and of other steps.
const (
	maxCheap  = 1 << 28
	maxCostly = 1 << 16
	// maxGrown is the size up to which a constant may be larger than what it is computed from.
	maxGrown = 1 << 20
)

// foldConstants computes the steps whose arguments are all constants. An error of such a step is an error of the
// model: every run would return it. In a nested graph, which may not run, the step remains.
func (p *Program) foldConstants() error {
	x, gone := p.index(), map[int]bool{}
	cheap, costly := maxCheap, maxCostly
	for i := range p.steps {
		s := &p.steps[i]
		size, ok := x.folds(s)
		budget := &costly
		if s.Cheap {
			budget = &cheap
		}
		if !ok || size > *budget {
			continue
		}
		results, err := s.constants(x)
		if err != nil && p.nested {
			continue
		}
		if err != nil {
			return Within(err, s.Name)
		}
		grown := 0
		for _, t := range results {
			grown += t.Len()
		}
		if *budget -= size + grown; grown > max(maxGrown, size) {
			continue
		}
		for j, slot := range s.Writes {
			if slot >= 0 {
				p.constants = append(p.constants, constant{slot, results[j]})
				x.constants[slot] = results[j]
			}
		}
		gone[i] = true
	}
	p.remove(gone)
	return nil
}

// folds reports whether all arguments of a step are constants, and returns the number of their elements.
func (x index) folds(s *Step) (size int, ok bool) {
	for _, slot := range s.Reads {
		if slot < 0 {
			continue
		}
		t, constant := x.constants[slot]
		if !constant {
			return 0, false
		}
		size += t.Len()
	}
	return size, s.Pure
}

// constants runs a step whose arguments are constants.
func (s *Step) constants(x index) ([]*mlflow.Tensor, error) {
	args := make([]*mlflow.Tensor, len(s.Reads))
	for j, slot := range s.Reads {
		args[j] = x.constants[slot]
	}
	results, err := s.Run(context.Background(), args)
	if err != nil {
		return nil, err
	}
	if len(results) < len(s.Writes) {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"%d results, but the graph names %d", len(results), len(s.Writes))
	}
	for j, slot := range s.Writes {
		if slot >= 0 && results[j] == nil {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "Millrace does not compute result %d", j)
		}
	}
	return results, nil
}
