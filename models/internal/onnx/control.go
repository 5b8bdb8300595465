package onnx

import (
	"context"
	"math"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/classical"
)

// controlOperator returns the function that builds an operator whose attributes contain graphs, or nil for any other
// operator. A nested graph can read values of the enclosing graph; these become additional inputs of the step.
func controlOperator(op string) func(r *reader, s *graph.Scope, n *nodeProto, st *graph.Step) error {
	// This is not a table, because a table would refer to itself through these functions.
	switch op {
	case "If":
		return ifOperator
	case "Loop":
		return loopOperator
	case "Scan":
		return scanOperator
	}
	return nil
}

// maxIterations is the limit of iterations of a loop.
const maxIterations = 1 << 20

// branch is a nested graph. The last inputs of its program are values of the enclosing graph, which the step reads
// from position from on.
type branch struct {
	program *graph.Program
	from    int
}

// branch builds the nested graph of an attribute.
func (r *reader) branch(s *graph.Scope, n *nodeProto, name string, st *graph.Step) (*branch, error) {
	a := n.attributes[name]
	if a == nil || a.graph == nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the graph '%s' is missing", name)
	}
	inner := s.Nested()
	if err := r.constants(inner, a.graph); err != nil {
		return nil, err
	}
	for _, v := range a.graph.inputs {
		if err := inner.Input(mlflow.TensorSpec{Name: v.name}); err != nil {
			return nil, err
		}
	}
	if err := r.body(inner, a.graph); err != nil {
		return nil, err
	}
	from := len(st.Reads)
	program, err := inner.FinishNested(st)
	if err != nil {
		return nil, err
	}
	return &branch{program, from}, nil
}

// run runs the graph with its own inputs and those of the values of the step that it captures.
func (b *branch) run(ctx context.Context, own, values []*tensor) ([]*tensor, error) {
	if need := len(b.program.Inputs); len(own) > need || b.from+need-len(own) > len(values) {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "a nested graph with %d inputs gets %d", need, len(own))
	}
	outer := values[b.from : b.from+len(b.program.Inputs)-len(own)]
	return b.program.Run(ctx, append(append([]*tensor{}, own...), outer...))
}

// conditionOf returns a condition as a bool.
func conditionOf(t *tensor) (bool, error) {
	v, err := kernel.AsFloat(t)
	return v != 0, err
}

// ifOperator builds If, which runs one of two graphs.
func ifOperator(r *reader, s *graph.Scope, n *nodeProto, st *graph.Step) error {
	then, err := r.branch(s, n, "then_branch", st)
	if err != nil {
		return err
	}
	other, err := r.branch(s, n, "else_branch", st)
	if err != nil {
		return err
	}
	st.Run = func(ctx context.Context, values []*tensor) ([]*tensor, error) {
		if len(n.inputs) != 1 {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d conditions", len(n.inputs))
		}
		yes, err := conditionOf(values[0])
		if err != nil {
			return nil, err
		}
		if yes {
			return then.run(ctx, nil, values)
		}
		return other.run(ctx, nil, values)
	}
	return nil
}

// loopOperator builds Loop, which runs a graph at most as often as input 0 says, while input 1 and then the first
// result of the graph are true. The next results are the state of the next iteration; the remaining ones are stacked.
func loopOperator(r *reader, s *graph.Scope, n *nodeProto, st *graph.Step) error {
	if len(n.inputs) < 2 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "%d inputs", len(n.inputs))
	}
	body, err := r.branch(s, n, "body", st)
	if err != nil {
		return err
	}
	states := len(n.inputs) - 2
	st.Run = func(ctx context.Context, values []*tensor) ([]*tensor, error) {
		turns, going, err := math.Inf(1), kernel.Scalar(true), error(nil)
		if values[0] != nil {
			if turns, err = kernel.AsFloat(values[0]); err != nil {
				return nil, err
			}
		}
		if values[1] != nil {
			going = values[1]
		}
		state := values[2 : 2+states]
		made := stacks{lists: make([][]*tensor, max(0, len(body.program.Outputs)-1-states))}
		for i := 0; float64(i) < turns; i++ {
			if yes, err := conditionOf(going); err != nil || !yes {
				return made.finish(state, err)
			}
			if i == maxIterations {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "a loop of more than %d turns", maxIterations)
			}
			out, err := body.run(ctx, append([]*tensor{kernel.Scalar(int64(i)), going}, state...), values)
			if err != nil {
				return nil, err
			}
			if len(out) < 1+states {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "a loop of %d values makes %d", states, len(out)-1)
			}
			going, state = out[0], out[1:1+states]
			if err := made.push(out[1+states:]); err != nil {
				return nil, err
			}
		}
		return made.finish(state, nil)
	}
	return nil
}

