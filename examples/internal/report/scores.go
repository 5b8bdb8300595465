package report

import (
	"cmp"
	"math"
	"slices"
)

// AUC returns the area under the ROC curve: the probability that a sample of class 1 has
// a higher score than a sample of another class, where equal scores count half. A score
// may be a probability, a logit or any other value that increases with the probability.
// The result is NaN if the lengths differ, a score is NaN, or only one class occurs.
func AUC(yTrue []int, score []float64) float64 {
	if len(yTrue) != len(score) || slices.ContainsFunc(score, math.IsNaN) {
		return math.NaN()
	}
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	var below, positives, area float64 // below is the number of negatives with a lower score.
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

// LogLoss returns the mean cross-entropy in nats of the predicted probabilities of class
// 1. All other classes are negative. Like scikit-learn, it limits probabilities to the
// range from epsilon to 1-epsilon, so that one confident mistake does not make the loss
// infinite. The result is NaN if the slices are empty, their lengths differ, or a value
// is not a probability.
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
