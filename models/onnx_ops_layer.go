package models

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func onnxConv(c *onnxCall) (results, error) {
	x, weight, w := c.in(0), c.in(1), c.window()
	if len(weight.Shape) < 3 || w.Kernel != nil && !slices.Equal(w.Kernel, weight.Shape[2:]) {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "kernel_shape %v of a weight of shape %v", w.Kernel, weight.Shape)
	}
	return one(kernel.Conv(x, weight, c.opt(2), w, c.int("group", 1)))
}

func onnxConvTranspose(c *onnxCall) (results, error) {
	x, weight, w := c.in(0), c.in(1), c.window()
	if len(weight.Shape) < 3 || w.Kernel != nil && !slices.Equal(w.Kernel, weight.Shape[2:]) {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "kernel_shape %v of a weight of shape %v", w.Kernel, weight.Shape)
	}
	return one(kernel.ConvTranspose(x, weight, c.opt(2), w, c.int("group", 1), c.ints("output_padding")))
}

func onnxMaxPool(c *onnxCall) (results, error) {
	return one(kernel.Pool(c.in(0), c.window(), kernel.PoolMax))
}

func onnxAveragePool(c *onnxCall) (results, error) {
	kind := kernel.PoolMean
	if c.int("count_include_pad", 0) != 0 {
		kind = kernel.PoolMeanPadded
	}
	return one(kernel.Pool(c.in(0), c.window(), kind))
}

// onnxGlobalPool reduces all axes beyond batch and channels.
func onnxGlobalPool(kind kernel.Reduction) func(c *onnxCall) (results, error) {
	return func(c *onnxCall) (results, error) {
		x := c.in(0)
		axes := []int{}
		for i := 2; i < len(x.Shape); i++ {
			axes = append(axes, i)
		}
		return one(kernel.Reduce(kind, x, axes, true))
	}
}

func onnxBatchNorm(c *onnxCall) (results, error) {
	if c.int("training_mode", 0) != 0 || c.int("spatial", 1) == 0 {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "batch normalization in training mode or without channels")
	}
	return one(kernel.BatchNorm(c.in(0), c.in(1), c.in(2), c.in(3), c.in(4), c.float("epsilon", 1e-5)))
}

func onnxInstanceNorm(c *onnxCall) (results, error) {
	return one(kernel.GroupNorm(c.in(0), c.in(1), c.in(2), c.in(1).Len(), c.float("epsilon", 1e-5)))
}

// onnxGroupNorm has one weight a group before version 21.
func onnxGroupNorm(c *onnxCall) (results, error) {
	if c.opset < 21 {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "group normalization of operator set %d; Millrace knows that of 21", c.opset)
	}
	return one(kernel.GroupNorm(c.in(0), c.in(1), c.in(2), c.int("num_groups", 1), c.float("epsilon", 1e-5)))
}

// normalized returns the axes that a norm is taken over.
func (c *onnxCall) normalized() []int {
	x := c.in(0)
	axis, err := kernel.Axis(c.int("axis", -1), len(x.Shape))
	if err != nil {
		return nil
	}
	return x.Shape[axis:]
}

func onnxLayerNorm(c *onnxCall) (results, error) {
	return one(kernel.LayerNorm(c.in(0), c.in(1), c.opt(2), c.normalized(), c.float("epsilon", 1e-5)))
}

func onnxRMSNorm(c *onnxCall) (results, error) {
	return one(kernel.RMSNorm(c.in(0), c.in(1), c.normalized(), c.float("epsilon", 1e-5)))
}

// onnxDropout does nothing, which is right outside of training.
func onnxDropout(c *onnxCall) (results, error) {
	if t := c.intsIn(2); len(t) > 0 && t[0] != 0 {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "dropout in training mode: export the model after model.eval()")
	}
	return results{c.in(0)}, nil
}
