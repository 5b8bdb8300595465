package onnx

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// isDistance reports whether the body of a scan computes the squared distances between the scanned row and the rows of
// its state, as the converter of scikit-learn's models writes it. The body returns its state and the distances.
func isDistance(g *graphProto) bool {
	if len(g.inputs) != 2 || len(g.outputs) != 2 || len(g.initializers) > 1 {
		return false
	}
	from := map[string]string{} // The values of which others are copies.
	name := func(s string) string {
		for range len(from) {
			if from[s] == "" {
				break
			}
			s = from[s]
		}
		return s
	}
	var work []*nodeProto
	for _, n := range g.nodes {
		switch {
		case len(n.outputs) != 1 || n.domain != "":
			return false
		case n.op == "Identity" && len(n.inputs) == 1:
			from[n.outputs[0]] = n.inputs[0]
		default:
			work = append(work, n)
		}
	}
	if len(work) != 2 || work[0].op != "Sub" || len(work[0].inputs) != 2 || work[1].op != "ReduceSumSquare" {
		return false
	}
	state, row := g.inputs[0].name, g.inputs[1].name
	a, b := name(work[0].inputs[0]), name(work[0].inputs[1])
	return (a == state && b == row || a == row && b == state) && name(work[1].inputs[0]) == work[0].outputs[0] &&
		sumsRows(g, work[1]) && name(g.outputs[0].name) == state && name(g.outputs[1].name) == work[1].outputs[0]
}

// sumsRows reports whether a node sums the squares along axis 1, which it removes. The axes are an attribute, or an
// initializer of the graph.
func sumsRows(g *graphProto, n *nodeProto) bool {
	if a := n.attributes["keepdims"]; a == nil || a.i != 0 {
		return false
	}
	if a := n.attributes["axes"]; a != nil {
		return len(n.inputs) == 1 && slices.Equal(a.ints, []int64{1})
	}
	if len(n.inputs) != 2 || len(g.initializers) != 1 || g.initializers[0].name != n.inputs[1] {
		return false
	}
	t, err := g.initializers[0].value(files.Dir{})
	if err != nil {
		return false
	}
	axes, err := kernel.AsInts(t)
	return err == nil && slices.Equal(axes, []int{1})
}
