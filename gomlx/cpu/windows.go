package cpu

import (
	"math"
	"slices"

	"github.com/gomlx/compute"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
)

// windows describes windows that slide over a tensor, as in pooling.
type windows struct {
	in, out               []int // The dimensions of the tensor and the number of windows along each axis.
	size, strides, before []int // The size of a window, the strides between windows and the padding before the tensor.
	steps                 []int // The strides of the tensor.
	// cells has the positions of the elements of a window, in order. offsets has the same positions as offsets in the
	// tensor.
	cells   [][]int
	offsets []int
}

// newWindows returns the windows over a tensor with the dimensions in. The default of strides is size, the default of
// paddings is no padding.
func newWindows(in, size, strides []int, paddings [][2]int) *windows {
	w := &windows{
		in: in, size: size, strides: strides, before: make([]int, len(in)), steps: simd.Natural(in),
		out: make([]int, len(in)),
	}
	if len(size) == 0 {
		w.size = slices.Repeat([]int{1}, len(in))
	}
	if len(strides) == 0 {
		w.strides = w.size
	}
	for i, n := range in {
		if len(paddings) > 0 {
			w.before[i] = paddings[i][0]
			n += paddings[i][0] + paddings[i][1]
		}
		w.out[i] = max(0, (n-w.size[i])/w.strides[i]+1)
	}
	cell := make([]int, len(in))
	for range simd.Product(w.size) {
		offset := 0
		for i, c := range cell {
			offset += c * w.steps[i]
		}
		w.cells, w.offsets = append(w.cells, slices.Clone(cell)), append(w.offsets, offset)
		advance(cell, w.size)
	}
	return w
}

// positionOf returns the position of the n-th element of a tensor.
func positionOf(n int, dims []int) []int {
	place := make([]int, len(dims))
	for i, step := range simd.Natural(dims) {
		if step > 0 { // The stride is 0 if there are no elements.
			place[i], n = n/step, n%step
		}
	}
	return place
}

// advance changes a position in a tensor to the next one.
func advance(place, dims []int) {
	for i := len(place) - 1; i >= 0; i-- {
		if place[i]++; place[i] < dims[i] {
			return
		}
		place[i] = 0
	}
}

// each calls visit for the windows in the range [from, to), with the number of the window, the index of its first
// element, which can be outside of the tensor, and the offsets from it of the elements that are inside.
func (w *windows) each(from, to int, visit func(n, first int, offsets []int)) {
	place := positionOf(from, w.out)
	var inside []int
	for n := from; n < to; n++ {
		first, whole := 0, true
		for i, p := range place {
			at := p*w.strides[i] - w.before[i]
			first += at * w.steps[i]
			whole = whole && at >= 0 && at+w.size[i] <= w.in[i]
		}
		if whole {
			visit(n, first, w.offsets)
		} else {
			inside = w.clip(inside[:0], place)
			visit(n, first, inside)
		}
		advance(place, w.out)
	}
}

// clip appends the offsets of the elements of a window that are inside the tensor.
func (w *windows) clip(list, place []int) []int {
	for c, cell := range w.cells {
		inside := true
		for i, p := range place {
			at := p*w.strides[i] - w.before[i] + cell[i]
			inside = inside && at >= 0 && at < w.in[i]
		}
		if inside {
			list = append(list, w.offsets[c])
		}
	}
	return list
}

// pooling is the kernel of the maximum, minimum or sum of windows.
type pooling struct {
	*windows
	reduce func(in []float32, first int, offsets []int) float32
}

// newPooling returns the kernel of a ReduceWindow, or nil.
func newPooling(op *operation) kernel {
	reduce := map[compute.ReduceOpType]func(in []float32, first int, offsets []int) float32{
		compute.ReduceOpMax: maxOf, compute.ReduceOpMin: minOf, compute.ReduceOpSum: sumOf,
	}[op.attrs[0].(compute.ReduceOpType)]
	dilations := slices.Concat(op.attrs[3].([]int), op.attrs[4].([]int))
	if reduce == nil || slices.ContainsFunc(dilations, func(d int) bool { return d != 1 }) {
		return nil
	}
	w := newWindows(op.ins[0].shape.Dimensions, op.attrs[1].([]int), op.attrs[2].([]int), op.attrs[5].([][2]int))
	if s, ok := w.slides(); ok && op.attrs[0].(compute.ReduceOpType) != compute.ReduceOpMin {
		return &planePooling{layers.Pool{S: s, Top: op.attrs[0].(compute.ReduceOpType) == compute.ReduceOpMax}, w.in}
	}
	return &pooling{w, reduce}
}

func (p *pooling) run(w simd.Workers, in, out [][]float32) {
	w.Split(len(out[0]), 1+1<<14/max(1, len(p.offsets)), func(_, from, to int) {
		p.each(from, to, func(n, first int, offsets []int) { out[0][n] = p.reduce(in[0], first, offsets) })
	})
}

func maxOf(in []float32, first int, offsets []int) float32 {
	x := float32(math.Inf(-1))
	for _, o := range offsets {
		x = max(x, in[first+o])
	}
	return x
}

func minOf(in []float32, first int, offsets []int) float32 {
	x := float32(math.Inf(1))
	for _, o := range offsets {
		x = min(x, in[first+o])
	}
	return x
}

func sumOf(in []float32, first int, offsets []int) float32 {
	x := float32(0)
	for _, o := range offsets {
		x += in[first+o]
	}
	return x
}
