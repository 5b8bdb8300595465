package native

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// grain is how many elements a goroutine is worth.
const grain = 1 << 15

// arithmetic is an operation of two operands: of two vectors, or of a vector and
// a number on one side.
type arithmetic struct {
	both  func(dst, a, b []float32)
	right func(dst, a []float32, b float32)
	left  func(dst []float32, a float32, b []float32)
}

var (
	addition = &arithmetic{add, addNumber, func(dst []float32, a float32, b []float32) { addNumber(dst, b, a) }}
	product2 = &arithmetic{mul, mulNumber, func(dst []float32, a float32, b []float32) { mulNumber(dst, b, a) }}
	maximum  = &arithmetic{maxVectors, maxNumber, func(dst []float32, a float32, b []float32) { maxNumber(dst, b, a) }}
	minimum  = &arithmetic{minVectors, minNumber, func(dst []float32, a float32, b []float32) { minNumber(dst, b, a) }}

	difference = &arithmetic{sub, func(dst, a []float32, b float32) { addNumber(dst, a, -b) }, func(dst []float32, a float32, b []float32) {
		for i, v := range b {
			dst[i] = a - v
		}
	}}
	quotient = &arithmetic{func(dst, a, b []float32) {
		for i, v := range a {
			dst[i] = v / b[i]
		}
	}, func(dst, a []float32, b float32) {
		for i, v := range a {
			dst[i] = v / b
		}
	}, func(dst []float32, a float32, b []float32) {
		for i, v := range b {
			dst[i] = a / v
		}
	}}
)

func addNumber(dst, a []float32, b float32) {
	for i, v := range a {
		dst[i] = v + b
	}
}

func mulNumber(dst, a []float32, b float32) {
	for i, v := range a {
		dst[i] = v * b
	}
}

func maxVectors(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = max(v, b[i])
	}
}

func maxNumber(dst, a []float32, b float32) {
	for i, v := range a {
		dst[i] = max(v, b)
	}
}

func minVectors(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = min(v, b[i])
	}
}

func minNumber(dst, a []float32, b float32) {
	for i, v := range a {
		dst[i] = min(v, b)
	}
}

// Add and the operations below have kernels for float32; for other types they
// are the Go backend's.
func (f *function) Add(a, b compute.Value) (compute.Value, error) {
	return f.arithmetic(addition, compute.OpTypeAdd, compute.Function.Add, a, b)
}

func (f *function) Sub(a, b compute.Value) (compute.Value, error) {
	return f.arithmetic(difference, compute.OpTypeSub, compute.Function.Sub, a, b)
}

func (f *function) Mul(a, b compute.Value) (compute.Value, error) {
	return f.arithmetic(product2, compute.OpTypeMul, compute.Function.Mul, a, b)
}

func (f *function) Div(a, b compute.Value) (compute.Value, error) {
	return f.arithmetic(quotient, compute.OpTypeDiv, compute.Function.Div, a, b)
}

func (f *function) Max(a, b compute.Value) (compute.Value, error) {
	return f.arithmetic(maximum, compute.OpTypeMax, compute.Function.Max, a, b)
}

func (f *function) Min(a, b compute.Value) (compute.Value, error) {
	return f.arithmetic(minimum, compute.OpTypeMin, compute.Function.Min, a, b)
}

func (f *function) arithmetic(k *arithmetic, typ compute.OpType, other func(compute.Function, compute.Value, compute.Value) (compute.Value, error), lhs, rhs compute.Value) (compute.Value, error) {
	a, b := lhs.(*node), rhs.(*node)
	if a.shape.DType != dtypes.Float32 || b.shape.DType != dtypes.Float32 {
		return f.rest2(other, lhs, rhs)
	}
	shape, err := shapeinference.BinaryOp(typ, a.shape, b.shape)
	if err != nil {
		return nil, err
	}
	a, aDims := source(a, shape.Rank())
	b, bDims := source(b, shape.Rank())
	w := newWalk(shape.Dimensions, aDims, bDims)
	backend := f.builder.backend
	return f.op(shape, func(in []any, out any) error {
		k.run(backend, w, out.([]float32), in[0].([]float32), in[1].([]float32))
		return nil
	}, a, b), nil
}

// source returns the node whose elements are repeated to make n, or n itself,
// and its dimensions at the given rank.
func source(n *node, rank int) (*node, []int) {
	if n.spread != nil && n.shape.Rank() == rank {
		return n.spread, n.spreadDims
	}
	dims := make([]int, rank)
	for i := range dims {
		dims[i] = 1
	}
	copy(dims[rank-n.shape.Rank():], n.shape.Dimensions)
	return n, dims
}

func (k *arithmetic) run(b *Backend, w *walk, out, x, y []float32) {
	tasks := max(1, len(out)/grain)
	if len(w.offsets) == 1 { // One long stretch.
		b.parallel(tasks, func(from, to int) {
			lo, hi := from*w.inner/tasks, to*w.inner/tasks
			k.stretch(w, out[lo:hi], x, y, lo, hi, 0, 0)
		})
		return
	}
	tasks = min(tasks, len(w.offsets))
	b.parallel(tasks, func(from, to int) {
		for i := from * len(w.offsets) / tasks; i < to*len(w.offsets)/tasks; i++ {
			o := w.offsets[i]
			k.stretch(w, out[i*w.inner:(i+1)*w.inner], x, y, 0, w.inner, o[0], o[1])
		}
	})
}

