package kernel

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
)

// Reduction is an operation that reduces the elements of an axis to one.
type Reduction int

// The reductions.
const (
	Sum Reduction = iota
	Mean
	Prod
	Maximum
	Minimum
	SumSquare
	L1
	L2
	LogSum
	LogSumExp
)

// Reduce reduces the given axes, or all axes if axes is nil. If keep is set, the reduced axes remain with size 1.
func Reduce(kind Reduction, x *Tensor, axes []int, keep bool) (*Tensor, error) {
	rows, shape, err := lastAxes(x, axes, keep)
	if err != nil {
		return nil, err
	}
	out, err := Dirty(x.DType(), shape)
	if err != nil {
		return nil, err
	}
	n := rows.Shape[1]
	if n == 0 && (kind == Maximum || kind == Minimum) {
		return nil, Invalid("the largest or smallest of no elements of shape %v", x.Shape)
	}
	switch d := rows.Data.(type) {
	case []float32:
		if !reduceFast(d, out.Data.([]float32), n, kind) {
			reduceAll(d, out.Data.([]float32), n, kind)
		}
	case []float64:
		reduceAll(d, out.Data.([]float64), n, kind)
	case []int32:
		err = reduceInts(d, out.Data.([]int32), n, kind)
	case []int64:
		err = reduceInts(d, out.Data.([]int64), n, kind)
	default:
		return nil, Unsupported("reductions of %s", x.DType())
	}
	return out, err
}

// lastAxes moves the given axes to the end and flattens them into rows. It also returns the shape of a result with
// one element for each row.
func lastAxes(x *Tensor, axes []int, keep bool) (rows *Tensor, shape []int, err error) {
	named, err := axesOf(axes, len(x.Shape))
	if err != nil {
		return nil, nil, err
	}
	var stay, gone []int
	shape = []int{}
	for i, d := range x.Shape {
		if axes == nil || slices.Contains(named, i) {
			gone = append(gone, i)
			if keep {
				shape = append(shape, 1)
			}
			continue
		}
		stay = append(stay, i)
		shape = append(shape, d)
	}
	rows = x
	if len(gone) > 0 && len(stay) > 0 && stay[len(stay)-1] > gone[0] {
		if rows, err = Transpose(x, append(slices.Clone(stay), gone...)); err != nil {
			return nil, nil, err
		}
	}
	n := 1
	for _, a := range gone {
		n *= x.Shape[a]
	}
	return &Tensor{Shape: []int{Product(shape), n}, Data: rows.Data}, shape, nil
}

// reducer is a reduction of floats: the initial value, the function that adds an element, and the function that
// returns the result for n elements.
type reducer struct {
	start float64
	step  func(so, v float64) float64
	end   func(so float64, n int) float64
}

var reducers = map[Reduction]reducer{
	Sum:       {0, plus, asIs},
	Mean:      {0, plus, func(so float64, n int) float64 { return so / float64(n) }},
	Prod:      {1, func(so, v float64) float64 { return so * v }, asIs},
	Maximum:   {NegInf, math.Max, asIs},
	Minimum:   {-NegInf, math.Min, asIs},
	SumSquare: {0, func(so, v float64) float64 { return so + v*v }, asIs},
	L1:        {0, func(so, v float64) float64 { return so + math.Abs(v) }, asIs},
	L2: {
		0, func(so, v float64) float64 { return so + v*v },
		func(so float64, _ int) float64 { return math.Sqrt(so) },
	},
	LogSum: {0, plus, func(so float64, _ int) float64 { return math.Log(so) }},
}

// logSumExp computes the logarithms of the sums of exponentials of rows of n elements.
func logSumExp[T Float](in, out []T, n int) {
	for i := range out {
		row, largest, sum := in[i*n:(i+1)*n], NegInf, 0.0
		for _, v := range row {
			largest = math.Max(largest, float64(v))
		}
		for _, v := range row {
			if float64(v) == largest {
				sum++ // The difference of two infinite numbers is not 0.
			} else {
				sum += math.Exp(float64(v) - largest)
			}
		}
		out[i] = T(largest + math.Log(sum))
	}
}

func plus(so, v float64) float64 { return so + v }

func asIs(so float64, _ int) float64 { return so }

