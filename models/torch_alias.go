package models

import (
	"math"

	"github.com/millrace-ml/millrace/mlflow"
)

// aliases knows which names of a graph share memory in PyTorch. There, an operator
// that works in place changes all of them; here values never change, so such an
// operator is run only where nobody looks at the other names afterwards.
type aliases struct {
	group map[string]*[]string // The names that share memory.
	fixed map[string]bool      // Weights, which stay as they are from run to run.
	last  map[string]int       // The last node that reads a name.
}

// torchViews are the operators whose result may share memory with their first
// argument.
var torchViews = map[string]bool{
	"alias": true, "chunk": true, "contiguous": true, "detach": true, "dropout": true, "expand": true, "expand_as": true,
	"feature_dropout": true, "alpha_dropout": true, "flatten": true, "movedim": true, "narrow": true, "permute": true, "reshape": true, "select": true,
	"slice": true, "split": true, "split_with_sizes": true, "squeeze": true, "t": true, "to": true, "transpose": true,
	"type_as": true, "unbind": true, "unflatten": true, "unsqueeze": true, "view": true, "view_as": true, "_unsafe_view": true, "detach_": true, "numpy_T": true, "mT": true,
}

func newAliases(g *torchGraph, outputs []map[string]torchOutput) aliases {
	a := aliases{group: map[string]*[]string{}, fixed: map[string]bool{}, last: map[string]int{}}
	read := func(arg *torchArg, i int) {
		if arg.Tensor != nil {
			a.last[arg.Tensor.Name] = i
		}
		if arg.OptionalTensor != nil && arg.OptionalTensor.Tensor != nil {
			a.last[arg.OptionalTensor.Tensor.Name] = i
		}
		for _, t := range arg.Tensors {
			a.last[t.Name] = i
		}
		for _, t := range arg.OptionalTensors {
			if t.Tensor != nil {
				a.last[t.Tensor.Name] = i
			}
		}
	}
	for i := range g.Nodes {
		for j := range g.Nodes[i].Inputs {
			read(&g.Nodes[i].Inputs[j].Arg, i)
		}
	}
	for _, spec := range outputs {
		for _, out := range spec {
			read(&out.Arg, math.MaxInt)
		}
	}
	return a
}

func (a *aliases) of(name string) *[]string {
	if a.group[name] == nil {
		a.group[name] = &[]string{name}
	}
	return a.group[name]
}

// join notes that two names share memory.
func (a *aliases) join(name, with string) {
	g := a.of(with)
	if a.group[name] != g {
		*g = append(*g, name)
		a.group[name] = g
	}
}

// fix notes that a name is a weight.
func (a *aliases) fix(name string) { a.fixed[name] = true }

// write refuses a change in place at node i that somebody else would see.
func (a *aliases) write(name string, i int) error {
	for _, other := range *a.of(name) {
		if a.fixed[other] {
			return mlflow.Errorf(mlflow.NotImplemented, "the model changes its weight '%s' while it runs", other)
		}
		if other != name && a.last[other] > i {
			return mlflow.Errorf(mlflow.NotImplemented, "a change in place of '%s', which shares memory with '%s'", name, other)
		}
	}
	return nil
}
