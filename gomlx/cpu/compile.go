package cpu

import (
	"fmt"
	"slices"
)

// instruction is a step of a compiled computation.
type instruction struct {
	op *operation
	// kernel computes the instruction. If it is nil, forward does.
	kernel  kernel
	forward *forward
	ins     []*value
	outs    []*value

	// compile sets the slots of the inputs and outputs, the index of the input that each output overwrites, or -1, and
	// the slots that no later instruction needs.
	in, out, over []int
	free          []int
}

// compiler converts a recorded function to an executable.
type compiler struct {
	backend *Backend
	main    *Function
	code    []*instruction
	slots   map[*value]int
	kept    map[int]bool // The slots of parameters, constants and results.
	exec    *executable
}

func compile(b *Builder) (*executable, error) {
	c := &compiler{
		backend: b.backend, main: b.main, slots: map[*value]int{}, kept: map[int]bool{},
		exec: &executable{backend: b.backend, name: b.Name(), names: b.main.names},
	}
	for _, p := range b.main.params {
		c.exec.params = append(c.exec.params, c.slot(p))
		c.exec.inShapes = append(c.exec.inShapes, p.shape)
	}
	for _, op := range b.main.ops {
		if err := c.add(op); err != nil {
			return nil, err
		}
	}
	for _, v := range b.main.outputs {
		c.exec.results = append(c.exec.results, c.slot(v))
		c.exec.outShapes = append(c.exec.outShapes, v.shape)
	}
	c.dropUnused()
	c.fuse()
	c.assign()
	for _, i := range c.code {
		if i.kernel != nil {
			continue
		}
		var err error
		if i.forward, err = newForward(c.backend, i.op); err != nil {
			return nil, fmt.Errorf("backend %q: compiling %s: %w", BackendName, i.op.name, err)
		}
	}
	c.exec.code, c.exec.slots = c.code, len(c.slots)
	return c.exec, nil
}

// root returns the value whose memory v uses, because reshaping does not copy.
func root(v *value) *value {
	for v.op != nil && (v.op.name == "Reshape" || v.op.name == "Identity") {
		v = v.op.ins[0]
	}
	return v
}

// slot returns the slot of a value.
func (c *compiler) slot(v *value) int {
	v = root(v)
	if _, ok := c.slots[v]; !ok {
		c.slots[v] = len(c.slots)
	}
	return c.slots[v]
}

func (c *compiler) add(op *operation) error {
	switch op.name {
	case "Reshape", "Identity":
		return nil
	case "Constant":
		buffer, err := c.backend.BufferFromFlatData(0, op.attrs[0], op.outs[0].shape)
		if err != nil {
			return err
		}
		c.exec.constants = append(c.exec.constants, constant{c.slot(op.outs[0]), buffer.(*Buffer).storage})
		return nil
	}
	i := &instruction{op: op, outs: op.outs}
	i.kernel, i.ins = lower(op)
	if i.kernel == nil {
		i.ins = slices.DeleteFunc(slices.Clone(op.ins), func(v *value) bool { return v == nil })
	}
	c.code = append(c.code, i)
	return nil
}

// dropUnused removes instructions that do not contribute to a result.
func (c *compiler) dropUnused() {
	needed := map[*value]bool{}
	for _, v := range c.main.outputs {
		needed[root(v)] = true
	}
	var code []*instruction
	for _, i := range slices.Backward(c.code) {
		if slices.ContainsFunc(i.outs, func(v *value) bool { return needed[v] }) {
			code = append(code, i)
			for _, v := range i.ins {
				needed[root(v)] = true
			}
		}
	}
	slices.Reverse(code)
	c.code = code
}

// assign assigns slots and determines the last use of each.
func (c *compiler) assign() {
	for _, list := range [][]int{c.exec.params, c.exec.results} {
		for _, s := range list {
			c.kept[s] = true
		}
	}
	for _, k := range c.exec.constants {
		c.kept[k.slot] = true
	}
	done := map[int]bool{}
	for _, i := range slices.Backward(c.code) {
		i.in, i.out = c.numbers(i.ins), c.numbers(i.outs)
		i.over = slices.Repeat([]int{-1}, len(i.out))
		for _, s := range slices.Concat(i.in, i.out) {
			if !done[s] && !c.kept[s] {
				i.free = append(i.free, s)
			}
			done[s] = true
		}
		if e, ok := i.kernel.(*elementwise); ok {
			c.overwrite(i, e)
		}
	}
}

func (c *compiler) numbers(values []*value) []int {
	list := make([]int, len(values))
	for i, v := range values {
		list[i] = c.slot(v)
	}
	return list
}

// overwrite lets the results of i overwrite inputs that no later instruction needs.
func (c *compiler) overwrite(i *instruction, e *elementwise) {
	last, whole := map[int]int{}, map[int]bool{}
	for n, s := range e.steps {
		for _, o := range []*operand{&s.a, &s.b} {
			if o.value == nil || o.kind == isLocal || o.kind == isResult {
				continue
			}
			slot := i.in[o.index]
			_, seen := last[slot]
			whole[slot] = o.kind == isWhole && (!seen || whole[slot])
			last[slot] = n
		}
	}
	for n, s := range e.steps {
		if s.dst.kind != isResult {
			continue
		}
		for _, slot := range i.in {
			if at := slices.Index(i.free, slot); at >= 0 && whole[slot] && last[slot] <= n {
				i.over[s.dst.index] = slot
				i.free = slices.Delete(i.free, at, at+1)
				break
			}
		}
	}
}

// constant is a value that is known at compile time.
type constant struct {
	slot    int
	storage *storage
}
