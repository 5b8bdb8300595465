package kernel

import "slices"

// ClassTargets describes the targets of [ClassLosses].
type ClassTargets struct {
	Axis      int     // The axis of the classes.
	Ignored   int     // The loss of this target is 0.
	Smoothing float64 // The share of the loss that all classes have, whatever the target is.
}

// ClassLosses returns the negative logarithms of the probabilities of the target classes, in the dtype of logs. logs
// has the logarithms of the probabilities of all classes, and target an integer for each of its rows. weight has a
// factor for each class, or is nil. total is the sum of the factors of all targets that are not ignored.
func ClassLosses(logs, target, weight *Tensor, t ClassTargets) (losses *Tensor, total float64, err error) {
	if len(logs.Shape) == 0 {
		return nil, 0, Invalid("a loss of a scalar")
	}
	rows, rest, err := Rows(logs, t.Axis)
	if err != nil {
		return nil, 0, err
	}
	classes, err := AsInts(target)
	if err != nil {
		return nil, 0, err
	}
	if !slices.Equal(target.Shape, rest) {
		return nil, 0, Invalid("a target of shape %v for %v", target.Shape, logs.Shape)
	}
	weights := slices.Repeat([]float64{1}, logs.Shape[t.Axis])
	if weight != nil {
		wide, err := Cast(weight, "float64")
		if err != nil {
			return nil, 0, err
		}
		if weights = wide.Data.([]float64); len(weights) != logs.Shape[t.Axis] {
			return nil, 0, Invalid("a loss with weights of shape %v for %d classes", weight.Shape, logs.Shape[t.Axis])
		}
	}
	list := make([]float64, len(rows))
	for i, row := range rows {
		class := classes[i]
		if class == t.Ignored {
			continue
		}
		if class < 0 || class >= len(row) {
			return nil, 0, Invalid("the target %d of %d classes", class, len(row))
		}
		list[i] = -(1 - t.Smoothing) * weights[class] * row[class]
		for j := range row {
			if t.Smoothing > 0 {
				list[i] -= t.Smoothing / float64(len(row)) * weights[j] * row[j]
			}
		}
		total += weights[class]
	}
	losses, err = Cast(&Tensor{Shape: rest, Data: list}, logs.DType())
	return losses, total, err
}

// WeightedMean returns the sum of losses divided by the total of their factors.
func WeightedMean(losses *Tensor, total float64) (*Tensor, error) {
	sum, err := Reduce(Sum, losses, nil, false)
	if err != nil {
		return nil, err
	}
	divisor, err := Cast(Scalar(total), sum.DType())
	if err != nil {
		return nil, err
	}
	return Arith(Div, sum, divisor)
}
