package kernel

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// Softmax computes exponentials along an axis and divides them by their sum.
func Softmax(x *Tensor, axis int) (*Tensor, error) {
	if isFast(x) && len(x.Shape) > 0 {
		return softmaxFast(x, axis)
	}
	return alongAxis(x, axis, softmaxRow[float32], softmaxRow[float64])
}

// LogSoftmax computes the logarithm of Softmax.
func LogSoftmax(x *Tensor, axis int) (*Tensor, error) {
	return alongAxis(x, axis, logSoftmaxRow[float32], logSoftmaxRow[float64])
}

// CumSum computes the cumulative sum along an axis.
func CumSum(x *Tensor, axis int) (*Tensor, error) {
	return cumulative(x, axis, plus)
}

// CumProd computes the cumulative product along an axis.
func CumProd(x *Tensor, axis int) (*Tensor, error) {
	return cumulative(x, axis, func(so, v float64) float64 { return so * v })
}

// LogCumSumExp computes the logarithm of the cumulative sum of exponentials along an axis.
func LogCumSumExp(x *Tensor, axis int) (*Tensor, error) {
	return cumulative(x, axis, LogAddExp)
}

// cumulative computes a cumulative operation along an axis, in float64.
func cumulative(x *Tensor, axis int, join func(so, v float64) float64) (*Tensor, error) {
	if x.DType() == "int64" || x.DType() == "int32" {
		wide, err := Cast(x, "float64")
		if err != nil {
			return nil, err
		}
		sums, err := cumulative(wide, axis, join)
		if err != nil {
			return nil, err
		}
		return Cast(sums, x.DType())
	}
	return alongAxis(x, axis, cumulativeRow[float32](join), cumulativeRow[float64](join))
}

// alongAxis returns a copy of x that was modified row by row along an axis.
func alongAxis(x *Tensor, axis int, f32 func([]float32), f64 func([]float64)) (*Tensor, error) {
	if len(x.Shape) == 0 {
		row, err := alongAxis(&Tensor{Shape: []int{1}, Data: x.Data}, axis, f32, f64)
		if err != nil {
			return nil, err
		}
		return Reshape(row, []int{})
	}
	last := len(x.Shape) - 1
	if _, err := Axis(axis, len(x.Shape)); err != nil {
		return nil, err
	}
	out, err := Swap(x, axis, last)
	if err != nil {
		return nil, err
	}
	n := out.Shape[last]
	switch d := out.Data.(type) {
	case []float32:
		eachRow(d, n, f32)
	case []float64:
		eachRow(d, n, f64)
	default:
		return nil, Unsupported("a function of rows of %s", x.DType())
	}
	if axis == last || axis == -1 {
		return out, nil
	}
	return Swap(out, axis, last)
}

func eachRow[T Float](d []T, n int, f func([]T)) {
	if n == 0 {
		return
	}
	Parallel(len(d)/n, 1+minRow/n, func(lo, hi int) {
		for at := lo * n; at < hi*n; at += n {
			f(d[at : at+n])
		}
	})
}

// softmaxRow subtracts the largest element first, which prevents overflow.
func softmaxRow[T Float](row []T) {
	top := largest(row)
	sum := 0.0
	for i, v := range row {
		e := math.Exp(float64(v - top))
		row[i] = T(e)
		sum += e
	}
	for i, v := range row {
		row[i] = T(float64(v) / sum)
	}
}

func logSoftmaxRow[T Float](row []T) {
	top := largest(row)
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v - top))
	}
	shift := float64(top) + math.Log(sum)
	for i, v := range row {
		row[i] = T(float64(v) - shift)
	}
}

func largest[T Float](row []T) T {
	top := T(NegInf)
	for _, v := range row {
		top = max(top, v)
	}
	return top
}

func cumulativeRow[T Float](join func(so, v float64) float64) func(row []T) {
	return func(row []T) {
		if len(row) == 0 {
			return
		}
		so := float64(row[0])
		for i, v := range row[1:] {
			so = join(so, float64(v))
			row[i+1] = T(so)
		}
	}
}

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
