package onnx

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/millrace-ml/millrace/gomlx/internal/batchnorm"
)

const int64Type = dtypes.Int64

func dtypeOf(flat any) dtypes.DType { return dtypes.FromGoType(reflect.TypeOf(flat).Elem()) }

func isZero(list reflect.Value) bool {
	for i := range list.Len() {
		if !list.Index(i).IsZero() {
			return false
		}
	}
	return true
}

// namesOf returns the names of values that ONNX can broadcast: they are scalars or have the same rank.
func namesOf(values ...*value) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = v.name
	}
	return names
}

// storedDims returns the stored dimensions of an elementwise result: 1 along the dimensions where all operands have
// size 1.
func storedDims(shape shapes.Shape, values ...*value) []int {
	out := make([]int, shape.Rank())
	for d := range out {
		out[d] = 1
		for _, v := range values {
			if v.shape.Rank() == len(out) && v.stored[d] != 1 {
				out[d] = v.stored[d]
			}
		}
	}
	return out
}

func (f *function) binary(op string, typ compute.OpType, lhs, rhs compute.Value) (compute.Value, error) {
	a, b := lhs.(*value), rhs.(*value)
	shape, err := shapeinference.BinaryOp(typ, a.shape, b.shape)
	if err != nil {
		return nil, err
	}
	return f.elementwise(op, shape, a, b), nil
}

func (f *function) compare(op string, typ compute.OpType, lhs, rhs compute.Value) (compute.Value, error) {
	a, b := lhs.(*value), rhs.(*value)
	shape, err := shapeinference.ComparisonOp(typ, a.shape, b.shape)
	if err != nil {
		return nil, err
	}
	return f.elementwise(op, shape, a, b), nil
}

func (f *function) elementwise(op string, shape shapes.Shape, operands ...*value) *value {
	v := f.emit(op, shape, namesOf(operands...))
	v.stored = storedDims(shape, operands...)
	return v
}

func (f *function) unary(op string, typ compute.OpType, x compute.Value) (compute.Value, error) {
	v := x.(*value)
	shape, err := shapeinference.UnaryOp(typ, v.shape)
	if err != nil {
		return nil, err
	}
	return f.elementwise(op, shape, v), nil
}

// Add and the following operations become ONNX operators with the same name.
func (f *function) Add(a, b compute.Value) (compute.Value, error) {
	return f.binary("Add", compute.OpTypeAdd, a, b)
}

func (f *function) Sub(a, b compute.Value) (compute.Value, error) {
	return f.binary("Sub", compute.OpTypeSub, a, b)
}

func (f *function) Mul(a, b compute.Value) (compute.Value, error) {
	return f.binary("Mul", compute.OpTypeMul, a, b)
}

func (f *function) Div(a, b compute.Value) (compute.Value, error) {
	return f.binary("Div", compute.OpTypeDiv, a, b)
}

func (f *function) Pow(a, b compute.Value) (compute.Value, error) {
	return f.binary("Pow", compute.OpTypePow, a, b)
}

func (f *function) Min(a, b compute.Value) (compute.Value, error) {
	return f.binary("Min", compute.OpTypeMin, a, b)
}

// Max with zero becomes Relu.
func (f *function) Max(a, b compute.Value) (compute.Value, error) {
	for _, pair := range [][2]compute.Value{{a, b}, {b, a}} {
		x, zero := pair[0].(*value), pair[1].(*value)
		if zero.zero && x.shape.DType.IsFloat() {
			if shape, err := shapeinference.BinaryOp(compute.OpTypeMax, x.shape, zero.shape); err == nil &&
				shape.Equal(x.shape) {
				return f.elementwise("Relu", shape, x), nil
			}
		}
	}
	return f.binary("Max", compute.OpTypeMax, a, b)
}

func (f *function) LogicalAnd(a, b compute.Value) (compute.Value, error) {
	return f.binary("And", compute.OpTypeLogicalAnd, a, b)
}

