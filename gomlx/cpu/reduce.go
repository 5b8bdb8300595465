package cpu

import (
	"math"

	"github.com/millrace-ml/millrace/internal/simd"
)

// reduce is the kernel of sums, maxima and minima along axes.
type reduce struct {
	// dims and strides describe the axes of the input, toStrides those of the output. The stride of a reduced axis is 0.
	dims, strides, toStrides []int
	start                    float32
	// row reduces a list. rows combines two lists element by element.
	row  func(x float32, a []float32) float32
	rows func(dst, a, b []float32)
}

// reductions has the operation on two numbers and the initial value.
var reductions = map[string]struct {
	op    string
	start float32
}{
	"ReduceSum": {"Add", 0},
	"ReduceMax": {"Max", float32(math.Inf(-1))},
	"ReduceMin": {"Min", float32(math.Inf(1))},
}

func newReduce(name string, dims, axes []int) *reduce {
	kind := reductions[name]
	r := &reduce{start: kind.start, rows: simd.Binary(kind.op)}
	op := simd.Scalar(kind.op)
	r.row = func(x float32, a []float32) float32 {
		for _, y := range a {
			x = op(x, y)
		}
		return x
	}
	if name == "ReduceSum" {
		r.row = func(x float32, a []float32) float32 { return x + simd.Sum(a) }
	}
	r.axes(dims, axes)
	return r
}

// axes sets the axes. It merges adjacent axes that are both reduced or both kept.
func (r *reduce) axes(dims, axes []int) {
	reduced := make([]bool, len(dims))
	for _, a := range axes {
		reduced[a] = true
	}
	var kept []bool
	for i, d := range dims {
		switch last := len(r.dims) - 1; {
		case d == 1:
		case last >= 0 && kept[last] == !reduced[i]:
			r.dims[last] *= d
		default:
			r.dims, kept = append(r.dims, d), append(kept, !reduced[i])
		}
	}
	r.strides, r.toStrides = simd.Natural(r.dims), make([]int, len(r.dims))
	size := 1
	for i := len(r.dims) - 1; i >= 0; i-- {
		if kept[i] {
			r.toStrides[i] = size
			size *= r.dims[i]
		}
	}
}

func (r *reduce) run(_ simd.Workers, in, out [][]float32) {
	for i := range out[0] {
		out[0][i] = r.start
	}
	if len(in[0]) > 0 {
		r.from(0, in[0], out[0])
	}
}

func (r *reduce) from(axis int, in, out []float32) {
	switch left := len(r.dims) - axis; {
	case left == 0:
		out[0] = r.row(out[0], in[:1])
	case left == 1 && r.toStrides[axis] == 0:
		out[0] = r.row(out[0], in[:r.dims[axis]])
	case left == 1:
		out = out[:r.dims[axis]]
		r.rows(out, out, in[:len(out)])
	default:
		for i := range r.dims[axis] {
			r.from(axis+1, in[i*r.strides[axis]:], out[i*r.toStrides[axis]:])
		}
	}
}
