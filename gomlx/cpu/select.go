package cpu

import (
	"reflect"

	"github.com/gomlx/compute"

	"github.com/millrace-ml/millrace/internal/simd"
)

// The Go backend lacks the gradients of max and min pooling. This file implements them as a kernel for float32, and
// of other operations for the other types.

// SelectAndScatterMax adds each element of source to the largest element of its window of x, the first one of
// several. It returns the sums in the shape of x.
func (f *Function) SelectAndScatterMax(
	x, source compute.Value, size, strides []int, paddings [][2]int,
) (compute.Value, error) {
	return f.selectAndScatter("SelectAndScatterMax", compute.ReduceOpMax, x, source, size, strides, paddings)
}

// SelectAndScatterMin is like SelectAndScatterMax for the smallest elements.
func (f *Function) SelectAndScatterMin(
	x, source compute.Value, size, strides []int, paddings [][2]int,
) (compute.Value, error) {
	return f.selectAndScatter("SelectAndScatterMin", compute.ReduceOpMin, x, source, size, strides, paddings)
}

func (f *Function) selectAndScatter(
	name string, kind compute.ReduceOpType, x, source compute.Value, size, strides []int, paddings [][2]int,
) (compute.Value, error) {
	shape, err := f.Shape(x)
	if err != nil {
		return nil, err
	}
	if shape.IsDynamic() {
		return nil, unsupported(name + " of dynamic shapes")
	}
	w := newWindows(shape.Dimensions, size, strides, paddings)
	return f.record1(name, []compute.Value{x, source}, []any{w},
		func(g compute.Function, in []compute.Value) (compute.Value, error) {
			s := scattering{f: g, windows: w, kind: kind}
			return s.build(in[0], in[1])
		})
}

// scattering builds the operation of others. The elements at the same position of all windows are a strided slice of
// x.
type scattering struct {
	*windows
	f    compute.Function
	kind compute.ReduceOpType
	err  error
}

// do returns the result of make, unless an earlier operation failed.
func (s *scattering) do(make func() (compute.Value, error)) (v compute.Value) {
	if s.err == nil {
		v, s.err = make()
	}
	return v
}

func (s *scattering) build(x, source compute.Value) (compute.Value, error) {
	shape, err := s.f.Shape(x)
	if err != nil {
		return nil, err
	}
	fill := shape.DType.LowestValue()
	if s.kind == compute.ReduceOpMin {
		fill = shape.DType.HighestValue()
	}
	outer, edges, padding := s.outer()
	zero := s.number(reflect.Zero(reflect.TypeOf(fill)).Interface())
	best := s.do(func() (compute.Value, error) {
		return s.f.ReduceWindow(x, s.kind, s.size, s.strides, nil, nil, padding)
	})
	padded := s.do(func() (compute.Value, error) { return s.f.Pad(x, s.number(fill), edges...) })
	var sum, taken compute.Value
	for _, cell := range s.cells {
		limits, spread := make([]int, len(cell)), make([]compute.PadAxis, len(cell))
		for i, c := range cell {
			limits[i] = c + (s.out[i]-1)*s.strides[i] + 1
			spread[i] = compute.PadAxis{Start: c, End: outer[i] - limits[i], Interior: s.strides[i] - 1}
		}
		hit := s.do(func() (compute.Value, error) { return s.f.Slice(padded, cell, limits, s.strides) })
		hit = s.do(func() (compute.Value, error) { return s.f.Equal(hit, best) })
		hit, taken = s.first(hit, taken)
		given := s.do(func() (compute.Value, error) { return s.f.Where(hit, source, zero) })
		given = s.do(func() (compute.Value, error) { return s.f.Pad(given, zero, spread...) })
		sum = s.plus(sum, given)
	}
	ends := make([]int, len(s.in))
	for i, n := range s.in {
		ends[i] = s.before[i] + n
	}
	result := s.do(func() (compute.Value, error) { return s.f.Slice(sum, s.before, ends, nil) })
	return result, s.err
}

// outer returns the dimensions of the padded x, and the padding in both forms.
func (s *scattering) outer() (dims []int, edges []compute.PadAxis, padding [][2]int) {
	for i, n := range s.in {
		// Elements after the last window are irrelevant.
		end := max(0, (s.out[i]-1)*s.strides[i]+s.size[i]-s.before[i]-n)
		dims = append(dims, s.before[i]+n+end)
		edges = append(edges, compute.PadAxis{Start: s.before[i], End: end})
		padding = append(padding, [2]int{s.before[i], end})
	}
	return dims, edges, padding
}

// number returns a constant.
func (s *scattering) number(x any) compute.Value {
	list := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(x)), 1, 1)
	list.Index(0).Set(reflect.ValueOf(x))
	return s.do(func() (compute.Value, error) { return s.f.Constant(list.Interface()) })
}

// first removes the elements of taken from hit, and adds the remaining ones to taken.
func (s *scattering) first(hit, taken compute.Value) (left, all compute.Value) {
	if taken == nil {
		return hit, hit
	}
	left = s.do(func() (compute.Value, error) { return s.f.LogicalNot(taken) })
	left = s.do(func() (compute.Value, error) { return s.f.LogicalAnd(hit, left) })
	return left, s.do(func() (compute.Value, error) { return s.f.LogicalOr(taken, hit) })
}

func (s *scattering) plus(sum, x compute.Value) compute.Value {
	if sum == nil {
		return x
	}
	return s.do(func() (compute.Value, error) { return s.f.Add(sum, x) })
}

// selecting is the kernel of SelectAndScatterMax and SelectAndScatterMin.
type selecting struct {
	*windows
	better func(a, b float32) bool
}

func newSelecting(op *operation) kernel {
	w := op.attrs[0].(*windows)
	if s, ok := w.slides(); ok {
		k := &planeSelecting{s: s, planes: simd.Product(w.in[:len(w.in)-2]), sign: 1}
		if op.name == "SelectAndScatterMin" {
			k.sign = -1
		}
		return k
	}
	k := &selecting{windows: w, better: func(a, b float32) bool { return a > b }}
	if op.name == "SelectAndScatterMin" {
		k.better = func(a, b float32) bool { return a < b }
	}
	return k
}

func (k *selecting) run(w simd.Workers, in, out [][]float32) {
	x, source, sums := in[0], in[1], out[0]
	clear(sums)
	// Windows can share elements, but only within one image of a batch.
	images := 1
	if len(k.in) > 0 && k.size[0] == 1 && k.strides[0] == 1 && k.in[0] == k.out[0] {
		images = k.in[0]
	}
	each := len(source) / max(1, images)
	w.Split(images, 1, func(_, from, to int) {
		k.each(from*each, to*each, func(n, first int, offsets []int) {
			if len(offsets) == 0 {
				return
			}
			best := first + offsets[0]
			for _, o := range offsets[1:] {
				if k.better(x[first+o], x[best]) {
					best = first + o
				}
			}
			sums[best] += source[n]
		})
	})
}
