package frame

import "math"

// TrainTestSplit shuffles the numbers 0 to n-1 and divides them into rows for training
// and rows for testing, exactly as scikit-learn's train_test_split(test_size=testSize,
// random_state=seed) does. testSize is the share of the test rows, whose number is
// rounded up. Both results are nil if one would be empty, for example because testSize
// is not between 0 and 1, and if n is 2^32 or more.
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

// Take returns the elements of s at the given indices, such as the rows of a matrix that
// [TrainTestSplit] chose. It panics if an index is out of range.
func Take[T any](s []T, indices []int) []T {
	out := make([]T, len(indices))
	for i, j := range indices {
		out[i] = s[j]
	}
	return out
}