// scanOperator builds Scan, which runs a graph for every element along the first axis of its last inputs.
func scanOperator(r *reader, s *graph.Scope, n *nodeProto, st *graph.Step) error {
	for name, a := range n.attributes {
		for _, v := range a.ints {
			if v != 0 {
				return mlflow.Errorf(mlflow.NotImplemented, "a scan with %s", name)
			}
		}
	}
	scanned := 0
	if a := n.attributes["num_scan_inputs"]; a != nil && a.i >= 1 && a.i <= int64(len(n.inputs)) {
		scanned = int(a.i)
	}
	if scanned == 0 || r.file.opsets[""] < 9 {
		return mlflow.Errorf(mlflow.NotImplemented, "a scan of %d inputs of operator set %d", scanned, r.file.opsets[""])
	}
	body, err := r.branch(s, n, "body", st)
	if err != nil {
		return err
	}
	inputs := len(n.inputs)
	states := inputs - scanned
	distances := states == 1 && scanned == 1 && len(st.Reads) == 2 && isDistance(n.attributes["body"].graph)
	st.Run = func(ctx context.Context, values []*tensor) ([]*tensor, error) {
		if distances {
			if out, err := classical.SquaredDistances(values[1], values[0]); err == nil {
				return []*tensor{values[0], out}, nil
			}
		}
		turns, err := firstSize(values[states:inputs])
		if err != nil {
			return nil, err
		}
		state := values[:states]
		made := stacks{lists: make([][]*tensor, max(0, len(body.program.Outputs)-states))}
		for i := range turns {
			own := append([]*tensor{}, state...)
			for _, t := range values[states:inputs] {
				part, err := kernel.Select(t, 0, i)
				if err != nil {
					return nil, err
				}
				own = append(own, part)
			}
			out, err := body.run(ctx, own, values)
			if err != nil {
				return nil, err
			}
			if len(out) < states {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "a scan of %d values makes %d", states, len(out))
			}
			state = out[:states]
			if err := made.push(out[states:]); err != nil {
				return nil, err
			}
		}
		return made.finish(state, nil)
	}
	return nil
}

// firstSize returns the length of the first axis, which must be the same for all tensors.
func firstSize(list []*tensor) (int, error) {
	n := -1
	for _, t := range list {
		if t == nil || len(t.Shape) == 0 || n >= 0 && t.Shape[0] != n {
			return 0, mlflow.Errorf(mlflow.InvalidParameterValue, "a scan of tensors of different lengths")
		}
		n = t.Shape[0]
	}
	if n > maxIterations {
		return 0, mlflow.Errorf(mlflow.InvalidParameterValue, "a scan of more than %d turns", maxIterations)
	}
	return n, nil
}

// stacks collects the results of the iterations that are not part of the state.
type stacks struct {
	lists [][]*tensor
	held  int // The number of collected elements, at most MaxLive.
}

func (s *stacks) push(values []*tensor) error {
	for i := range s.lists {
		s.lists[i] = append(s.lists[i], values[i])
		if s.held += values[i].Len(); s.held > graph.MaxLive {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "a loop makes more than %d elements", graph.MaxLive)
		}
	}
	return nil
}

// finish returns the final state and the stacked results.
func (s *stacks) finish(state []*tensor, err error) ([]*tensor, error) {
	out := append([]*tensor{}, state...)
	for _, list := range s.lists {
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "a loop without turns")
		}
		var all *tensor
		all, err = kernel.Stack(list, 0)
		out = append(out, all)
	}
	return out, err
}
