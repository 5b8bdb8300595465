package native

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// The operations of this file are the Go backend's.

func (f *function) rest1(op func(compute.Function, compute.Value) (compute.Value, error), x compute.Value) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) { return op(g, in[0]) }, x)
}

func (f *function) rest2(op func(g compute.Function, lhs, rhs compute.Value) (compute.Value, error), lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) { return op(g, in[0], in[1]) }, lhs, rhs)
}

func (f *function) Atan2(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.Atan2, lhs, rhs)
}

func (f *function) ArgMinMax(x compute.Value, axis int, outputDType dtypes.DType, isMin bool) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ArgMinMax(in[0], axis, outputDType, isMin)
	}, x)
}

func (f *function) BatchNormForInference(operand compute.Value, scale compute.Value, offset compute.Value, mean compute.Value, variance compute.Value, epsilon float32, featureAxis int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.BatchNormForInference(in[0], in[1], in[2], in[3], in[4], epsilon, featureAxis)
	}, operand, scale, offset, mean, variance)
}

func (f *function) Bitcast(operand compute.Value, targetDType dtypes.DType) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Bitcast(in[0], targetDType)
	}, operand)
}

func (f *function) BitCount(operand compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.BitCount, operand)
}

func (f *function) BitwiseAnd(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.BitwiseAnd, lhs, rhs)
}

func (f *function) BitwiseNot(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.BitwiseNot, x)
}

func (f *function) BitwiseOr(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.BitwiseOr, lhs, rhs)
}

func (f *function) BitwiseXor(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.BitwiseXor, lhs, rhs)
}

func (f *function) Ceil(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Ceil, x)
}

func (f *function) Clamp(min compute.Value, x compute.Value, max compute.Value) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Clamp(in[0], in[1], in[2])
	}, min, x, max)
}

func (f *function) Clz(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Clz, x)
}

func (f *function) Conj(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Conj, x)
}

func (f *function) ConvertDType(x compute.Value, dtype dtypes.DType) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ConvertDType(in[0], dtype)
	}, x)
}

func (f *function) Cos(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Cos, x)
}

func (f *function) Equal(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.Equal, lhs, rhs)
}

func (f *function) EqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.EqualTotalOrder, lhs, rhs)
}

func (f *function) Erf(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Erf, x)
}

func (f *function) Exp(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Exp, x)
}

func (f *function) Expm1(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Expm1, x)
}

func (f *function) FFT(operand compute.Value, fftType compute.FFTType, fftLength []int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.FFT(in[0], fftType, fftLength)
	}, operand)
}

func (f *function) Floor(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Floor, x)
}

func (f *function) Gather(operand compute.Value, startIndices compute.Value, indexVectorAxis int, offsetOutputAxes []int, collapsedSliceAxes []int, startIndexMap []int, sliceSizes []int, indicesAreSorted bool) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Gather(in[0], in[1], indexVectorAxis, offsetOutputAxes, collapsedSliceAxes, startIndexMap, sliceSizes, indicesAreSorted)
	}, operand, startIndices)
}

func (f *function) GreaterOrEqual(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.GreaterOrEqual, lhs, rhs)
}

func (f *function) GreaterOrEqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.GreaterOrEqualTotalOrder, lhs, rhs)
}

func (f *function) GreaterThan(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.GreaterThan, lhs, rhs)
}

func (f *function) GreaterThanTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.GreaterThanTotalOrder, lhs, rhs)
}

func (f *function) Imag(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Imag, x)
}

func (f *function) Iota(shape shapes.Shape, iotaAxis int) (compute.Value, error) {
	return f.rest(func(g compute.Function, _ []compute.Value) (compute.Value, error) {
		return g.Iota(shape, iotaAxis)
	})
}

func (f *function) IsFinite(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.IsFinite, x)
}

func (f *function) IsNaN(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.IsNaN, x)
}

func (f *function) LessOrEqual(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.LessOrEqual, lhs, rhs)
}

func (f *function) LessOrEqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.LessOrEqualTotalOrder, lhs, rhs)
}

func (f *function) LessThan(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.LessThan, lhs, rhs)
}

func (f *function) LessThanTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.LessThanTotalOrder, lhs, rhs)
}

func (f *function) Log(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Log, x)
}

func (f *function) Log1p(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Log1p, x)
}

func (f *function) LogicalAnd(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.LogicalAnd, lhs, rhs)
}

func (f *function) LogicalNot(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.LogicalNot, x)
}

func (f *function) LogicalOr(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.LogicalOr, lhs, rhs)
}

func (f *function) LogicalXor(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.LogicalXor, lhs, rhs)
}

func (f *function) Logistic(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Logistic, x)
}

func (f *function) NotEqual(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.NotEqual, lhs, rhs)
}