// stretch computes the elements from lo to hi of one stretch, which begins at
// the offsets a and b of its operands.
func (k *arithmetic) stretch(w *walk, out, x, y []float32, lo, hi, a, b int) {
	switch {
	case w.moves[0] && w.moves[1]:
		k.both(out, x[a+lo:a+hi], y[b+lo:b+hi])
	case w.moves[0]:
		k.right(out, x[a+lo:a+hi], y[b])
	case w.moves[1]:
		k.left(out, x[a], y[b+lo:b+hi])
	case len(out) > 0:
		k.right(out[:1], x[a:a+1], y[b])
		for i := range out {
			out[i] = out[0]
		}
	}
}

// walk goes through an elementwise operation in stretches along which each
// operand either moves with the result or stays where it is.
type walk struct {
	inner   int      // Elements of a stretch.
	moves   [2]bool  // Whether the operands move along a stretch.
	offsets [][2]int // Where the operands of each stretch begin.
}

func newWalk(out []int, operands ...[]int) *walk {
	w := &walk{inner: 1}
	d := len(out) - 1
	for ; d >= 0; d-- {
		var moves [2]bool
		for i, dims := range operands {
			moves[i] = dims[d] == out[d]
		}
		if out[d] != 1 && w.inner > 1 && moves != w.moves {
			break
		}
		if out[d] != 1 {
			w.moves = moves
		}
		w.inner *= out[d]
	}
	if w.inner == 1 {
		w.moves = [2]bool{true, len(operands) > 1}
	}
	outer := out[:d+1]
	size := 1
	for _, n := range outer {
		size *= n
	}
	w.offsets = make([][2]int, size)
	for i, dims := range operands {
		for j, at := range offsetsOf(outer, broadcastStrides(dims)) {
			w.offsets[j][i] = at
		}
	}
	return w
}

// broadcastStrides are the distances of neighbours in a row-major tensor, 0 along
// dimensions of one element.
func broadcastStrides(dims []int) []int {
	strides := make([]int, len(dims))
	size := 1
	for d := len(dims) - 1; d >= 0; d-- {
		if dims[d] != 1 {
			strides[d] = size
		}
		size *= dims[d]
	}
	return strides
}

// offsetsOf lists where the elements of a tensor of the given dimensions lie, in
// row-major order, when neighbours are strides apart.
func offsetsOf(dims, strides []int) []int {
	list := []int{0}
	for d, stride := range strides[:len(dims)] {
		next := make([]int, 0, len(list)*dims[d])
		for _, at := range list {
			for i := range dims[d] { //nolint:gosec // There are as many strides as dimensions.
				next = append(next, at+i*stride)
			}
		}
		list = next
	}
	return list
}

// Neg, Sign and Abs have kernels for float32, too.
func (f *function) Neg(x compute.Value) (compute.Value, error) {
	return f.pointwise(func(dst, x []float32) { mulNumber(dst, x, -1) }, compute.Function.Neg, x)
}

func (f *function) Abs(x compute.Value) (compute.Value, error) {
	return f.pointwise(func(dst, x []float32) {
		for i, v := range x {
			dst[i] = math.Float32frombits(math.Float32bits(v) &^ (1 << 31))
		}
	}, compute.Function.Abs, x)
}

// Sign avoids branches, which half of all values would take unforeseen.
func (f *function) Sign(x compute.Value) (compute.Value, error) {
	return f.pointwise(func(dst, x []float32) {
		for i, v := range x {
			bits := math.Float32bits(v)
			magnitude := bits << 1
			notZero := (magnitude | -magnitude) >> 31
			dst[i] = math.Float32frombits(bits&(1<<31)*notZero | 0x3f800000*notZero)
			if magnitude > 0xff<<24 { // NaN, which hardly ever comes.
				dst[i] = v
			}
		}
	}, compute.Function.Sign, x)
}

func (f *function) pointwise(op func(dst, x []float32), other func(compute.Function, compute.Value) (compute.Value, error), x compute.Value) (compute.Value, error) {
	n := x.(*node)
	if n.shape.DType != dtypes.Float32 {
		return f.rest1(other, x)
	}
	backend := f.builder.backend
	return f.op(n.shape, func(in []any, out any) error {
		from, to := in[0].([]float32), out.([]float32)
		tasks := max(1, len(to)/grain)
		backend.parallel(tasks, func(lo, hi int) {
			lo, hi = lo*len(to)/tasks, hi*len(to)/tasks
			op(to[lo:hi], from[lo:hi])
		})
		return nil
	}, n), nil
}

// BroadcastInDim repeats x. Most operations that take the result take x instead.
func (f *function) BroadcastInDim(x compute.Value, shape shapes.Shape, axes []int) (compute.Value, error) {
	n := x.(*node)
	if n.shape.DType != dtypes.Float32 || shape.IsDynamic() {
		return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
			return g.BroadcastInDim(in[0], shape, axes)
		}, x)
	}
	if err := shapeinference.BroadcastInDim(n.shape, shape, axes, nil); err != nil {
		return nil, err
	}
	dims := make([]int, shape.Rank())
	for i := range dims {
		dims[i] = 1
	}
	for i, axis := range axes {
		dims[axis] = n.shape.Dimensions[i]
	}
	w := newWalk(shape.Dimensions, dims)
	out := f.op(shape, func(in []any, out any) error {
		from, to := in[0].([]float32), out.([]float32)
		for i, o := range w.offsets {
			stretch := to[i*w.inner : (i+1)*w.inner]
			if w.moves[0] {
				copy(stretch, from[o[0]:])
				continue
			}
			for j := range stretch {
				stretch[j] = from[o[0]]
			}
		}
		return nil
	}, n)
	out.spread, out.spreadDims = n, dims
	return out, nil
}
