package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/classical"
)

// The attributes of tree ensembles and of their leaves.
const (
	treeAttributes = "aggregate_function base_values base_values_as_tensor nodes_falsenodeids nodes_featureids " +
		"nodes_hitrates nodes_hitrates_as_tensor nodes_missing_value_tracks_true nodes_modes nodes_nodeids " +
		"nodes_treeids nodes_truenodeids nodes_values nodes_values_as_tensor post_transform"
	classAttributes = treeAttributes +
		" class_ids class_nodeids class_treeids class_weights class_weights_as_tensor classlabels_int64s classlabels_strings"
	valueAttributes = treeAttributes +
		" n_targets target_ids target_nodeids target_treeids target_weights target_weights_as_tensor"
)

// treeModes has the comparisons of the nodes.
var treeModes = map[string]kernel.Op{
	"BRANCH_LEQ": kernel.LessEqual, "BRANCH_LT": kernel.Less, "BRANCH_GTE": kernel.GreaterEqual,
	"BRANCH_GT": kernel.Greater, "BRANCH_EQ": kernel.Equal, "BRANCH_NEQ": kernel.NotEqual,
}

// treeKey identifies a node by its tree and its number in the tree.
type treeKey struct{ tree, node int64 }

// numbers returns a list of floats, or of doubles if the attribute is stored as a tensor.
func (n *nodeProto) numbers(name string) ([]float64, error) {
	if a := n.attributes[name+"_as_tensor"]; a != nil && a.t != nil {
		t, err := a.t.value(files.Dir{})
		if err != nil {
			return nil, err
		}
		if t, err = kernel.Cast(t, "float64"); err != nil {
			return nil, err
		}
		return t.Data.([]float64), nil
	}
	var out []float64
	if a := n.attributes[name]; a != nil {
		for _, v := range a.floats {
			out = append(out, float64(v))
		}
	}
	return out, nil
}

func (n *nodeProto) int64s(name string) []int64 {
	if a := n.attributes[name]; a != nil {
		return a.ints
	}
	return nil
}

// forest parses the trees of a node. prefix is the prefix of the attributes of the leaves.
func (n *nodeProto) forest(prefix string, targets int) (*classical.Forest, error) {
	trees, ids, features := n.int64s("nodes_treeids"), n.int64s("nodes_nodeids"), n.int64s("nodes_featureids")
	yes, no, missing := n.int64s("nodes_truenodeids"), n.int64s("nodes_falsenodeids"),
		n.int64s("nodes_missing_value_tracks_true")
	values, err := n.numbers("nodes_values")
	if err != nil {
		return nil, err
	}
	var modes []string
	if a := n.attributes["nodes_modes"]; a != nil {
		modes = a.strings
	}
	count := len(ids)
	for _, length := range []int{len(trees), len(features), len(yes), len(no), len(values), len(modes)} {
		if length != count {
			return nil, kernel.Invalid("trees of %d nodes with lists of other lengths", count)
		}
	}
	f, places := &classical.Forest{Nodes: make([]classical.Branch, count), Targets: targets}, map[treeKey]int{}
	for i := range count {
		key := treeKey{trees[i], ids[i]}
		if _, twice := places[key]; twice {
			return nil, kernel.Invalid("tree %d has two nodes %d", key.tree, key.node)
		}
		if i == 0 || trees[i] != trees[i-1] {
			// The first node of a tree is its root.
			f.Roots = append(f.Roots, i)
		}
		places[key] = i
	}
	for i := range count {
		b := &f.Nodes[i]
		if b.Leaf = modes[i] == "LEAF"; b.Leaf {
			continue
		}
		known := false
		if b.Compare, known = treeModes[modes[i]]; !known {
			return nil, kernel.Unsupported("a tree that compares by '%s'", modes[i])
		}
		at, okTrue := places[treeKey{trees[i], yes[i]}]
		to, okFalse := places[treeKey{trees[i], no[i]}]
		if !okTrue || !okFalse || features[i] < 0 || features[i] > kernel.MaxElements {
			return nil, kernel.Invalid("node %d of tree %d refers to a missing node", ids[i], trees[i])
		}
		b.Feature, b.Value, b.True, b.False = int(features[i]), values[i], at, to
		b.MissingTrue = i < len(missing) && missing[i] != 0
	}
	if err := n.votes(f, prefix, places); err != nil {
		return nil, err
	}
	return f, f.Check()
}

