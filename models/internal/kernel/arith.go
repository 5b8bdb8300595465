package kernel

import (
	"math"
	"slices"
)

// Op names an operation between two elements.
type Op int

// The arithmetic operations. Div of integers cuts towards zero; Mod takes the
// sign of the divisor, Fmod that of the dividend.
const (
	Add Op = iota
	Sub
	Mul
	Div
	Pow
	Mod
	Fmod
	Max
	Min
	FloorDiv
)

// The comparisons and the logic.
const (
	Equal Op = iota + 100
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	And
	Or
	Xor
)

// Arith computes op for every pair of elements; the shapes broadcast and the
// dtypes are the same.
func Arith(op Op, a, b *Tensor) (*Tensor, error) {
	switch x := a.Data.(type) {
	case []float32:
		return arith(op, a, b, x)
	case []float64:
		return arith(op, a, b, x)
	case []int32:
		return arith(op, a, b, x)
	case []int64:
		return arith(op, a, b, x)
	}
	return nil, unsupported("arithmetic of %s", a.DType())
}

func arith[T number](op Op, a, b *Tensor, x []T) (*Tensor, error) {
	y, ok := b.Data.([]T)
	if !ok {
		return nil, invalid("arithmetic between %s and %s", a.DType(), b.DType())
	}
	if isInteger(x) && (op == Div || op == Mod || op == Fmod || op == FloorDiv) && slices.Contains(y, 0) {
		return nil, invalid("an integer is divided by 0")
	}
	return zip(a, b, x, y, arithOf[T](op))
}

func isInteger[T number](_ []T) bool {
	half := 0.5
	return T(half) == 0
}

func arithOf[T number](op Op) func(a, b T) T {
	switch op {
	case Add:
		return func(a, b T) T { return a + b }
	case Sub:
		return func(a, b T) T { return a - b }
	case Mul:
		return func(a, b T) T { return a * b }
	case Div:
		return func(a, b T) T { return a / b }
	case Pow:
		return func(a, b T) T { return T(math.Pow(float64(a), float64(b))) }
	case FloorDiv:
		return func(a, b T) T { return T(math.Floor(float64(a) / float64(b))) }
	case Fmod:
		return func(a, b T) T { return T(math.Mod(float64(a), float64(b))) }
	case Mod:
		return func(a, b T) T {
			m := math.Mod(float64(a), float64(b))
			if m != 0 && (m < 0) != (b < 0) {
				m += float64(b)
			}
			return T(m)
		}
	case Max: // A NaN on either side wins.
		return func(a, b T) T {
			if a > b || a != a {
				return a
			}
			return b
		}
	}
	return func(a, b T) T {
		if a < b || a != a {
			return a
		}
		return b
	}
}

// Compare computes a comparison or logic for every pair of elements.
func Compare(op Op, a, b *Tensor) (*Tensor, error) {
	if op >= And {
		return logic(op, a, b)
	}
	switch x := a.Data.(type) {
	case []float32:
		return compare(op, a, b, x)
	case []float64:
		return compare(op, a, b, x)
	case []int32:
		return compare(op, a, b, x)
	case []int64:
		return compare(op, a, b, x)
	case []bool:
		wideA, errA := Cast(a, "int32")
		wideB, errB := Cast(b, "int32")
		if errA != nil || errB != nil || b.DType() != "bool" {
			return nil, invalid("a comparison between bool and %s", b.DType())
		}
		return Compare(op, wideA, wideB)
	}
	return nil, unsupported("comparisons of %s", a.DType())
}

func compare[T number](op Op, a, b *Tensor, x []T) (*Tensor, error) {
	y, ok := b.Data.([]T)
	if !ok {
		return nil, invalid("a comparison between %s and %s", a.DType(), b.DType())
	}
	var f func(a, b T) bool
	switch op {
	case Equal:
		f = func(a, b T) bool { return a == b }
	case NotEqual:
		f = func(a, b T) bool { return a != b }
	case Less:
		f = func(a, b T) bool { return a < b }
	case LessEqual:
		f = func(a, b T) bool { return a <= b }
	case Greater:
		f = func(a, b T) bool { return a > b }
	default:
		f = func(a, b T) bool { return a >= b }
	}
	return zip(a, b, x, y, f)
}

func logic(op Op, a, b *Tensor) (*Tensor, error) {
	x, okA := a.Data.([]bool)
	y, okB := b.Data.([]bool)
	if !okA || !okB {
		return nil, invalid("logic between %s and %s", a.DType(), b.DType())
	}
	switch op {
	case And:
		return zip(a, b, x, y, func(a, b bool) bool { return a && b })
	case Or:
		return zip(a, b, x, y, func(a, b bool) bool { return a || b })
	}
	return zip(a, b, x, y, func(a, b bool) bool { return a != b })
}

// zip calls f for every pair of elements of two tensors that broadcast.
func zip[T, R any](a, b *Tensor, x, y []T, f func(a, b T) R) (*Tensor, error) {
	shape, err := BroadcastShape(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	out := make([]R, product(shape))
	sa, sb := broadcastStrides(a.Shape, shape), broadcastStrides(b.Shape, shape)
	flat := shape
	if len(x) == len(out) && (len(y) == len(out) || len(y) == 1) {
		// The common cases, equal shapes and a scalar, are one row.
		flat, sa, sb = []int{len(out)}, []int{1}, []int{min(1, len(y)-1)}
		if len(y) == len(out) {
			sb[0] = 1
		}
	}
	n, da, db := lastRow(flat, sa, sb)
	at := 0
	walk(flat, sa, sb, func(i, j int) {
		for k := range out[at : at+n] {
			out[at+k] = f(x[i], y[j])
			i += da
			j += db
		}
		at += n
	})
	return &Tensor{Shape: shape, Data: out}, nil
}