// reduceAll computes in float64 regardless of the type of the elements.
func reduceAll[T Float](in, out []T, n int, kind Reduction) {
	r := reducers[kind]
	Parallel(len(out), 1+minRow/max(n, 1), func(lo, hi int) {
		if kind == LogSumExp {
			logSumExp(in[lo*n:hi*n], out[lo:hi], n)
			return
		}
		for i := lo; i < hi; i++ {
			so := r.start
			for _, v := range in[i*n : (i+1)*n] {
				so = r.step(so, float64(v))
			}
			out[i] = T(r.end(so, n))
		}
	})
}

// intReducers are the reductions that integers compute exactly.
var intReducers = map[Reduction]Op{Sum: Add, Prod: Mul, Maximum: Max, Minimum: Min}

func reduceInts[T int32 | int64](in, out []T, n int, kind Reduction) error {
	op, ok := intReducers[kind]
	if !ok {
		return Unsupported("this reduction of integers")
	}
	f := arithOf[T](op)
	for i := range out {
		row := in[i*n : (i+1)*n]
		switch {
		case kind == Prod:
			out[i] = 1
		case kind != Sum:
			out[i] = row[0]
		}
		for _, v := range row {
			out[i] = f(out[i], v)
		}
	}
	return nil
}

// ArgBest returns the indices of the largest or smallest elements along an axis, as int64. Of equal elements it
// returns the first, or the last. If keep is set, the axis remains with size 1.
func ArgBest(x *Tensor, axis int, keep, smallest, last bool) (*Tensor, error) {
	rows, shape, err := lastAxes(x, []int{axis}, keep)
	if err != nil {
		return nil, err
	}
	wide, err := Cast(rows, "float64")
	if err != nil {
		return nil, err
	}
	n := rows.Shape[1]
	if n == 0 {
		return nil, Invalid("the largest or smallest of no elements of shape %v", x.Shape)
	}
	out, err := New("int64", shape)
	if err != nil {
		return nil, err
	}
	data, places := wide.Data.([]float64), out.Data.([]int64)
	for i := range places {
		row, best := data[i*n:(i+1)*n], 0
		for j, v := range row {
			better := v > row[best]
			if smallest {
				better = v < row[best]
			}
			if better || last && v == row[best] || v != v && row[best] == row[best] {
				best = j
			}
		}
		places[i] = int64(best)
	}
	return out, nil
}

// Norm returns the p-norm of the elements along the axes. For infinite p it is the largest or smallest absolute
// value, for 0 the number of elements that are not 0.
func Norm(x *Tensor, p float64, axes []int, keep bool) (*Tensor, error) {
	sizes, err := Abs(x)
	if err != nil {
		return nil, err
	}
	switch {
	case p == 2:
		return Reduce(L2, x, axes, keep)
	case p == 1:
		return Reduce(Sum, sizes, axes, keep)
	case math.IsInf(p, 1):
		return Reduce(Maximum, sizes, axes, keep)
	case math.IsInf(p, -1):
		return Reduce(Minimum, sizes, axes, keep)
	case p == 0:
		if sizes, err = Map(sizes, Sign); err != nil {
			return nil, err
		}
		return Reduce(Sum, sizes, axes, keep)
	}
	if sizes, err = Map(sizes, func(v float64) float64 { return math.Pow(v, p) }); err != nil {
		return nil, err
	}
	sum, err := Reduce(Sum, sizes, axes, keep)
	if err != nil {
		return nil, err
	}
	return Map(sum, func(v float64) float64 { return math.Pow(v, 1/p) })
}

// reduceFast reduces rows of n elements with kernels in assembly. It returns false, without a result, for reductions
// that have none and for short rows, on which a call costs more than the sum.
func reduceFast(in, out []float32, n int, kind Reduction) bool {
	if !simd.Fast() || n < 4 {
		return false
	}
	f, end := simd.Sum, func(so float32) float32 { return so }
	switch kind {
	case Sum:
	case Mean:
		end = func(so float32) float32 { return so / float32(n) }
	case SumSquare:
		f = sumOfSquares
	case L2:
		f, end = sumOfSquares, func(so float32) float32 { return float32(math.Sqrt(float64(so))) }
	default:
		return false
	}
	Parallel(len(out), 1+minVector/n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			out[i] = end(f(in[i*n : (i+1)*n]))
		}
	})
	return true
}

func sumOfSquares(list []float32) float32 { return simd.SumSquares(list, 0) }