// votes parses the values of the leaves.
func (n *nodeProto) votes(f *classical.Forest, prefix string, places map[treeKey]int) error {
	trees, ids, targets := n.int64s(prefix+"_treeids"), n.int64s(prefix+"_nodeids"), n.int64s(prefix+"_ids")
	weights, err := n.numbers(prefix + "_weights")
	if err != nil {
		return err
	}
	if len(trees) != len(ids) || len(targets) != len(ids) || len(weights) != len(ids) {
		return kernel.Invalid("leaves with lists of different lengths")
	}
	for i, w := range weights {
		at, ok := places[treeKey{trees[i], ids[i]}]
		if !ok || targets[i] < 0 || targets[i] >= int64(f.Targets) {
			return kernel.Invalid("a vote of node %d of tree %d for target %d", ids[i], trees[i], targets[i])
		}
		f.Nodes[at].Votes = append(f.Nodes[at].Votes, classical.Vote{Target: int(targets[i]), Weight: w})
	}
	return nil
}

// base returns the initial scores: zeros, or one number for each target.
func (n *nodeProto) base(targets int) ([]float64, error) {
	base, err := n.numbers("base_values")
	if err != nil || len(base) == targets {
		return base, err
	}
	if len(base) > 1 {
		return nil, kernel.Invalid("%d base values for %d targets", len(base), targets)
	}
	all := make([]float64, targets)
	if len(base) == 1 {
		// A single number of two classes applies to the second class.
		all[targets-1] = base[0]
	}
	return all, nil
}

// treeRegressor parses the trees and returns the function that evaluates them.
func treeRegressor(n *nodeProto) (func(c *call) (results, error), error) {
	targets := 1
	if a := n.attributes["n_targets"]; a != nil && a.i > 0 && a.i <= kernel.MaxElements {
		targets = int(a.i)
	}
	f, err := n.forest("target", targets)
	if err != nil {
		return nil, err
	}
	base, err := n.base(targets)
	if err != nil {
		return nil, err
	}
	return func(c *call) (results, error) {
		joins := map[string]kernel.Join{
			"SUM": kernel.JoinAdd, "AVERAGE": kernel.JoinAdd, "MIN": kernel.JoinMin,
			"MAX": kernel.JoinMax,
		}
		how := c.str("aggregate_function", "SUM")
		join := joins[how]
		begin := base
		if how == "AVERAGE" {
			begin = make([]float64, targets)
		}
		x, err := c.features()
		if err != nil {
			return nil, err
		}
		scores, err := f.Score(x, begin, join)
		if err != nil {
			return nil, err
		}
		if how == "AVERAGE" {
			d, n := scores.Data.([]float64), math.Max(float64(len(f.Roots)), 1)
			for i := range d {
				d[i] = d[i]/n + base[i%targets]
			}
		}
		return one(kernel.Cast(scores, "float32"))
	}, nil
}

// features returns input 0 with one row for each example, as float32 or float64.
func (c *call) features() (*tensor, error) {
	x := c.in(0)
	if len(x.Shape) == 1 {
		x = &tensor{Shape: []int{1, x.Shape[0]}, Data: x.Data}
	}
	if x.DType() == "float64" {
		return x, nil
	}
	return kernel.Cast(x, "float32")
}

// treeClassifier parses trees that vote for all classes or for one of two.
func treeClassifier(n *nodeProto) (func(c *call) (results, error), error) {
	labels := n.labels("classlabels_int64s")
	ids := n.int64s("class_ids")
	single, positive := labels.Len() == 2 && len(ids) > 0, true
	for _, id := range ids {
		single = single && id == ids[0]
	}
	// The votes count for the second class, whichever class the file names.
	if single {
		a := *n.attributes["class_ids"]
		a.ints = make([]int64, len(ids))
		for i := range a.ints {
			a.ints[i] = 1
		}
		n.attributes["class_ids"] = &a
	}
	f, err := n.forest("class", labels.Len())
	if err != nil {
		return nil, err
	}
	for _, b := range f.Nodes {
		for _, v := range b.Votes {
			positive = positive && v.Weight >= 0
		}
	}
	if labels.Len() == 0 {
		return nil, kernel.Invalid("a classifier without classes")
	}
	base, err := n.base(labels.Len())
	if err != nil {
		return nil, err
	}
	if a := n.attributes["post_transform"]; single && a != nil && a.s != "NONE" && (positive || a.s != "LOGISTIC") {
		return nil, kernel.Unsupported("post_transform '%s' of two classes with one score", a.s)
	}
	return func(c *call) (results, error) {
		x, err := c.features()
		if err != nil {
			return nil, err
		}
		scores, err := f.Score(x, base, kernel.JoinAdd)
		if err != nil {
			return nil, err
		}
		if scores, err = kernel.Cast(scores, "float32"); err != nil {
			return nil, err
		}
		if single {
			return c.classifyTwo(scores, labels, positive)
		}
		return c.classify(scores, labels)
	}, nil
}
