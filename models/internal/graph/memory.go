package graph

import (
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// run has the values of one run of a program.
type run struct {
	values []*mlflow.Tensor // By slot.
	owners []*block         // The memory of each value that belongs to the run, or nil.
}

// block is memory that a step of the run has allocated. It is released after the last value in it.
type block struct {
	values int
	whole  bool // No value is a part of the memory only.
}

// own determines the memory of the results of a step. Results can share the memory of arguments, for example those of
// a reshape, which is then released later.
func (r *run) own(s *Step) {
	holders := map[*float32]int(nil)
	if len(s.Writes) > 8 {
		holders = map[*float32]int{}
		for _, slot := range s.Reads {
			r.hold(holders, slot)
		}
	}
	for i, slot := range s.Writes {
		if slot < 0 {
			continue
		}
		v := r.values[slot]
		if data, ok := v.Data.([]float32); !ok || cap(data) == 0 {
			continue
		}
		from := r.holder(s, i, holders)
		switch {
		case from >= 0 && r.owners[from] != nil:
			b := r.owners[from]
			b.values++
			b.whole = b.whole && v.Len() == r.values[from].Len()
			r.owners[slot] = b
		case from < 0 && s.Pure:
			r.owners[slot] = &block{values: 1, whole: true}
		}
		if holders != nil {
			r.hold(holders, slot)
		}
	}
}

// holder returns the slot of an argument, or of an earlier result, that shares memory with result i, or -1. holders
// has the slots by their memory, if there are many.
func (r *run) holder(s *Step, i int, holders map[*float32]int) int {
	v := r.values[s.Writes[i]]
	if holders != nil {
		if from, ok := holders[kernel.Memory(v)]; ok {
			return from
		}
		return -1
	}
	for _, slots := range [2][]int{s.Reads, s.Writes[:i]} {
		for _, other := range slots {
			if other >= 0 && kernel.Memory(v) == kernel.Memory(r.values[other]) {
				return other
			}
		}
	}
	return -1
}

// hold records the memory of a value.
func (r *run) hold(holders map[*float32]int, slot int) {
	if slot < 0 {
		return
	}
	if m := kernel.Memory(r.values[slot]); m != nil {
		holders[m] = slot
	}
}

// release forgets a value and gives its memory back if no other value is in it.
func (r *run) release(slot int) {
	if b := r.owners[slot]; b != nil {
		if b.values--; b.values == 0 {
			kernel.Release(r.values[slot])
		}
		r.owners[slot] = nil
	}
	r.values[slot] = nil
}
