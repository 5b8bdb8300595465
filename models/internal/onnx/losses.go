package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// lossOps are the losses of classifiers.
var lossOps = map[string]operator{
	"NegativeLogLikelihoodLoss": {"ignore_index reduction", 2, 3, 1, func(c *call) (results, error) {
		return one(c.classLoss(c.in(0)))
	}},
	"SoftmaxCrossEntropyLoss": {"ignore_index reduction", 2, 3, 2, func(c *call) (results, error) {
		if len(c.in(0).Shape) < 2 {
			return nil, kernel.Invalid("a cross entropy of shape %v", c.in(0).Shape)
		}
		logs, err := kernel.LogSoftmax(c.in(0), 1)
		if err != nil {
			return nil, err
		}
		loss, err := c.classLoss(logs)
		return results{loss, logs}, err
	}},
}

// classLoss reduces the losses of the targets, input 1. The mean is weighted.
func (c *call) classLoss(logs *tensor) (*tensor, error) {
	if len(logs.Shape) < 2 {
		return nil, kernel.Invalid("a loss of shape %v", logs.Shape)
	}
	losses, total, err := kernel.ClassLosses(logs, c.in(1), c.opt(2), kernel.ClassTargets{
		Axis: 1, Ignored: c.int("ignore_index", math.MinInt),
	})
	if err != nil {
		return nil, err
	}
	switch c.str("reduction", "mean") {
	case "none":
		return losses, nil
	case "sum":
		return kernel.Reduce(kernel.Sum, losses, nil, false)
	}
	return kernel.WeightedMean(losses, total)
}

func reductionCheck(c *call) { c.oneOf("reduction", "mean", "sum", "none") }
