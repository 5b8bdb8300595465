package graph

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// The numbers of elements of a block, and of a chain that justifies another goroutine.
const (
	chainBlock = 1 << 10
	chainGrain = 1 << 14
)

// operand is what a run of a chain reads: a list, of which element i belongs to element i of the result, one number,
// or, with a view, a list that broadcasts.
type operand struct {
	list  []float32
	view  *simd.View
	local int // The block into which the view is expanded, or the block of another node; -1 otherwise.

	period int  // The number of elements after which the view repeats, or 0.
	fixed  bool // All blocks are the same, because the period divides their size.
	run    int  // The number of consecutive elements of the view that are equal, or 0.
	single bool // The operation can read one number in place of a list.
}

// activity is a run of a chain.
type activity struct {
	c      *chain
	values []*mlflow.Tensor
	shapes [][]int          // Of the nodes.
	small  []*mlflow.Tensor // The results of nodes that are smaller than the result of the chain.
	shape  []int
	steps  []instruction
	locals int
	block  int // The number of elements of a block.
}

type instruction struct {
	*node
	a, b operand
}

// compute returns the result of the chain, or nil if the arguments do not fit.
func (c *chain) compute(values []*mlflow.Tensor) (*mlflow.Tensor, error) {
	r := activity{c: c, values: values, shapes: make([][]int, len(c.nodes)), small: make([]*mlflow.Tensor, len(c.nodes))}
	for i := range c.nodes {
		if !r.measure(i) {
			return nil, nil
		}
	}
	r.shape, r.locals = r.shapes[len(c.nodes)-1], c.locals
	for i := range c.nodes {
		if slices.Equal(r.shapes[i], r.shape) {
			r.steps = append(r.steps, instruction{&c.nodes[i], r.operand(c.nodes[i].a), r.operand(c.nodes[i].b)})
			continue
		}
		if err := r.computeSmall(i); err != nil {
			return nil, err
		}
	}
	out, err := kernel.Dirty("float32", r.shape)
	if err != nil {
		return nil, err
	}
	r.align()
	list := out.Data.([]float32)
	kernel.Parallel((len(list)+r.block-1)/r.block, chainGrain/r.block, func(lo, hi int) {
		r.blocks(list, lo*r.block, min(hi*r.block, len(list)))
	})
	for _, t := range r.small {
		if t != nil {
			kernel.Release(t)
		}
	}
	return out, nil
}

// align chooses the size of the blocks, so that the operands that repeat after a few elements are the same in each.
func (r *activity) align() {
	period := 0
	for i := range r.steps {
		for _, o := range []*operand{&r.steps[i].a, &r.steps[i].b} {
			if o.period <= chainBlock {
				period = max(period, o.period)
			}
		}
	}
	r.block = chainBlock
	if period > 0 {
		r.block -= chainBlock % period
	}
	for i := range r.steps {
		s := &r.steps[i]
		for _, o := range []*operand{&s.a, &s.b} {
			o.fixed = o.period > 0 && r.block%o.period == 0
		}
		// The kernels read one number on one side only.
		s.a.single = s.unary == nil && s.b.view == nil && len(s.b.list) != 1
		s.b.single = s.unary == nil && s.a.view == nil && len(s.a.list) != 1
	}
}

// measure determines the shape of a node's result. It returns false if the operands do not fit.
func (r *activity) measure(i int) bool {
	n := &r.c.nodes[i]
	a, okA := r.shapeOf(n.a)
	if n.unary != nil {
		r.shapes[i] = a
		return okA
	}
	b, okB := r.shapeOf(n.b)
	if !okA || !okB {
		return false
	}
	var err error
	r.shapes[i], err = kernel.BroadcastShape(a, b)
	return err == nil
}

func (r *activity) shapeOf(of ref) ([]int, bool) {
	switch of.kind {
	case isArgument:
		return r.values[of.index].Shape, true
	case isNode:
		return r.shapes[of.index], true
	case isNumber:
		return nil, true
	}
	// A list has the shape [channels, 1, ...], with the channels at axis 1 of its operand.
	f := r.c.lists[of.index]
	image, ok := r.shapeOf(f.of)
	if !ok || len(image) < 2 || image[1] != len(f.list) {
		return nil, false
	}
	shape := slices.Repeat([]int{1}, len(image)-1)
	shape[0] = len(f.list)
	return shape, true
}

