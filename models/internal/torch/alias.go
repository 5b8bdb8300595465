package torch

import (
	"math"

	"github.com/millrace-ml/millrace/mlflow"
)

// aliases tracks which names of a graph share memory in PyTorch, where an in-place operator changes all of them.
// Values are immutable here, so the names that are read later are computed again.
type aliases struct {
	group map[string]*[]string // The names that share memory with a name.
	views map[string]view      // How a name is derived from another name that it shares memory with.
	fixed map[string]bool      // Weights, which must not change between runs.
	last  map[string]int       // The last node that reads a name.
}

// view is a result of a node that shares memory with the node's first argument.
type view struct {
	of     string
	op     *operator // Nil if the result has the same elements in the same order.
	call   *call
	reads  []int // The slots that the node reads. The first one is the first argument.
	result int   // The index of the result.
	unsure bool  // PyTorch copies in some cases, which the graph does not show.
}

// Limits of recomputed views: the length of a chain of views and the number of names that share memory.
const (
	maxViews  = 64
	maxShared = 1 << 12
)

// mayCopy has the views that PyTorch copies if the memory layout requires it.
var mayCopy = map[string]bool{
	"contiguous": true, "reshape": true, "flatten": true, "to": true, "type_as": true,
	"ravel": true, "_unsafe_view": true, "reshape_as": true,
}

// viewOperators has the operators whose result can share memory with their first argument.
var viewOperators = map[string]bool{
	"alias": true, "chunk": true, "contiguous": true, "detach": true, "dropout": true, "expand": true, "expand_as": true,
	"feature_dropout": true, "alpha_dropout": true, "flatten": true, "movedim": true, "narrow": true, "permute": true,
	"reshape": true, "select": true,
	"slice": true, "split": true, "split_with_sizes": true, "squeeze": true, "t": true, "to": true, "transpose": true,
	"swapaxes": true, "swapdims": true, "diagonal": true, "unfold": true, "ravel": true, "lift_fresh": true,
	"tensor_split": true, "type_as": true, "unbind": true, "unflatten": true, "unsqueeze": true, "view": true,
	"view_as": true, "_unsafe_view": true, "detach_": true, "numpy_T": true, "mT": true,
	"reshape_as": true, "as_strided": true, "broadcast_tensors": true,
}

// isRead reports whether a node or an output reads a value.
func (a *aliases) isRead(name string) bool {
	_, ok := a.last[name]
	return ok
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

// join records that a name shares memory with the name that it was derived from.
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

// path returns the views that lead from the original value to a name.
func (a *aliases) path(name string) (root string, views []view, err error) {
	root = name
	for {
		v, ok := a.views[root]
		switch {
		case !ok:
			return root, views, nil
		case v.unsure || len(views) == maxViews:
			return "", nil, mlflow.Errorf(mlflow.NotImplemented,
				"an in-place change of '%s', which may share memory with '%s', is not supported", name, v.of)
		}
		views, root = append([]view{v}, views...), v.of
	}
}

// fix records that a name is a weight.
func (a *aliases) fix(name string) { a.fixed[name] = true }

// seen returns the other names that share memory with a name and are read after node i.
func (a *aliases) affected(name string, i int) ([]string, error) {
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
