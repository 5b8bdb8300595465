package torch

import (
	"math"

	"github.com/millrace-ml/millrace/mlflow"
)

// aliases knows which names of a graph share memory in PyTorch. There, an operator
// that works in place changes all of them; here values never change, so the names
// that are read afterwards are made again.
type aliases struct {
	group map[string]*[]string // The names that share memory.
	views map[string]view      // How a name was made of another that it shares memory with.
	fixed map[string]bool      // Weights, which stay as they are from run to run.
	last  map[string]int       // The last node that reads a name.
}

// view is a result of a node that shares memory with its first argument.
type view struct {
	of     string
	op     *operator // Nil for the very same elements.
	call   *call
	reads  []int // The slots that the node reads; the first argument is number 0.
	result int   // Which result of the node it is.
	unsure bool  // PyTorch may have copied, which the graph does not tell.
}

// Limits on views that are made again: of views in a row, and of names for the same
// memory.
const (
	maxViews  = 64
	maxShared = 1 << 12
)

// mayCopy are the views that PyTorch copies where the elements do not lie as
// they should.
var mayCopy = map[string]bool{"contiguous": true, "reshape": true, "flatten": true, "to": true, "type_as": true, "ravel": true, "_unsafe_view": true}

// viewOperators are the operators whose result may share memory with their first
// argument.
var viewOperators = map[string]bool{
	"alias": true, "chunk": true, "contiguous": true, "detach": true, "dropout": true, "expand": true, "expand_as": true,
	"feature_dropout": true, "alpha_dropout": true, "flatten": true, "movedim": true, "narrow": true, "permute": true, "reshape": true, "select": true,
	"slice": true, "split": true, "split_with_sizes": true, "squeeze": true, "t": true, "to": true, "transpose": true,
	"swapaxes": true, "swapdims": true, "diagonal": true, "unfold": true, "ravel": true, "lift_fresh": true, "tensor_split": true, "type_as": true, "unbind": true, "unflatten": true, "unsqueeze": true, "view": true, "view_as": true, "_unsafe_view": true, "detach_": true, "numpy_T": true, "mT": true,
}

func newAliases(g *exportedGraph, outputs []map[string]outputSpec) aliases {
	a := aliases{group: map[string]*[]string{}, views: map[string]view{}, fixed: map[string]bool{}, last: map[string]int{}}
	read := func(arg *argument, i int) {
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

// join notes that a name shares memory with the one that it was made of.
func (a *aliases) join(name string, v view) {
	g := a.of(v.of)
	if a.group[name] != g {
		*g = append(*g, name)
		a.group[name] = g
	}
	if name != v.of {
		a.views[name] = v
	}
}

// path returns the views that lead from the value that nothing else was made of to
// a name.
func (a *aliases) path(name string) (root string, views []view, err error) {
	root = name
	for {
		v, ok := a.views[root]
		switch {
		case !ok:
			return root, views, nil
		case v.unsure || len(views) == maxViews:
			return "", nil, mlflow.Errorf(mlflow.NotImplemented, "a change in place of '%s', which may share memory with '%s'", name, v.of)
		}
		views, root = append([]view{v}, views...), v.of
	}
}

// fix notes that a name is a weight.
func (a *aliases) fix(name string) { a.fixed[name] = true }

// seen lists the names besides the given one that are read after node i and share
// memory with it.
func (a *aliases) seen(name string, i int) ([]string, error) {
	group := *a.of(name)
	if len(group) > maxShared {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "'%s' shares memory with more than %d others", name, maxShared)
	}
	var out []string
	for _, other := range group {
		if a.fixed[other] {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "the model changes its weight '%s' while it runs", other)
		}
		if other != name && a.last[other] > i {
			out = append(out, other)
		}
	}
	return out, nil
}
