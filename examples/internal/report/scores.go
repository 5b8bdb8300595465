package report

import (
	"cmp"
	"math"
	"slices"
)

// AUC returns the area under the ROC curve, from 0 to 1: the chance that a sample
// of class 1 has a higher score than one of another class, equal scores counting
// half. A score may be a probability, a logit or anything else that rises with it.
// It is NaN when the slices differ in length, a score is NaN, or only one class
// occurs.
func AUC(yTrue []int, score []float64) float64 {
	if len(yTrue) != len(score) || slices.ContainsFunc(score, math.IsNaN) {
		return math.NaN()
	}
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	var below, positives, area float64 // below: the negatives of lower score
	for start := 0; start < len(order); {
		pos, neg, end := 0.0, 0.0, start
		for ; end < len(order) && score[order[end]] == score[order[start]]; end++ {
			if yTrue[order[end]] == 1 {
				pos++
			} else {
				neg++
			}
		}
		area += pos * (below + neg/2)
		below += neg
		positives += pos
		start = end
	}
	return area / (positives * below)
}

// epsilon is the distance from 1 to the next float64.
const epsilon = 0x1p-52

// LogLoss returns the mean cross-entropy in nats between the true classes, of which
// 1 is positive and all else negative, and the probabilities predicted for 1. Like
// scikit-learn it moves probabilities of 0 and 1 inwards by the float64 epsilon, so
// that one confident mistake does not make the loss infinite. It is NaN when the
// slices are empty, differ in length, or hold what is no probability.
func LogLoss(yTrue []int, probability []float64) float64 {
	if len(yTrue) == 0 || len(yTrue) != len(probability) {
		return math.NaN()
	}
	sum := 0.0
	for i, p := range probability {
		if !(p >= 0 && p <= 1) {
			return math.NaN()
		}
		if yTrue[i] != 1 {
			p = 1 - p
		}
		sum -= math.Log(min(max(p, epsilon), 1-epsilon))
	}
	return sum / float64(len(yTrue))
}
