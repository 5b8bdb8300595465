package kernel

import (
	"math"
	"slices"
)

// Op is an operation on two elements.
type Op int

// The arithmetic operations. Div truncates integers toward zero. The result of Mod has the sign of the divisor, that
// of Fmod the sign of the dividend.
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

// The comparisons and logical operations.
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

// Arith computes op for every pair of elements. The shapes broadcast, and the dtypes must be equal.
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
	return throughInt64(a, b, func(a, b *Tensor) (*Tensor, error) { return Arith(op, a, b) })
}

// throughInt64 computes with the types that have no arithmetic of their own by converting to int64 and back. Results
// that do not fit are truncated as in C. For bool, a sum is Or and a product is And.
func throughInt64(a, b *Tensor, f func(a, b *Tensor) (*Tensor, error)) (*Tensor, error) {
	if a.DType() != b.DType() || a.DType() == "int64" {
		return nil, Invalid("arithmetic between %s and %s", a.DType(), b.DType())
	}
	wideA, err := Cast(a, "int64")
	if err != nil {
		return nil, err
	}
	wideB, err := Cast(b, "int64")
	if err != nil {
		return nil, err
	}
	out, err := f(wideA, wideB)
	if err != nil || out.DType() == "bool" {
		return out, err
	}
	return Cast(out, a.DType())
}

func arith[T number](op Op, a, b *Tensor, x []T) (*Tensor, error) {
	y, ok := b.Data.([]T)
	if !ok {
		return nil, Invalid("arithmetic between %s and %s", a.DType(), b.DType())
	}
	if isInteger(x) && (op == Div || op == Mod || op == Fmod || op == FloorDiv) && slices.Contains(y, 0) {
		return nil, Invalid("an integer is divided by 0")
	}
	if row := arithRow(op, x, y); row != nil {
		return zipRows(a, b, row)
	}
	return zip(a, b, x, y, arithOf[T](op))
}

// IsNaN reports whether v is a NaN. It is false for integers.
func IsNaN[T number](v T) bool { return v != v } //nolint:gocritic // Only a NaN differs from itself.

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
	// A NaN in either operand is the result.
	case Max:
		return func(a, b T) T {
			if a > b || IsNaN(a) {
				return a
			}
			return b
		}
	}
	return func(a, b T) T {
		if a < b || IsNaN(a) {
			return a
		}
		return b
	}
}

// Compare computes a comparison or a logical operation for every pair of elements.
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
	}
	return throughInt64(a, b, func(a, b *Tensor) (*Tensor, error) { return Compare(op, a, b) })
}

func compare[T number](op Op, a, b *Tensor, x []T) (*Tensor, error) {
	y, ok := b.Data.([]T)
	if !ok {
		return nil, Invalid("a comparison between %s and %s", a.DType(), b.DType())
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
		return nil, Invalid("logic between %s and %s", a.DType(), b.DType())
	}
	switch op {
	case And:
		return zip(a, b, x, y, func(a, b bool) bool { return a && b })
	case Or:
		return zip(a, b, x, y, func(a, b bool) bool { return a || b })
	}
	return zip(a, b, x, y, func(a, b bool) bool { return a != b })
}

// The bitwise operations besides And, Or and Xor.
const (
	ShiftLeft Op = iota + 200
	ShiftRight
)

// Bits computes And, Or, Xor or a shift for every pair of elements. The dtype must be an integer type or bool.
func Bits(op Op, a, b *Tensor) (*Tensor, error) {
	x, okA := a.Data.([]int64)
	y, okB := b.Data.([]int64)
	switch {
	case a.DType() == "bool":
		return logic(op, a, b)
	case a.DType() == "float32" || a.DType() == "float64":
		return nil, Invalid("bits of %s", a.DType())
	case !okA || !okB:
		return throughInt64(a, b, func(a, b *Tensor) (*Tensor, error) { return Bits(op, a, b) })
	}
	switch op {
	case And:
		return zip(a, b, x, y, func(a, b int64) int64 { return a & b })
	case Or:
		return zip(a, b, x, y, func(a, b int64) int64 { return a | b })
	case Xor:
		return zip(a, b, x, y, func(a, b int64) int64 { return a ^ b })
	case ShiftLeft:
		return zip(a, b, x, y,
			func(a, b int64) int64 { return a << min(uint64(b), 64) }) //nolint:gosec // A negative distance shifts all bits out.
	}
	return zip(a, b, x, y, func(a, b int64) int64 { return a >> min(uint64(b), 63) }) //nolint:gosec // As above.
}

// Map2 computes f for every pair of floating-point elements. The shapes broadcast.
func Map2(a, b *Tensor, f func(a, b float64) float64) (*Tensor, error) {
	switch x := a.Data.(type) {
	case []float32:
		if y, ok := b.Data.([]float32); ok {
			return zip(a, b, x, y, func(a, b float32) float32 { return float32(f(float64(a), float64(b))) })
		}
	case []float64:
		if y, ok := b.Data.([]float64); ok {
			return zip(a, b, x, y, f)
		}
	}
	return nil, Unsupported("this function of %s and %s", a.DType(), b.DType())
}

// zip computes f for every pair of elements of two tensors that broadcast.
func zip[T, R any](a, b *Tensor, x, y []T, f func(a, b T) R) (*Tensor, error) {
	return zipRows(a, b, func(dst []R, i, j, stepX, stepY int) {
		for k := range dst {
			dst[k] = f(x[i], y[j])
			i += stepX
			j += stepY
		}
	})
}

// zipRows computes an operation on two tensors that broadcast. It calls row for every row of the result, with the
// index of the first element of each operand and the steps between elements, which are 0 or 1.
func zipRows[R any](a, b *Tensor, row func(dst []R, i, j, stepX, stepY int)) (*Tensor, error) {
	shape, err := BroadcastShape(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	out := Elements[R](Product(shape))
	result := &Tensor{Shape: shape, Data: out}
	if a.Len() == len(out) && (b.Len() == len(out) || b.Len() == 1) {
		// Equal shapes and a scalar operand, the common cases, are computed as one row.
		step := 0
		if b.Len() == len(out) {
			step = 1
		}
		Parallel(len(out), minRow, func(lo, hi int) { row(out[lo:hi], lo, lo*step, 1, step) })
		return result, nil
	}
	sa, sb := BroadcastStrides(a.Shape, shape), BroadcastStrides(b.Shape, shape)
	n, da, db := lastRow(shape, sa, sb)
	if len(out) == 0 {
		return result, nil
	}
	Parallel(len(out)/n, 1+minRow/n, func(lo, hi int) {
		at := lo * n
		walkRows(shape, sa, sb, lo, hi, func(i, j int) {
			row(out[at:at+n], i, j, da, db)
			at += n
		})
	})
	return result, nil
}
