package cpu

import "slices"

// fuse merges adjacent elementwise instructions on tensors of the same shape into one. It first moves such
// instructions together, where the order does not matter.
func (c *compiler) fuse() {
	var code []*instruction
	for _, i := range c.code {
		e, ok := i.kernel.(*elementwise)
		if !ok {
			code = append(code, i)
			continue
		}
		at := c.earliest(code, i)
		if at >= 0 {
			before := code[at]
			join(before, before.kernel.(*elementwise), i, e)
			continue
		}
		code = append(code, i)
	}
	c.code = code
	c.makeLocal()
}

// earliest returns the index of the first instruction in code that i can be merged into, or -1. i must not depend on
// a later instruction.
func (c *compiler) earliest(code []*instruction, i *instruction) int {
	for n, before := range slices.Backward(code) {
		if e, ok := before.kernel.(*elementwise); ok &&
			slices.Equal(before.outs[0].shape.Dimensions, i.outs[0].shape.Dimensions) && e.size > 0 {
			return n
		}
		for _, v := range i.ins {
			if slices.Contains(before.outs, root(v)) {
				return -1
			}
		}
	}
	return -1
}

// join adds the step of instruction i to instruction to.
func join(to *instruction, all *elementwise, i *instruction, one *elementwise) {
	s := one.steps[0]
	s.a = to.operandOf(s.a)
	if s.binary != nil {
		s.b = to.operandOf(s.b)
	}
	s.dst.index = len(to.outs)
	to.outs = append(to.outs, i.outs[0])
	all.steps = append(all.steps, s)
}

// place returns the operand as a result or an input of an instruction. It adds the input if necessary.
func (i *instruction) operandOf(o operand) operand {
	v := root(o.value)
	if n := slices.Index(i.outs, v); n >= 0 {
		o.kind, o.index = isResult, n
		return o
	}
	for n, in := range i.ins {
		if root(in) == v {
			o.index = n
			return o
		}
	}
	o.index = len(i.ins)
	i.ins = append(i.ins, o.value)
	return o
}

// hide makes results local that only the instruction itself needs.
func (c *compiler) makeLocal() {
	users := map[*value]int{}
	for _, v := range c.main.outputs {
		users[root(v)]++
	}
	for _, i := range c.code {
		for _, v := range i.ins {
			users[root(v)]++
		}
	}
	for _, i := range c.code {
		if e, ok := i.kernel.(*elementwise); ok && len(e.steps) > 1 {
			i.hide(e, users)
		}
	}
}

func (i *instruction) hide(e *elementwise, users map[*value]int) {
	places := make([]operand, len(i.outs))
	var outs []*value
	for n, v := range i.outs {
		if users[v] > 0 {
			places[n] = operand{kind: isResult, index: len(outs), value: v}
			outs = append(outs, v)
			continue
		}
		places[n] = operand{kind: isLocal, index: e.locals, value: v}
		e.locals++
	}
	for n := range e.steps {
		s := &e.steps[n]
		for _, o := range []*operand{&s.a, &s.b, &s.dst} {
			if o.value != nil && o.kind == isResult {
				*o = places[o.index]
			}
		}
	}
	i.outs = outs
}
