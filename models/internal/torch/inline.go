package torch

import (
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
)

// maxInline limits the nesting of graphs. The other constants are the operators that run nested graphs.
const (
	maxInline = 8
	wrapGrad  = "torch.ops.higher_order.wrap_with_set_grad_enabled"
	wrapCast  = "torch.ops.higher_order.wrap_with_autocast"
)

// inlined replaces the nodes of torch.no_grad() and of a disabled torch.autocast() by the nodes of their graphs,
// because these contexts do not affect inference. Names in a nested graph get a prefix, and an alias defines each
// result.
func inlined(nodes []node, depth int) ([]node, error) {
	var out []node
	for i := range nodes {
		n := &nodes[i]
		if n.Target != wrapGrad && n.Target != wrapCast {
			out = append(out, *n)
			continue
		}
		inner, err := inlinedNode(n, depth)
		if err != nil {
			return nil, graph.Within(err, "node '"+n.Name+"' ("+strings.TrimPrefix(n.Target, "torch.ops.")+")")
		}
		if out = append(out, inner...); len(out) > graph.MaxNodes {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has more than %d nodes", graph.MaxNodes)
		}
	}
	return out, nil
}

func inlinedNode(n *node, depth int) ([]node, error) {
	at := 1
	if n.Target == wrapCast {
		if at = 4; len(n.Inputs) > 2 && (n.Inputs[2].Arg.Bool == nil || *n.Inputs[2].Arg.Bool) {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "a model that was exported within torch.autocast")
		}
	}
	if depth == maxInline || len(n.Inputs) <= at || n.Inputs[at].Arg.Graph == nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the nested graph is missing or nested too deeply")
	}
	g, given := n.Inputs[at].Arg.Graph.Graph, n.Inputs[at+1:]
	if len(given) != len(g.Inputs) || len(n.Outputs) != len(g.Outputs) {
		return nil,
			mlflow.Errorf(mlflow.InvalidParameterValue, "a nested graph with %d inputs gets %d", len(g.Inputs), len(given))
	}
	nodes, err := inlined(g.Nodes, depth+1)
	if err != nil {
		return nil, err
	}
	outer := map[string]string{}
	for i := range given {
		inside, outside := g.Inputs[i].name(), given[i].Arg.name()
		if inside != nil && outside != nil {
			outer[*inside] = *outside
		}
	}
	prefix := n.Name + "/"
	if len(n.Outputs) > 0 && n.Outputs[0].name() != nil {
		prefix = *n.Outputs[0].name() + "/"
	}
	rename := func(name *string) {
		if other, ok := outer[*name]; ok {
			*name = other
		} else {
			*name = prefix + *name
		}
	}
	for i := range nodes {
		for j := range nodes[i].Inputs {
			nodes[i].Inputs[j].Arg.eachName(rename)
		}
		for j := range nodes[i].Outputs {
			nodes[i].Outputs[j].eachName(rename)
		}
	}
	for i := range g.Outputs {
		g.Outputs[i].eachName(rename)
		alias := node{Target: "torch.ops.aten.alias.default", Name: n.Name, Outputs: n.Outputs[i : i+1]}
		alias.Inputs = append(alias.Inputs, namedArgument{"self", g.Outputs[i]})
		nodes = append(nodes, alias)
	}
	return nodes, nil
}

// name returns a pointer to the name of a value, or nil for other kinds of arguments.
func (a *argument) name() *string {
	switch {
	case a.Tensor != nil:
		return &a.Tensor.Name
	case a.SymInt != nil && a.SymInt.Name != "":
		return &a.SymInt.Name
	}
	return nil
}

// eachName calls f for every name of a value in an argument.
func (a *argument) eachName(f func(name *string)) {
	if name := a.name(); name != nil {
		f(name)
	}
	if a.OptionalTensor != nil && a.OptionalTensor.Tensor != nil {
		f(&a.OptionalTensor.Tensor.Name)
	}
	for i := range a.Tensors {
		f(&a.Tensors[i].Name)
	}
	for i := range a.OptionalTensors {
		if t := a.OptionalTensors[i].Tensor; t != nil {
			f(&t.Name)
		}
	}
	for i := range a.SymInts {
		if a.SymInts[i].Name != "" {
			f(&a.SymInts[i].Name)
		}
	}
}
