package graph

import (
	"context"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// maxChain limits the steps of a chain.
const maxChain = 32

// chain is a group of elementwise steps that computes one value. A run computes a block of elements through all steps,
// so that intermediate values stay in the cache. The steps themselves are run for tensors that are not float32.
type chain struct {
	nodes  []node
	lists  []factor // Numbers for each channel of another operand.
	locals int      // The number of blocks for intermediate values.
	steps  *Program
}

// factor is a list with a number for each channel, axis 1, of an argument.
type factor struct {
	list []float32
	of   ref
}

// node is an operation of a chain.
type node struct {
	unary func(dst, src []float32)
	pair  func(dst, a, b []float32)
	op    kernel.Op
	a, b  ref
	local int // The block of the result, or -1 for the last node.
}

// ref is an operand: an argument, the result of an earlier node, a list or a number.
type ref struct {
	kind  refKind
	index int
	value []float32 // The number.
}

type refKind int

const (
	isArgument refKind = iota
	isNode
	isList
	isNumber
)

// elementwise reports whether a step can be part of a chain.
func elementwise(x index, s *Step) bool {
	if len(s.Writes) != 1 || s.Writes[0] < 0 {
		return false
	}
	switch op := s.Op.(type) {
	case Unary:
		return len(s.Reads) == 1
	case Binary:
		return pairOf(op.Op) != nil && (op.Number != nil && len(s.Reads) == 1 || op.Number == nil && len(s.Reads) == 2)
	case BatchNorm:
		scale, _ := x.affine(s, op)
		return len(scale) > 0
	}
	return false
}

// pairOf returns the function of two lists for an operation, or nil. One list may have a single element.
func pairOf(op kernel.Op) func(dst, a, b []float32) {
	names := map[kernel.Op]string{
		kernel.Add: "Add", kernel.Sub: "Sub", kernel.Mul: "Mul", kernel.Div: "Div", kernel.Max: "Max", kernel.Min: "Min",
	}
	return simd.Binary(names[op])
}

// fuseElements combines elementwise steps whose results only one other elementwise step reads.
func (p *Program) fuseElements() {
	x, gone := p.index(), map[int]bool{}
	for i := len(p.steps) - 1; i >= 0; i-- {
		if gone[i] || !elementwise(x, &p.steps[i]) {
			continue
		}
		parts := p.chainOf(x, i)
		var steps []Step
		for _, j := range parts {
			steps = append(steps, p.steps[j])
			gone[j] = j != i
		}
		p.steps[i] = newChain(p, x, steps)
	}
	for i, is := range gone {
		if !is {
			delete(gone, i)
		}
	}
	p.remove(gone)
}

// chainOf returns the steps, in order, that only step i reads, directly or through each other, and i itself.
func (p *Program) chainOf(x index, i int) []int {
	parts, uses := []int{i}, map[int]int{}
	for next := 0; next < len(parts) && len(parts) < maxChain; next++ {
		for k, slot := range p.steps[parts[next]].Reads {
			if _, norm := p.steps[parts[next]].Op.(BatchNorm); norm && k > 0 {
				break
			}
			uses[slot]++
			at, ok := x.writer[slot]
			if ok && uses[slot] == x.readers[slot] && elementwise(x, &p.steps[at]) && len(parts) < maxChain {
				parts = append(parts, at)
			}
		}
	}
	slices.Sort(parts)
	return parts
}

// newChain returns the step of a chain. The last step computes its result.
func newChain(p *Program, x index, steps []Step) Step {
	last := &steps[len(steps)-1]
	group, reads := p.group(steps, last.Writes[0])
	c := &chain{steps: group}
	made := map[int]int{} // The nodes by the slots of their results.
	find := func(slot int) ref {
		if n, ok := made[slot]; ok {
			return ref{kind: isNode, index: n}
		}
		return ref{index: slices.Index(reads, slot)}
	}
	for i := range steps {
		s := &steps[i]
		switch op := s.Op.(type) {
		case Unary:
			c.nodes = append(c.nodes, node{unary: op.Function.row(), a: find(s.Reads[0])})
		case Binary:
			n := node{op: op.Op, pair: pairOf(op.Op), a: find(s.Reads[0])}
			switch {
			case op.Number == nil:
				n.b = find(s.Reads[1])
			case op.Reversed:
				n.a, n.b = ref{kind: isNumber, value: []float32{*op.Number}}, n.a
			default:
				n.b = ref{kind: isNumber, value: []float32{*op.Number}}
			}
			c.nodes = append(c.nodes, n)
		case BatchNorm:
			c.addNorm(x, s, op, find(s.Reads[0]))
		}
		made[s.Writes[0]] = len(c.nodes) - 1
	}
	c.placeLocals()
	return Step{Name: last.Name, Reads: reads, Writes: last.Writes, Run: c.run, Pure: true, Cheap: true}
}

// addNorm adds a multiplication and an addition for each channel.
func (c *chain) addNorm(x index, s *Step, op BatchNorm, of ref) {
	scale, shift := x.affine(s, op)
	lists := [2][]float32{make([]float32, len(scale)), make([]float32, len(scale))}
	for i := range scale {
		lists[0][i], lists[1][i] = float32(scale[i]), float32(shift[i])
	}
	from := of
	for i, op := range []kernel.Op{kernel.Mul, kernel.Add} {
		c.lists = append(c.lists, factor{lists[i], of})
		c.nodes = append(c.nodes, node{op: op, pair: pairOf(op), a: from, b: ref{kind: isList, index: len(c.lists) - 1}})
		from = ref{kind: isNode, index: len(c.nodes) - 1}
	}
}

// row returns the function for lists.
func (f Function) row() func(dst, src []float32) {
	if f.Row != nil {
		return f.Row
	}
	return func(dst, src []float32) { simd.Activate(f.Act, f.Alpha, f.Beta, dst, src) }
}

// placeLocals assigns blocks to intermediate values. A block is reused after the last node that reads it.
func (c *chain) placeLocals() {
	last := make([]int, len(c.nodes))
	for i, n := range c.nodes {
		for _, r := range []ref{n.a, n.b} {
			if r.kind == isNode {
				last[r.index] = i
			}
		}
	}
	var free []int
	for i := range c.nodes {
		n := &c.nodes[i]
		for _, r := range []ref{n.a, n.b} {
			// A node may write to the block that it reads.
			if r.kind == isNode && last[r.index] == i && !slices.Contains(free, c.nodes[r.index].local) {
				free = append(free, c.nodes[r.index].local)
			}
		}
		switch {
		case i == len(c.nodes)-1:
			n.local = -1
		case len(free) > 0:
			n.local, free = free[len(free)-1], free[:len(free)-1]
		default:
			n.local = c.locals
			c.locals++
		}
	}
}

// run computes the chain, or its steps if the arguments are not what the chain is made for.
func (c *chain) run(ctx context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
	if floats(values...) {
		out, err := c.compute(values)
		if out != nil || err != nil {
			return []*mlflow.Tensor{out}, err
		}
	}
	return c.steps.Run(ctx, values)
}
