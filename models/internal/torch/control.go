package torch

import (
	"context"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// The operators that run graphs by values of tensors, and the limit of the turns of a loop.
const (
	condTarget  = "higher_order.cond"
	whileTarget = "higher_order.while_loop"
	maxTurns    = 1 << 20
)

// addControl adds the step of torch.cond or while_loop. It reports false for other nodes.
func (b *builder) addControl(target string, n *node, label string) (done bool, err error) {
	st := graph.Step{Name: label}
	switch target {
	case condTarget:
		err = b.addCond(n, &st)
	case whileTarget:
		err = b.addWhile(n, &st)
	default:
		return false, nil
	}
	if err != nil {
		return true, graph.Within(err, label)
	}
	for _, name := range resultNames(n) {
		st.Writes = append(st.Writes, b.Define(name))
	}
	b.Append(st)
	return true, nil
}

// nested builds a graph that is an argument of a node. It gets a number of arguments.
func (b *builder) nested(n *node, at, arguments int, st *graph.Step) (*graph.Program, error) {
	if b.depth == maxInline || n.Inputs[at].Arg.Graph == nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the nested graph is missing or nested too deeply")
	}
	g := &n.Inputs[at].Arg.Graph.Graph
	if len(g.Inputs) != arguments {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"a nested graph with %d inputs gets %d", len(g.Inputs), arguments)
	}
	var err error
	if g.Nodes, err = inlined(g.Nodes, b.depth+1); err != nil {
		return nil, err
	}
	var outputs []map[string]outputSpec
	for _, out := range g.Outputs {
		outputs = append(outputs, map[string]outputSpec{"user_output": {Arg: out}})
	}
	inner := &builder{Scope: b.Nested(), graph: g, aliases: newAliases(g, outputs), depth: b.depth + 1}
	if strings.HasSuffix(n.Target, condTarget) {
		inner.seed = b.seed // A loop would draw the same numbers in each turn.
	}
	for i := range g.Inputs {
		name := g.Inputs[i].name()
		if name == nil {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "a nested graph with an input that is not a tensor")
		}
		if err := inner.Input(mlflow.TensorSpec{Name: *name}); err != nil {
			return nil, err
		}
		inner.aliases.fix(*name)
	}
	for i := range g.Nodes {
		if err := inner.addNode(i, &g.Nodes[i]); err != nil {
			return nil, err
		}
	}
	for _, out := range g.Outputs {
		if err := inner.addOutput("user_output", out); err != nil {
			return nil, err
		}
	}
	from := len(st.Reads)
	program, err := inner.FinishNested(st)
	if err == nil && len(st.Reads) != from {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "a nested graph that reads values of the graph around it")
	}
	return program, err
}

// readAll adds the tensors of an argument to the arguments of a step.
func (b *builder) readAll(a *argument, st *graph.Step) (count int, err error) {
	list := a.Tensors
	if a.Tensor != nil {
		list = append(list, *a.Tensor)
	}
	for _, t := range list {
		slot, err := b.Find(t.Name)
		if err != nil {
			return 0, err
		}
		st.Reads = append(st.Reads, slot)
	}
	if len(list) == 0 && (a.Ints != nil || a.SymInts != nil || a.Floats != nil || a.SymInt != nil) {
		return 0, mlflow.Errorf(mlflow.NotImplemented, "a nested graph with an input that is not a tensor")
	}
	return len(list), nil
}

// addCond builds torch.cond, which runs one of two graphs.
func (b *builder) addCond(n *node, st *graph.Step) error {
	if len(n.Inputs) != 4 || n.Inputs[0].Arg.Tensor == nil {
		return mlflow.Errorf(mlflow.NotImplemented, "a condition that is not a tensor")
	}
	if _, err := b.readAll(&n.Inputs[0].Arg, st); err != nil {
		return err
	}
	count, err := b.readAll(&n.Inputs[3].Arg, st)
	if err != nil {
		return err
	}
	var branches [2]*graph.Program
	for i := range branches {
		if branches[i], err = b.nested(n, 1+i, count, st); err != nil {
			return err
		}
	}
	st.Run = func(ctx context.Context, values []*tensor) ([]*tensor, error) {
		yes, err := kernel.AsFloat(values[0])
		if err != nil {
			return nil, err
		}
		which := 1
		if yes != 0 {
			which = 0
		}
		return branches[which].Run(ctx, values[1:])
	}
	return nil
}

// addWhile builds while_loop, which runs a graph on its own results while another one finds them true.
func (b *builder) addWhile(n *node, st *graph.Step) error {
	if len(n.Inputs) != 4 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "a loop with %d arguments", len(n.Inputs))
	}
	carried, err := b.readAll(&n.Inputs[2].Arg, st)
	if err != nil {
		return err
	}
	more, err := b.readAll(&n.Inputs[3].Arg, st)
	if err != nil {
		return err
	}
	going, err := b.nested(n, 0, carried+more, st)
	if err != nil {
		return err
	}
	body, err := b.nested(n, 1, carried+more, st)
	if err != nil {
		return err
	}
	if len(going.Outputs) != 1 || len(body.Outputs) != carried {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "a loop of %d values makes %d", carried, len(body.Outputs))
	}
	st.Run = func(ctx context.Context, values []*tensor) ([]*tensor, error) {
		state := append([]*tensor{}, values...)
		for range maxTurns {
			answer, err := going.Run(ctx, state)
			if err != nil {
				return nil, err
			}
			yes, err := kernel.AsFloat(answer[0])
			if err != nil {
				return nil, err
			}
			if yes == 0 {
				return state[:carried], nil
			}
			next, err := body.Run(ctx, state)
			if err != nil {
				return nil, err
			}
			copy(state, next)
		}
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "a loop of more than %d turns", maxTurns)
	}
	return nil
}
