package models

import (
	"math"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// dim returns the axes to reduce; nil, which stands for all, for none at all.
func (c *torchCall) dim() []int {
	if list := c.ints("dim"); len(list) > 0 {
		return list
	}
	return nil
}

// torchReduce adds up small integers and bool as int64, as PyTorch does.
func torchReduce(kind kernel.Reduction) torchOp {
	return torchOp{"self dim keepdim dtype", 1, func(c *torchCall) (results, error) {
		x := c.tensor("self")
		if dtype := c.text("dtype", ""); dtype != "" {
			x = c.cast(x, dtype)
		} else if (kind == kernel.Sum || kind == kernel.Prod) && !isFloat(x.DType()) {
			x = c.cast(x, "int64")
		}
		return one(kernel.Reduce(kind, x, c.dim(), c.bool("keepdim", false)))
	}}
}

func torchReduceBool(kind kernel.Reduction) torchOp {
	return torchOp{"self dim keepdim", 1, func(c *torchCall) (results, error) {
		out, err := kernel.Reduce(kind, c.cast(c.cast(c.tensor("self"), "bool"), "int64"), c.dim(), c.bool("keepdim", false))
		if err != nil {
			return nil, err
		}
		return results{c.cast(out, "bool")}, nil
	}}
}

func torchArgBest(smallest bool) func(c *torchCall) (results, error) {
	return func(c *torchCall) (results, error) {
		x := c.tensor("self")
		if !c.has("dim") {
			var err error
			if x, err = kernel.Reshape(x, []int{-1}); err != nil {
				return nil, err
			}
		}
		return one(kernel.ArgBest(x, c.int("dim", 0), c.bool("keepdim", false), smallest, false))
	}
}

// torchBest returns the largest elements of an axis and their places.
func torchBest(smallest bool) func(c *torchCall) (results, error) {
	return func(c *torchCall) (results, error) {
		x, axis := c.tensor("self"), c.int("dim", 0)
		places, err := kernel.ArgBest(x, axis, true, smallest, false)
		if err != nil {
			return nil, err
		}
		values, err := kernel.GatherElements(x, places, axis)
		if err != nil || c.bool("keepdim", false) {
			return results{values, places}, err
		}
		if values, err = kernel.Squeeze(values, []int{axis}, true); err != nil {
			return nil, err
		}
		places, err = kernel.Squeeze(places, []int{axis}, true)
		return results{values, places}, err
	}
}

// torchVar is the sum of squared differences from the mean, divided by the number
// of elements less the correction.
func torchVar(root bool) func(c *torchCall) (results, error) {
	return func(c *torchCall) (results, error) {
		x, axes := c.floating("self"), c.dim()
		mean, err := kernel.Reduce(kernel.Mean, x, axes, true)
		if err != nil {
			return nil, err
		}
		apart, err := kernel.Arith(kernel.Sub, x, mean)
		if err != nil {
			return nil, err
		}
		sum, err := kernel.Reduce(kernel.SumSquare, apart, axes, c.bool("keepdim", false))
		if err != nil {
			return nil, err
		}
		n := float64(x.Len())/float64(max(mean.Len(), 1)) - c.float("correction", 1)
		if !c.bool("unbiased", true) {
			n++
		}
		return one(kernel.Map(sum, func(v float64) float64 {
			if v /= math.Max(n, 0); root {
				return math.Sqrt(v)
			}
			return v
		}))
	}
}

func torchNorm(c *torchCall) (results, error) {
	kind, ok := map[float64]kernel.Reduction{1: kernel.L1, 2: kernel.L2}[c.float("ord", 2)]
	if !ok {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "a norm of order %g", c.float("ord", 2))
	}
	x := c.floating("self")
	return one(kernel.Reduce(kind, c.cast(x, c.text("dtype", x.DType())), c.dim(), c.bool("keepdim", false)))
}

func torchTopK(c *torchCall) (results, error) {
	values, places, err := kernel.TopK(c.tensor("self"), c.int("k", 0), c.int("dim", -1), c.bool("largest", true))
	return results{values, places}, err
}

func torchCumSum(c *torchCall) (results, error) {
	x := c.tensor("self")
	dtype := x.DType()
	if !isFloat(dtype) {
		dtype = "int64"
	}
	return one(kernel.CumSum(c.cast(x, c.text("dtype", dtype)), c.int("dim", 0)))
}