func (f *function) LogicalOr(a, b compute.Value) (compute.Value, error) {
	return f.binary("Or", compute.OpTypeLogicalOr, a, b)
}

func (f *function) Equal(a, b compute.Value) (compute.Value, error) {
	return f.compare("Equal", compute.OpTypeEqual, a, b)
}

func (f *function) NotEqual(a, b compute.Value) (compute.Value, error) {
	equal, err := f.Equal(a, b)
	if err != nil {
		return nil, err
	}
	return f.LogicalNot(equal)
}

func (f *function) GreaterThan(a, b compute.Value) (compute.Value, error) {
	return f.compare("Greater", compute.OpTypeGreaterThan, a, b)
}

func (f *function) GreaterOrEqual(a, b compute.Value) (compute.Value, error) {
	return f.compare("GreaterOrEqual", compute.OpTypeGreaterOrEqual, a, b)
}

func (f *function) LessThan(a, b compute.Value) (compute.Value, error) {
	return f.compare("Less", compute.OpTypeLessThan, a, b)
}

func (f *function) LessOrEqual(a, b compute.Value) (compute.Value, error) {
	return f.compare("LessOrEqual", compute.OpTypeLessOrEqual, a, b)
}

func (f *function) LogicalNot(x compute.Value) (compute.Value, error) {
	return f.unary("Not", compute.OpTypeLogicalNot, x)
}

func (f *function) Neg(x compute.Value) (compute.Value, error) {
	return f.unary("Neg", compute.OpTypeNeg, x)
}

func (f *function) Abs(x compute.Value) (compute.Value, error) {
	return f.unary("Abs", compute.OpTypeAbs, x)
}

func (f *function) Sign(x compute.Value) (compute.Value, error) {
	return f.unary("Sign", compute.OpTypeSign, x)
}

func (f *function) Exp(x compute.Value) (compute.Value, error) {
	return f.unary("Exp", compute.OpTypeExp, x)
}

func (f *function) Log(x compute.Value) (compute.Value, error) {
	return f.unary("Log", compute.OpTypeLog, x)
}

func (f *function) Sqrt(x compute.Value) (compute.Value, error) {
	return f.unary("Sqrt", compute.OpTypeSqrt, x)
}

// Rsqrt becomes the reciprocal of the square root.
func (f *function) Rsqrt(x compute.Value) (compute.Value, error) {
	root, err := f.Sqrt(x)
	if err != nil {
		return nil, err
	}
	return f.unary("Reciprocal", compute.OpTypeRsqrt, root)
}

func (f *function) Tanh(x compute.Value) (compute.Value, error) {
	return f.unary("Tanh", compute.OpTypeTanh, x)
}

func (f *function) Logistic(x compute.Value) (compute.Value, error) {
	return f.unary("Sigmoid", compute.OpTypeLogistic, x)
}

func (f *function) Erf(x compute.Value) (compute.Value, error) {
	return f.unary("Erf", compute.OpTypeErf, x)
}

func (f *function) Sin(x compute.Value) (compute.Value, error) {
	return f.unary("Sin", compute.OpTypeSin, x)
}

func (f *function) Cos(x compute.Value) (compute.Value, error) {
	return f.unary("Cos", compute.OpTypeCos, x)
}

func (f *function) Floor(x compute.Value) (compute.Value, error) {
	return f.unary("Floor", compute.OpTypeFloor, x)
}

func (f *function) Ceil(x compute.Value) (compute.Value, error) {
	return f.unary("Ceil", compute.OpTypeCeil, x)
}

// Identity and the barriers, which only order computations, return their arguments.
func (f *function) Identity(x compute.Value) (compute.Value, error) { return x, nil }

func (f *function) OptimizationBarrier(x ...compute.Value) ([]compute.Value, error) { return x, nil }

func (f *function) SchedulingBarrier(x compute.Value, _ ...compute.Value) (compute.Value, error) {
	return x, nil
}

