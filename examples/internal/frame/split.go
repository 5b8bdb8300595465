package frame

import "math"

// TrainTestSplit shuffles the numbers 0 to n-1 and divides them into the rows to
// train on and the rows to test on: those that scikit-learn's
// train_test_split(test_size=testSize, random_state=seed) picks, in its order.
// testSize is the share for testing, of which the count is rounded up. Both are
// nil when one would be empty, as for a testSize that is not between 0 and 1, or
// when n is 2^32 or more.
func TrainTestSplit(n int, testSize float64, seed uint32) (train, test []int) {
	if n < 2 || n > math.MaxUint32 || !(testSize > 0 && testSize < 1) {
		return nil, nil
	}
	testN := int(math.Ceil(float64(n) * testSize))
	if testN >= n {
		return nil, nil
	}
	order := newMT19937(seed).permutation(n)
	return order[testN:], order[:testN:testN]
}

// Take returns the elements of s at the given indices, such as the rows of a
// matrix that [TrainTestSplit] chose. Like indexing it needs them to be in range.
func Take[T any](s []T, indices []int) []T {
	out := make([]T, len(indices))
	for i, j := range indices {
		out[i] = s[j]
	}
	return out
}
