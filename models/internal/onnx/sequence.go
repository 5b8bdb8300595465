package onnx

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// sequence is the data of a value that is a list of tensors. Its tensors belong to no other value, and never change.
type sequence []*tensor

// maxSequence is the most tensors of a sequence.
const maxSequence = 1 << 14

// sequenceOps are the operators on sequences.
var sequenceOps = map[string]operator{
	"SequenceEmpty": {"dtype", 0, 0, 1, func(*call) (results, error) { return sequenceOf(nil) }},
	"SequenceConstruct": {"", 1, -1, 1, func(c *call) (results, error) {
		return sequenceOf(c.values)
	}},
	"SequenceInsert":     {"", 2, 3, 1, sequenceInsert},
	"SequenceErase":      {"", 1, 2, 1, sequenceErase},
	"SequenceAt":         {"", 2, 2, 1, sequenceAt},
	"SequenceLength":     {"", 1, 1, 1, sequenceLength},
	"ConcatFromSequence": {"axis new_axis", 1, 1, 1, concatFromSequence},
	"SplitToSequence":    {"axis keepdims", 1, 2, 1, splitToSequence},
}

// sequenceOf returns a sequence of copies of tensors.
func sequenceOf(list []*tensor) (results, error) {
	out, held := make(sequence, len(list)), 0
	for i, t := range list {
		if t == nil {
			return nil, kernel.Invalid("element %d of a sequence is missing", i)
		}
		if _, ok := t.Data.(sequence); ok {
			return nil, kernel.Unsupported("sequences of sequences")
		}
		if held += t.Len(); held > graph.MaxLive {
			return nil, kernel.Invalid("a sequence of more than %d elements", graph.MaxLive)
		}
		var err error
		if out[i], err = kernel.Clone(t); err != nil {
			return nil, err
		}
	}
	return sequenceValue(out)
}

func sequenceValue(list sequence) (results, error) {
	if len(list) > maxSequence {
		return nil, kernel.Invalid("a sequence of more than %d tensors", maxSequence)
	}
	return results{{Shape: []int{len(list)}, Data: list}}, nil
}

// sequence returns an input that is a sequence.
func (c *call) sequence(i int) sequence {
	list, ok := c.in(i).Data.(sequence)
	if !ok {
		c.fail(kernel.Invalid("input %d is no sequence", i))
	}
	return list
}

// position returns a place in a sequence, which input i names, counted from the end if it is negative. last is the
// largest place.
func (c *call) position(i, without, n, last int) (int, error) {
	at := without
	if list := c.intsIn(i); len(list) == 1 {
		at = list[0]
	} else if list != nil {
		return 0, kernel.Invalid("a place with %d numbers", len(list))
	}
	if at < 0 {
		at += n
	}
	if at < 0 || at > last {
		return 0, kernel.Invalid("a place in a sequence of %d tensors", n)
	}
	return at, nil
}

func sequenceInsert(c *call) (results, error) {
	list := c.sequence(0)
	at, err := c.position(2, len(list), len(list), len(list))
	if err != nil {
		return nil, err
	}
	one, err := sequenceOf([]*tensor{c.in(1)})
	if err != nil {
		return nil, err
	}
	return sequenceValue(slices.Insert(slices.Clone(list), at, one[0].Data.(sequence)[0]))
}

func sequenceErase(c *call) (results, error) {
	list := c.sequence(0)
	at, err := c.position(1, len(list)-1, len(list), len(list)-1)
	if err != nil {
		return nil, err
	}
	return sequenceValue(slices.Delete(slices.Clone(list), at, at+1))
}

func sequenceAt(c *call) (results, error) {
	list := c.sequence(0)
	at, err := c.position(1, 0, len(list), len(list)-1)
	if err != nil {
		return nil, err
	}
	return one(kernel.Clone(list[at]))
}

func sequenceLength(c *call) (results, error) {
	return results{kernel.Scalar(int64(len(c.sequence(0))))}, nil
}

func concatFromSequence(c *call) (results, error) {
	list := c.sequence(0)
	if len(list) == 0 {
		return nil, kernel.Invalid("the concatenation of an empty sequence")
	}
	if c.int("new_axis", 0) != 0 {
		return one(kernel.Stack(list, c.int("axis", 0)))
	}
	return one(kernel.Concat(list, c.int("axis", 0)))
}

// splitToSequence splits a tensor along an axis: into parts of one element, of a size, or of several sizes.
func splitToSequence(c *call) (results, error) {
	x := c.in(0)
	axis, err := kernel.Axis(c.int("axis", 0), len(x.Shape))
	if err != nil {
		return nil, err
	}
	n, split := x.Shape[axis], c.opt(1)
	var sizes []int
	switch {
	case split != nil && len(split.Shape) > 0:
		sizes = c.intsIn(1)
	case split != nil:
		if list := c.intsIn(1); len(list) == 1 {
			sizes, err = kernel.Pieces(n, list[0])
		}
	case n <= maxSequence:
		sizes = slices.Repeat([]int{1}, n)
	}
	if err != nil || len(sizes) > maxSequence || sizes == nil {
		return nil, kernel.Invalid("a sequence of the parts of %d elements", n)
	}
	parts, err := kernel.Split(x, axis, sizes)
	if err != nil {
		return nil, err
	}
	if split == nil && c.int("keepdims", 1) == 0 {
		for i := range parts {
			if parts[i], err = kernel.Squeeze(parts[i], []int{axis}, true); err != nil {
				return nil, err
			}
		}
	}
	return sequenceOf(parts)
}
