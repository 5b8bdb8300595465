package kernel

import (
	"math/bits"
	"sync"
)

// minRecycled is the number of elements from which memory is reused. Smaller lists are left to the garbage collector.
const minRecycled = 1 << 10

// recycled has the free lists of float32 by class. All lists of a class have room for the same number of elements.
// The garbage collector empties the pools, so that memory that is no longer used is returned.
var recycled [4 * 32]sync.Pool

// classOf returns the class of lists of at least n elements, and their room. There are four classes for each power of
// two, so that a list has at most a quarter more room than necessary.
func classOf(n int) (class, room int) {
	shift := max(bits.Len(uint(n-1))-3, 0)
	quarters := (n + 1<<shift - 1) >> shift // From 5 to 8.
	return 4*shift + quarters - 5, quarters << shift
}

// Floats returns a list of n float32 with unspecified values.
func Floats(n int) []float32 {
	if n < minRecycled {
		return make([]float32, n)
	}
	class, room := classOf(n)
	if list, ok := recycled[class].Get().(*[]float32); ok {
		return (*list)[:n]
	}
	return make([]float32, n, room)
}

// Elements returns a list of n elements with unspecified values, in recycled memory if they are float32.
func Elements[T any](n int) []T {
	if n >= minRecycled {
		if _, ok := any([]T(nil)).([]float32); ok {
			return any(Floats(n)).([]T)
		}
	}
	return make([]T, n)
}

// Dirty is like New, but the elements have unspecified values. It is for results whose elements are all overwritten.
func Dirty(dtype string, shape []int) (*Tensor, error) {
	n, err := Count(shape)
	if err != nil || dtype != "float32" || n < minRecycled {
		return New(dtype, shape)
	}
	return &Tensor{Shape: append([]int(nil), shape...), Data: Floats(n)}, nil
}

// OnRelease is called with the memory that Release receives, if it is not nil. Tests overwrite the memory to find
// values that are read afterwards.
var OnRelease func(list []float32)

// Release gives the memory of a tensor back, to be used for other tensors. No tensor with the same memory may be used
// afterwards.
func Release(t *Tensor) {
	list, ok := t.Data.([]float32)
	if !ok || cap(list) < minRecycled {
		return
	}
	class, room := classOf(cap(list))
	if room != cap(list) {
		return // It does not come from Floats.
	}
	list = list[:room]
	if OnRelease != nil {
		OnRelease(list)
	}
	recycled[class].Put(&list)
}

// Memory identifies the memory of a tensor of float32: it is the same for all tensors made from the same memory, even
// if they are different parts of it. It is nil for other tensors.
func Memory(t *Tensor) *float32 {
	list, ok := t.Data.([]float32)
	if !ok || cap(list) == 0 {
		return nil
	}
	return &list[:cap(list)][cap(list)-1]
}