func (f *function) NotEqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.NotEqualTotalOrder, lhs, rhs)
}

func (f *function) Pad(x compute.Value, fillValue compute.Value, axesConfig ...compute.PadAxis) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Pad(in[0], in[1], axesConfig...)
	}, x, fillValue)
}

func (f *function) Pow(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.Pow, lhs, rhs)
}

func (f *function) Real(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Real, x)
}

func (f *function) ReduceBitwiseAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceBitwiseAnd(in[0], axes...)
	}, x)
}

func (f *function) ReduceBitwiseOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceBitwiseOr(in[0], axes...)
	}, x)
}

func (f *function) ReduceBitwiseXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceBitwiseXor(in[0], axes...)
	}, x)
}

func (f *function) ReduceLogicalAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceLogicalAnd(in[0], axes...)
	}, x)
}

func (f *function) ReduceLogicalOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceLogicalOr(in[0], axes...)
	}, x)
}

func (f *function) ReduceLogicalXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceLogicalXor(in[0], axes...)
	}, x)
}

func (f *function) ReduceMax(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceMax(in[0], axes...)
	}, x)
}

func (f *function) ReduceMin(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceMin(in[0], axes...)
	}, x)
}

func (f *function) ReduceProduct(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceProduct(in[0], axes...)
	}, x)
}

func (f *function) ReduceWindow(input compute.Value, reductionType compute.ReduceOpType, windowDimensions []int, strides []int, inputDilations []int, windowDilations []int, paddings [][2]int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceWindow(in[0], reductionType, windowDimensions, strides, inputDilations, windowDilations, paddings)
	}, input)
}

func (f *function) Rem(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.Rem, lhs, rhs)
}

func (f *function) Reverse(x compute.Value, axes ...int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Reverse(in[0], axes...)
	}, x)
}

func (f *function) Round(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Round, x)
}

func (f *function) Rsqrt(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Rsqrt, x)
}

func (f *function) ScatterMax(operand compute.Value, scatterIndices compute.Value, updates compute.Value, indexVectorAxis int, updateWindowAxes []int, insertedWindowAxes []int, scatterAxesToOperandAxes []int, indicesAreSorted bool, uniqueIndices bool) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ScatterMax(in[0], in[1], in[2], indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes, indicesAreSorted, uniqueIndices)
	}, operand, scatterIndices, updates)
}

func (f *function) ScatterMin(operand compute.Value, scatterIndices compute.Value, updates compute.Value, indexVectorAxis int, updateWindowAxes []int, insertedWindowAxes []int, scatterAxesToOperandAxes []int, indicesAreSorted bool, uniqueIndices bool) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ScatterMin(in[0], in[1], in[2], indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes, indicesAreSorted, uniqueIndices)
	}, operand, scatterIndices, updates)
}

func (f *function) ScatterSum(operand compute.Value, scatterIndices compute.Value, updates compute.Value, indexVectorAxis int, updateWindowAxes []int, insertedWindowAxes []int, scatterAxesToOperandAxes []int, indicesAreSorted bool, uniqueIndices bool) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ScatterSum(in[0], in[1], in[2], indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes, indicesAreSorted, uniqueIndices)
	}, operand, scatterIndices, updates)
}

func (f *function) SelectAndScatterMax(operand compute.Value, source compute.Value, windowDimensions []int, windowStrides []int, paddings [][2]int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.SelectAndScatterMax(in[0], in[1], windowDimensions, windowStrides, paddings)
	}, operand, source)
}

func (f *function) SelectAndScatterMin(operand compute.Value, source compute.Value, windowDimensions []int, windowStrides []int, paddings [][2]int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.SelectAndScatterMin(in[0], in[1], windowDimensions, windowStrides, paddings)
	}, operand, source)
}

func (f *function) ShiftLeft(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.ShiftLeft, lhs, rhs)
}

func (f *function) ShiftRightArithmetic(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.ShiftRightArithmetic, lhs, rhs)
}

func (f *function) ShiftRightLogical(lhs, rhs compute.Value) (compute.Value, error) {
	return f.rest2(compute.Function.ShiftRightLogical, lhs, rhs)
}

func (f *function) Sin(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Sin, x)
}

func (f *function) Slice(x compute.Value, starts []int, limits []int, strides []int) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Slice(in[0], starts, limits, strides)
	}, x)
}

func (f *function) Sqrt(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Sqrt, x)
}

func (f *function) Tanh(x compute.Value) (compute.Value, error) {
	return f.rest1(compute.Function.Tanh, x)
}

func (f *function) Where(condition compute.Value, onTrue compute.Value, onFalse compute.Value) (compute.Value, error) {
	return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Where(in[0], in[1], in[2])
	}, condition, onTrue, onFalse)
}
