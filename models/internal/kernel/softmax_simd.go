package kernel

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// softmaxFast is Softmax for tensors of float32 with kernels in assembly.
func softmaxFast(x *Tensor, axis int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	in := x.Data.([]float32)
	out := Floats(len(in))
	n, inner := x.Shape[axis], Product(x.Shape[axis+1:])
	result := &Tensor{Shape: slices.Clone(x.Shape), Data: out}
	if len(out) == 0 {
		return result, nil
	}
	Parallel(len(in)/(n*inner), 1+minVector/(n*inner), func(lo, hi int) {
		if inner == 1 && n <= fewColumns {
			SoftmaxRows(out[lo*n:hi*n], in[lo*n:hi*n], n)
			return
		}
		for i := lo; i < hi; i++ {
			at, end := i*n*inner, (i+1)*n*inner
			if inner == 1 {
				SoftmaxRow(out[at:end], in[at:end])
			} else {
				softmaxColumns(out[at:end], in[at:end], inner)
			}
		}
	})
	return result, nil
}

// fewColumns is the length up to which rows are too short for a vector each.
const fewColumns = 16

// SoftmaxRows sets every row of n elements of dst to the softmax of the row of a. Both have the same length, and may be
// the same slice. The exponentials of all rows are computed at once.
func SoftmaxRows(dst, a []float32, n int) {
	for i := 0; i < len(a); i += n {
		row, to := a[i:i+n], dst[i:i+n]
		largest := row[0]
		for _, v := range row {
			largest = max(largest, v)
		}
		for j, v := range row {
			to[j] = v - largest
		}
	}
	simd.Unary("Exp")(dst, dst)
	for i := 0; i < len(dst); i += n {
		row, sum := dst[i:i+n], float32(0)
		for _, v := range row {
			sum += v
		}
		for j := range row {
			row[j] /= sum
		}
	}
}

// SoftmaxRow sets dst to the softmax of a. Both have the same length and may be the same slice.
func SoftmaxRow(dst, a []float32) {
	sum := simd.ExpSum(dst, a, simd.Largest(a))
	simd.ScaleShift(dst, dst, 1/sum, 0)
}

// softmaxColumns computes the softmax along the first axis of a matrix with rows of the given length.
func softmaxColumns(dst, a []float32, length int) {
	s, list := simd.Borrow(2 * length)
	defer s.GiveBack()
	top, sum := list[:length], list[length:]
	largest, minus, add, divide := simd.Binary("Max"), simd.Binary("Sub"), simd.Binary("Add"), simd.Binary("Div")
	copy(top, a)
	for at := length; at < len(a); at += length {
		largest(top, top, a[at:at+length])
	}
	clear(sum)
	for at := 0; at < len(a); at += length {
		row := dst[at : at+length]
		minus(row, a[at:at+length], top)
		simd.ExpSum(row, row, 0)
		add(sum, sum, row)
	}
	for at := 0; at < len(a); at += length {
		row := dst[at : at+length]
		divide(row, row, sum)
	}
}
