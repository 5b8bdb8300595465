package series

import (
	"math"
	"slices"
)

// perBucket is the number of values that a bucket keeps: the first, the last, the
// smallest and the largest.
const perBucket = 4

// MinSamples is the smallest size of a sample: that of one bucket.
const MinSamples = perBucket

// Sampler samples a stream of points in any order. It keeps at most n points that a
// chart can draw, and one that it cannot draw, such as NaN, of each of the n/4
// buckets, so that a gap in the line stays a gap. A stream of at most n points is
// kept as it is.
type Sampler struct {
	// Span is the part of the axis that the buckets divide.
	Span Window

	n       int
	axis    Axis
	end     Position
	all     []Point // until there are more than n
	buckets []bucket
}

// NewSampler returns a sampler whose buckets divide a part of an axis. Points outside
// of it belong to the first or the last bucket.
func NewSampler(n int, axis Axis, span Window) *Sampler {
	return &Sampler{n: n, axis: axis, Span: span}
}

// Add adds a point.
func (s *Sampler) Add(p Point) {
	s.end.Add(p)
	if s.buckets == nil {
		if len(s.all) < s.n {
			s.all = append(s.all, p)
			return
		}
		s.buckets = make([]bucket, max(1, s.n/perBucket))
		for _, earlier := range s.all {
			s.buckets[s.bucketOf(earlier)].add(earlier, s.axis)
		}
		s.all = nil
	}
	s.buckets[s.bucketOf(p)].add(p, s.axis)
}

func (s *Sampler) bucketOf(p Point) int {
	x, last := s.axis.Of(p), len(s.buckets)-1
	switch {
	case x <= s.Span.From:
		return 0
	case x >= s.Span.To:
		return last
	}
	part := float64(distance(s.Span.From, x)) / (float64(distance(s.Span.From, s.Span.To)) + 1)
	return min(int(part*float64(len(s.buckets))), last)
}

// End returns the position after all points of the stream.
func (s *Sampler) End() Position { return s.end }

// Points returns the sample in the order of step, time and value.
func (s *Sampler) Points() []Point {
	points := s.all
	for i := range s.buckets {
		points = s.buckets[i].appendTo(points)
	}
	slices.SortFunc(points, Compare)
	return points
}

// bucket has the points to keep of a part of the axis.
type bucket struct {
	drawable, gap          bool
	first, last, low, high Point
	undrawable             Point
}

func (b *bucket) add(p Point, axis Axis) {
	if !isDrawable(p.Value) {
		if !b.gap || before(p, b.undrawable, axis) {
			b.gap, b.undrawable = true, p
		}
		return
	}
	if !b.drawable {
		b.drawable = true
		b.first, b.last, b.low, b.high = p, p, p, p
		return
	}
	if before(p, b.first, axis) {
		b.first = p
	}
	if before(b.last, p, axis) {
		b.last = p
	}
	if p.Value < b.low.Value {
		b.low = p
	}
	if p.Value > b.high.Value {
		b.high = p
	}
}

// before reports whether a line passes p before q.
func before(p, q Point, axis Axis) bool {
	if x, y := axis.Of(p), axis.Of(q); x != y {
		return x < y
	}
	return Compare(p, q) < 0
}

// appendTo appends the points of the bucket, each once.
func (b *bucket) appendTo(list []Point) []Point {
	from := len(list)
	if b.drawable {
		for _, p := range [...]Point{b.first, b.low, b.high, b.last} {
			if !slices.Contains(list[from:], p) {
				list = append(list, p)
			}
		}
	}
	if b.gap {
		list = append(list, b.undrawable)
	}
	return list
}

// RepeatsSteps reports whether rows values with steps of the range must have a step
// more than once. A chart of them is drawn by time.
func RepeatsSteps(rows int64, steps Window) bool {
	d := distance(steps.From, steps.To)
	return d < math.MaxInt64 && rows > int64(d)+1
}

// distance returns to - from, which fits into uint64.
func distance(from, to int64) uint64 { return uint64(to) - uint64(from) } //nolint:gosec // It wraps around.
