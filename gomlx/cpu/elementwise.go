package cpu

import "github.com/millrace-ml/millrace/internal/simd"

// elementwise is the kernel of one or more elementwise operations on tensors of the same shape. It applies all
// operations to one block of elements before the next, so that intermediate results stay in the cache.
type elementwise struct {
	size   int
	steps  []step
	locals int
}

// step sets dst to an operation on a, or on a and b.
type step struct {
	unary  func(dst, a []float32)
	binary func(dst, a, b []float32)
	a, b   operand
	dst    operand
}

// operand is the location of a list of elements.
type operand struct {
	kind  operandKind
	index int
	view  simd.View // Used if kind is isView.
	value *value
}

type operandKind int

const (
	isWhole  operandKind = iota // An input of the same shape.
	isNumber                    // An input with one element.
	isView                      // An input that is repeated along some axes.
	isLocal                     // A result that only later steps of the kernel need.
	isResult                    // An output.
)

// piece is the number of elements of a block.
const piece = 2048

func (e *elementwise) run(w simd.Workers, in, out [][]float32) {
	w.Split(e.size, 1<<14, func(_, from, to int) {
		s, memory := simd.Borrow((e.locals + 2) * piece)
		defer s.GiveBack()
		for ; from < to; from += piece {
			e.piece(from, min(piece, to-from), in, out, memory)
		}
	})
}

func (e *elementwise) piece(from, n int, in, out [][]float32, memory []float32) {
	get := func(o *operand, spare int) []float32 {
		switch o.kind {
		case isWhole:
			return in[o.index][from : from+n]
		case isNumber:
			return in[o.index][:1]
		case isLocal:
			return memory[o.index*piece:][:n]
		case isResult:
			return out[o.index][from : from+n]
		}
		list := memory[(e.locals+spare)*piece:][:n]
		o.view.Read(list, in[o.index], from)
		return list
	}
	for i := range e.steps {
		s := &e.steps[i]
		dst := get(&s.dst, 0)
		if s.unary != nil {
			s.unary(dst, get(&s.a, 0))
			continue
		}
		s.binary(dst, get(&s.a, 0), get(&s.b, 1))
	}
}

// newElementwise returns the kernel of an operation, or nil. The operands refer to values.
func newElementwise(op *operation) *elementwise {
	out := op.outs[0]
	s := step{dst: operand{kind: isResult, value: out}}
	dims := out.shape.Dimensions
	switch len(op.ins) {
	case 1:
		s.unary = simd.Unary(op.name)
	case 2:
		s.binary = simd.Binary(op.name)
	}
	if s.unary == nil && s.binary == nil {
		return nil
	}
	s.a = newOperand(op.ins[0], dims)
	if s.binary != nil {
		s.b = newOperand(op.ins[1], dims)
	}
	if s.binary != nil && s.a.kind == isNumber && s.b.kind == isNumber {
		// Both operands have one element, and the result can have one as well. The kernels require at least one list.
		s.a.kind, s.a.view = isView, simd.View{Dims: []int{max(1, out.shape.Size())}, Strides: []int{0}}
	}
	if s.unary != nil && s.a.kind == isNumber {
		return nil
	}
	return &elementwise{size: out.shape.Size(), steps: []step{s}}
}

// newOperand returns v as an operand of an operation whose result has the dimensions dims. It replaces broadcasts by
// views.
func newOperand(v *value, dims []int) operand {
	// axes[i] is the axis of v that corresponds to axis i of the result, or -1.
	axes := make([]int, len(dims))
	for i := range dims {
		axes[i] = i
		if v.shape.Rank() == 0 {
			axes[i] = -1
		}
	}
	v, axes = throughBroadcasts(v, axes)
	from := simd.Natural(v.shape.Dimensions)
	o := operand{value: v, view: simd.View{Dims: dims, Strides: make([]int, len(dims))}}
	for i, a := range axes {
		if a >= 0 && v.shape.Dimensions[a] != 1 {
			o.view.Strides[i] = from[a]
		}
	}
	o.view = o.view.Compact()
	switch {
	case o.view.Whole():
		o.kind = isWhole
	case o.view.Number():
		o.kind = isNumber
	default:
		o.kind = isView
	}
	return o
}

func throughBroadcasts(v *value, axes []int) (*value, []int) {
	for v.op != nil && v.op.name == "BroadcastInDim" && isFloat(v.op.ins[0]) {
		to := v.op.attrs[1].([]int)
		outer := v
		v = v.op.ins[0]
		next := make([]int, len(axes))
		for i, a := range axes {
			next[i] = -1
			for from, t := range to {
				if a == t && outer.shape.Dimensions[a] != 1 {
					next[i] = from
				}
			}
		}
		axes = next
	}
	return v, axes
}
