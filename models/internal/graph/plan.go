package graph

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// plan improves a program once, when it is loaded. The improved program accepts the same inputs and computes the same
// outputs, apart from rounding: descriptions are promises about float32 tensors, so that every step that a pass makes
// checks its arguments and otherwise runs the steps that it replaces.
func (p *Program) plan() error {
	p.skipSame()
	if err := p.foldConstants(); err != nil {
		return err
	}
	p.prepare()
	p.recognize()
	p.foldNorms()
	p.fuseEpilogues()
	p.fuseElements()
	p.dropConstants()
	p.findLastReads()
	return nil
}

// index has what passes need to know about the values of a program.
type index struct {
	constants map[int]*mlflow.Tensor
	readers   map[int]int // How often each slot is read, as an argument or as an output.
	reader    map[int]int // The last step that reads a slot.
	writer    map[int]int // The step that writes a slot.
}

func (p *Program) index() index {
	x := index{map[int]*mlflow.Tensor{}, map[int]int{}, map[int]int{}, map[int]int{}}
	for _, c := range p.constants {
		x.constants[c.slot] = c.value
	}
	for i := range p.steps {
		for _, slot := range p.steps[i].Reads {
			x.readers[slot]++
			x.reader[slot] = i
		}
		for _, slot := range p.steps[i].Writes {
			x.writer[slot] = i
		}
	}
	for _, o := range p.Outputs {
		x.readers[o.slot]++
	}
	return x
}

// read returns the slot of an argument, or -1 if it is omitted.
func (s *Step) read(i int) int {
	if i < len(s.Reads) {
		return s.Reads[i]
	}
	return -1
}

// constant returns an argument that is known when the program is loaded, or nil.
func (x index) constant(s *Step, i int) *mlflow.Tensor { return x.constants[s.read(i)] }

// only returns the step that computes an argument, which no other step reads, or -1.
func (x index) only(slot int) int {
	i, ok := x.writer[slot]
	if !ok || slot < 0 || x.readers[slot] != 1 {
		return -1
	}
	return i
}

// addConstant defines a new constant and returns its slot.
func (p *Program) addConstant(t *mlflow.Tensor) int {
	slot := p.slots
	p.slots++
	p.constants = append(p.constants, constant{slot, t})
	return slot
}

// remove removes the steps at the given places.
func (p *Program) remove(gone map[int]bool) {
	if len(gone) == 0 {
		return
	}
	kept := p.steps[:0]
	for i := range p.steps {
		if !gone[i] {
			kept = append(kept, p.steps[i])
		}
	}
	clear(p.steps[len(kept):])
	p.steps = kept
}

// skipSame removes steps that return their argument.
func (p *Program) skipSame() {
	to, gone := map[int]int{}, map[int]bool{}
	for i := range p.steps {
		s := &p.steps[i]
		for j, slot := range s.Reads {
			if other, ok := to[slot]; ok {
				s.Reads[j] = other
			}
		}
		if _, ok := s.Op.(Same); ok && len(s.Writes) == 1 && s.Writes[0] >= 0 && s.read(0) >= 0 {
			to[s.Writes[0]], gone[i] = s.Reads[0], true
		}
	}
	for i, o := range p.Outputs {
		if other, ok := to[o.slot]; ok {
			p.Outputs[i].slot = other
		}
	}
	p.remove(gone)
}

// prepare lets steps use the arguments that are known.
func (p *Program) prepare() {
	x := p.index()
	for i := range p.steps {
		s := &p.steps[i]
		if s.Prepare == nil {
			continue
		}
		known := make([]*mlflow.Tensor, len(s.Reads))
		for j, slot := range s.Reads {
			known[j] = x.constants[slot]
		}
		run, unread := s.Prepare(known)
		if run == nil {
			continue
		}
		s.Run, s.Reads = run, slices.Clone(s.Reads)
		for _, i := range unread {
			s.Reads[i] = -1
		}
	}
}

// dropConstants forgets constants that no step reads any more.
func (p *Program) dropConstants() {
	x, kept := p.index(), p.constants[:0]
	for _, c := range p.constants {
		if x.readers[c.slot] > 0 {
			kept = append(kept, c)
		}
	}
	clear(p.constants[len(kept):])
	p.constants = kept
}

// group returns a program of the given steps, which computes one value, and the slots that are its inputs.
func (p *Program) group(steps []Step, result int) (*Program, []int) {
	g := &Program{nested: true}
	slots, reads := map[int]int{-1: -1}, []int(nil)
	find := func(slot int) int {
		if _, ok := slots[slot]; !ok {
			slots[slot] = g.slots
			g.slots++
		}
		return slots[slot]
	}
	written := map[int]bool{}
	for _, s := range steps {
		for _, slot := range s.Writes {
			written[slot] = true
		}
	}
	for _, s := range steps {
		inner := s
		inner.Reads, inner.Writes, inner.drop = nil, nil, nil
		for _, slot := range s.Reads {
			if _, known := slots[slot]; !known && !written[slot] {
				reads = append(reads, slot)
				g.Inputs = append(g.Inputs, Port{slot: find(slot)})
			}
			inner.Reads = append(inner.Reads, find(slot))
		}
		for _, slot := range s.Writes {
			inner.Writes = append(inner.Writes, find(slot))
		}
		g.steps = append(g.steps, inner)
	}
	g.Outputs = []Port{{slot: find(result)}}
	g.findLastReads()
	return g, reads
}

// floats reports whether all given values are tensors of float32.
func floats(values ...*mlflow.Tensor) bool {
	for _, v := range values {
		if _, ok := v.Data.([]float32); !ok {
			return false
		}
	}
	return true
}
