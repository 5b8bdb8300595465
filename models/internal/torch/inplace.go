package torch

import (
	"context"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// writeThrough updates the values that share memory with a name after an in-place node has changed it: the original
// value, to which the new elements are written, and the views of it that are read later. The slot of the name already
// has the node's result.
func (b *builder) writeThrough(name string, seen []string, label string) error {
	if b.Len()+len(seen) > 2*graph.MaxNodes {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has too many in-place operations")
	}
	root, views, err := b.aliases.path(name)
	if err != nil {
		return err
	}
	if len(views) > 0 {
		if err := b.writeToOriginal(root, name, views, label); err != nil {
			return err
		}
	}
	for _, other := range seen {
		from, views, err := b.aliases.path(other)
		if err != nil {
			return err
		}
		if from != root || len(views) == 0 {
			continue
		}
		if err := b.recomputeView(root, other, views, label); err != nil {
			return err
		}
	}
	return nil
}

// writeToOriginal adds the step that writes the value of a name to the original value that it is a view of.
func (b *builder) writeToOriginal(root, name string, views []view, label string) error {
	slots, err := b.findAll(root, name)
	if err != nil {
		return err
	}
	st := graph.Step{Name: label, Reads: slots}
	look := replay(views, &st)
	st.Run = func(_ context.Context, values []*tensor) ([]*tensor, error) {
		return one(kernel.PutWhere(values[0], values[1], kernel.Replace, func(places *tensor) (*tensor, error) {
			return look(places, values)
		}))
	}
	st.Writes = []int{b.Define(root)}
	b.Append(st)
	return nil
}

// recomputeView adds the step that computes a view of the original value again.
func (b *builder) recomputeView(root, name string, views []view, label string) error {
	slots, err := b.findAll(root)
	if err != nil {
		return err
	}
	st := graph.Step{Name: label, Reads: slots}
	look := replay(views, &st)
	st.Run = func(_ context.Context, values []*tensor) ([]*tensor, error) { return one(look(values[0], values)) }
	st.Writes = []int{b.Define(name)}
	b.Append(st)
	return nil
}

func (b *builder) findAll(names ...string) ([]int, error) {
	var slots []int
	for _, name := range names {
		slot, err := b.Find(name)
		if err != nil {
			return nil, err
		}
		slots = append(slots, slot)
	}
	return slots, nil
}

// replay returns a function that applies a chain of views to a tensor. Other values that the views read become
// arguments of the step.
func replay(views []view, st *graph.Step) func(t *tensor, values []*tensor) (*tensor, error) {
	at := make([]int, len(views))
	for i, v := range views {
		at[i] = len(st.Reads)
		st.Reads = append(st.Reads, v.reads...)
	}
	return func(t *tensor, values []*tensor) (*tensor, error) {
		for i, v := range views {
			if v.op == nil {
				continue
			}
			args := slices.Clone(values[at[i] : at[i]+len(v.reads)])
			args[0] = t
			out, err := v.call.run(*v.op, args, false)
			if err != nil {
				return nil, err
			}
			if v.result >= len(out) {
				return nil,
					mlflow.Errorf(mlflow.InvalidParameterValue, "a view has %d results, but result %d is used", len(out), v.result)
			}
			t = out[v.result]
		}
		return t, nil
	}
}