// tensor returns an operand of a node that is computed as a whole.
func (r *activity) tensor(of ref) *mlflow.Tensor {
	shape, _ := r.shapeOf(of)
	switch of.kind {
	case isArgument:
		return r.values[of.index]
	case isNode:
		return r.small[of.index]
	case isList:
		return &mlflow.Tensor{Shape: shape, Data: r.c.lists[of.index].list}
	}
	return &mlflow.Tensor{Shape: []int{}, Data: of.value}
}

// computeSmall computes a node whose result is smaller than that of the chain, for example a factor for each channel,
// as a whole.
func (r *activity) computeSmall(i int) error {
	n := &r.c.nodes[i]
	a := r.tensor(n.a)
	if n.unary == nil {
		out, err := kernel.Arith(n.op, a, r.tensor(n.b))
		r.small[i] = out
		return err
	}
	out, err := kernel.Dirty("float32", a.Shape)
	if err != nil {
		return err
	}
	n.unary(out.Data.([]float32), a.Data.([]float32))
	r.small[i] = out
	return nil
}

// operand returns how the blocks read an operand. Nodes come before those that read them, so that the results of small
// ones are known.
func (r *activity) operand(of ref) operand {
	if of.kind == isNode && r.small[of.index] == nil {
		return operand{local: r.c.nodes[of.index].local}
	}
	t := r.tensor(of)
	list, _ := t.Data.([]float32)
	o := operand{list: list, local: -1}
	if len(list) == 1 || slices.Equal(t.Shape, r.shape) {
		return o
	}
	v := simd.View{Dims: r.shape, Strides: kernel.BroadcastStrides(t.Shape, r.shape)}.Compact()
	if v.Whole() {
		return o
	}
	o.view, o.local = &v, r.locals
	r.locals++
	last := len(v.Dims) - 1
	if v.Strides[last] == 0 {
		o.run = v.Dims[last]
	}
	if last == 1 && v.Strides[0] == 0 && v.Strides[1] == 1 {
		o.period = v.Dims[1]
	}
	return o
}

// blocks computes the elements from lo, where a block begins, to hi.
func (r *activity) blocks(out []float32, lo, hi int) {
	memory := kernel.Floats(max(r.locals, 1) * chainBlock)
	for i := range r.steps {
		for _, o := range []*operand{&r.steps[i].a, &r.steps[i].b} {
			if o.fixed {
				o.view.Read(memory[o.local*chainBlock:o.local*chainBlock+min(r.block, hi-lo)], o.list, 0)
			}
		}
	}
	for at := lo; at < hi; at += r.block {
		n := min(r.block, hi-at)
		for i := range r.steps {
			s := &r.steps[i]
			dst := out[at : at+n]
			if s.local >= 0 {
				dst = memory[s.local*chainBlock : s.local*chainBlock+n]
			}
			a := s.a.block(memory, at, n)
			if s.unary != nil {
				s.unary(dst, a)
				continue
			}
			s.pair(dst, a, s.b.block(memory, at, n))
		}
	}
	kernel.Release(&mlflow.Tensor{Data: memory})
}

// block returns n elements of an operand, from element at on, or the only element.
func (o *operand) block(memory []float32, at, n int) []float32 {
	switch {
	case o.view != nil && o.single && o.run > 0 && at%o.run+n <= o.run:
		i := o.view.Index(at)
		return o.list[i : i+1]
	case o.view != nil:
		block := memory[o.local*chainBlock : o.local*chainBlock+n]
		if !o.fixed {
			o.view.Read(block, o.list, at)
		}
		return block
	case o.local >= 0:
		return memory[o.local*chainBlock : o.local*chainBlock+n]
	case len(o.list) == 1:
		return o.list
	}
	return o.list[at : at+n]
}
