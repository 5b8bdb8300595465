package base

import (
	"cmp"
	"math"

	"github.com/millrace-ml/millrace/mlflow"
)

// ToColumn returns the value of a metric as stored in the database: NaN as 0 with a
// flag, infinities as the largest finite numbers.
func ToColumn(v float64) (value float64, isNaN bool) {
	switch {
	case math.IsNaN(v):
		return 0, true
	case math.IsInf(v, 1):
		return math.MaxFloat64, false
	case math.IsInf(v, -1):
		return -math.MaxFloat64, false
	}
	return v, false
}

// FromColumn is the inverse of ToColumn, except for infinities.
func FromColumn(value float64, isNaN bool) float64 {
	if isNaN {
		return math.NaN()
	}
	return value
}

// Newer compares two values of one metric. The latest value has the greatest step,
// then timestamp, then value.
func Newer(a, b *mlflow.Metric) int {
	av, _ := ToColumn(a.Value)
	bv, _ := ToColumn(b.Value)
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(av, bv))
}