// ConvertDType becomes Cast.
func (f *function) ConvertDType(x compute.Value, dtype dtypes.DType) (compute.Value, error) {
	v := x.(*value)
	typ, err := elementType(dtype)
	if err != nil {
		return nil, err
	}
	shape := v.shape.Clone()
	shape.DType = dtype
	out := f.emit("Cast", shape, []string{v.name}, attribute{"to", typ})
	out.stored = v.stored
	return out, nil
}

// Where selects between two values by a condition.
func (f *function) Where(condition, onTrue, onFalse compute.Value) (compute.Value, error) {
	c, a, b := condition.(*value), onTrue.(*value), onFalse.(*value)
	shape, err := shapeinference.Where(c.shape, a.shape, b.shape)
	if err != nil {
		return nil, err
	}
	return f.elementwise("Where", shape, c, a, b), nil
}

// Clamp limits x to a range.
func (f *function) Clamp(low, x, high compute.Value) (compute.Value, error) {
	atLeast, err := f.Max(x, low)
	if err != nil {
		return nil, err
	}
	return f.Min(atLeast, high)
}

// BroadcastInDim only moves the dimensions to their positions. Elementwise operations broadcast implicitly; other
// operations expand the value with whole.
func (f *function) BroadcastInDim(x compute.Value, output shapes.Shape, axes []int) (compute.Value, error) {
	v := x.(*value)
	stored := make([]int, output.Rank())
	for i := range stored {
		stored[i] = 1
	}
	for i, axis := range axes {
		stored[axis] = v.stored[i]
	}
	out := &value{name: v.name, shape: output, stored: stored, zero: v.zero}
	if !slices.Equal(stored, v.stored) {
		out.name = f.reshape(v.name, stored, output.DType).name
	}
	return out, nil
}

// whole returns a value with all elements of its shape.
func (f *function) whole(x compute.Value) (*value, error) {
	v, ok := x.(*value)
	if !ok {
		return nil, fmt.Errorf("the value belongs to another graph: %T", x)
	}
	if slices.Equal(v.stored, v.shape.Dimensions) {
		return v, nil
	}
	target := f.dims(v.shape.Dimensions)
	if !slices.Contains(target, -1) {
		return f.emit("Expand", v.shape, []string{v.name, f.ints(target)}), nil
	}
	if len(f.parameters) == 0 || len(f.parameters[0].shape.Dimensions) == 0 ||
		f.dims(f.parameters[0].shape.Dimensions)[0] != -1 {
		return nil,
			fmt.Errorf("a tensor of the size of the batch while the first input has no batch dimension: %w",
				compute.ErrNotImplemented)
	}
	for i, d := range v.shape.Dimensions {
		if target[i] == -1 && d != f.builder.backend.batch {
			return nil, fmt.Errorf("a tensor of a multiple of the size of the batch: %w", compute.ErrNotImplemented)
		}
	}
	return f.expandToBatch(v, target), nil
}

// expandToBatch repeats v along the dimensions of target. A dimension of -1 has the size of the batch of the first
// input.
func (f *function) expandToBatch(v *value, target []int) *value {
	list := func(n int) shapes.Shape { return shapes.Make(int64Type, n) }
	all := f.emit("Shape", list(f.parameters[0].shape.Rank()), []string{f.parameters[0].name})
	batch := f.emit("Slice", list(1), []string{all.name, f.ints([]int{0}), f.ints([]int{1})})
	parts := make([]string, len(target))
	for i, d := range target {
		if parts[i] = batch.name; d != -1 {
			parts[i] = f.ints([]int{d})
		}
	}
	dims := f.emit("Concat", list(len(target)), parts, attribute{"axis", int64(0)})
	return f.emit("Expand", v.shape, []string{v.name, dims.name})
}

// BatchNormForInference becomes the elementwise operations that it consists of, because ONNX's BatchNormalization
// requires that the features are axis 1.
func (f *function) BatchNormForInference(
	x, scale, offset, mean, variance compute.Value, epsilon float32, featureAxis int,
) (compute.Value, error) {
	return batchnorm.Inference(f, x, scale, offset, mean, variance, epsilon, featureAxis)
}
