// Package series samples histories of metrics for charts. A sample has the first,
// the last, the smallest and the largest value of each part of the x axis, so that
// it looks like the whole history when a part is a few pixels wide.
package series

import (
	"cmp"
	"math"
)

// Point is a value of a metric.
type Point struct {
	Step  int64
	Time  int64 // milliseconds since 1970
	Value float64
}

// Compare orders points by step, time and value, NaN first.
func Compare(a, b Point) int {
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Value, b.Value))
}

// isDrawable reports whether a chart has a place for v. The database stores
// infinities as the largest finite numbers.
func isDrawable(v float64) bool { return math.Abs(v) < math.MaxFloat64 }

// Axis is the x axis of a chart.
type Axis string

// Axes. Relative is the time since the first value of each history.
const (
	ByStep   Axis = "step"
	ByTime   Axis = "time"
	Relative Axis = "relative"
)

// Of returns the coordinate of p: its step or its time.
func (a Axis) Of(p Point) int64 {
	if a == ByStep {
		return p.Step
	}
	return p.Time
}

// Window is a part of an x axis. It includes both ends.
type Window struct{ From, To int64 }

// Series is the answer for one metric of one run.
type Series struct {
	Run, Key int // indexes in the query
	// Whole is whether Points replace what the client has. Otherwise they are added
	// to it.
	Whole  bool
	End    Position
	Points []Point // in the order of step, time and value
}
