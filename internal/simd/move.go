package simd

import "slices"

// minMove is the number of elements of a copy that justifies another goroutine. It is large because copies wait for
// memory.
const minMove = 1 << 17

// Move is like the function [Move] but divides large copies among goroutines.
func (w Workers) Move(dims []int, dst []float32, to int, toStrides []int, src []float32, from int, fromStrides []int) {
	size := Product(dims)
	if w < 2 || size < 2*minMove {
		Move(dims, dst, to, toStrides, src, from, fromStrides)
		return
	}
	axis := longAxis(dims, int(w))
	w.Share(dims[axis], 1+minMove*dims[axis]/size, 1, func(first, end int) {
		part := slices.Clone(dims)
		part[axis] = end - first
		Move(part, dst, to+first*toStrides[axis], toStrides, src, from+first*fromStrides[axis], fromStrides)
	})
}

// longAxis returns the first axis that can be divided well among goroutines, or else the longest.
func longAxis(dims []int, workers int) int {
	longest := 0
	for i, n := range dims {
		if n >= workers*sharedPieces {
			return i
		}
		if n > dims[longest] {
			longest = i
		}
	}
	return longest
}

// Move copies a tensor with the dimensions dims. The positions of both copies are given by the first element and the
// strides.
func Move(dims []int, dst []float32, to int, toStrides []int, src []float32, from int, fromStrides []int) {
	m := mover{dst: dst, src: src}
	var list [8]axis
	m.axes = list[:0]
	for i, n := range dims {
		switch last := len(m.axes) - 1; {
		case n == 0:
			return
		case n == 1:
		case last >= 0 && m.axes[last].to == n*toStrides[i] && m.axes[last].from == n*fromStrides[i]:
			m.axes[last] = axis{m.axes[last].n * n, toStrides[i], fromStrides[i]}
		default:
			m.axes = append(m.axes, axis{n, toStrides[i], fromStrides[i]})
		}
	}
	m.plan()
	m.outer(m.axes, to, from)
}

// axis has the size of an axis and its strides in both copies.
type axis struct{ n, to, from int }

// mover copies a tensor whose last two axes are rows or a matrix that is transposed.
type mover struct {
	dst, src   []float32
	axes       []axis // The outer axes.
	rows, cols axis
	turned     bool // Whether the elements of a row are a column of the source.
}

// plan takes two axes out of the list: the last one and one that the kernels process with it.
func (m *mover) plan() {
	m.rows, m.cols = axis{n: 1}, axis{n: 1, to: 1, from: 1}
	n := len(m.axes)
	if n == 0 {
		return
	}
	m.cols = m.axes[n-1]
	m.axes = m.axes[:n-1]
	if n == 1 {
		return
	}
	at := n - 2
	if m.cols.to == 1 && m.cols.from != 1 {
		for i, a := range m.axes {
			if a.from == 1 && a.to >= 0 && m.cols.from >= 0 {
				at, m.turned = i, true
			}
		}
	}
	m.rows = m.axes[at]
	copy(m.axes[at:], m.axes[at+1:])
	m.axes = m.axes[:n-2]
}

func (m *mover) outer(axes []axis, to, from int) {
	if len(axes) == 0 {
		m.inner(to, from)
		return
	}
	for range axes[0].n {
		m.outer(axes[1:], to, from)
		to, from = to+axes[0].to, from+axes[0].from
	}
}

func (m *mover) inner(to, from int) {
	r, c := m.rows, m.cols
	// The kernels expect that the last element is that with the largest offset.
	forward := min(r.to, r.from) >= 0
	switch {
	case m.turned:
		Turn(c.n, r.n, m.dst[to:], r.to, m.src[from:], c.from)
	case forward && c.to == 1 && c.from == 1:
		CopyRows(r.n, c.n, m.dst[to:], r.to, m.src[from:], r.from)
	case forward && c.to == 1 && c.from > 1:
		EveryRows(r.n, c.n, m.dst[to:], r.to, m.src[from:], r.from, c.from)
	case c.to == 1:
		for range r.n {
			readRun(m.dst[to:to+c.n], m.src, from, c.from)
			to, from = to+r.to, from+r.from
		}
	default:
		for range r.n {
			t, f := to, from
			for range c.n {
				m.dst[t] = m.src[f]
				t, f = t+c.to, f+c.from
			}
			to, from = to+r.to, from+r.from
		}
	}
}
