package db

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// Percentiles collects numbers, of which it finds percentiles. Equal numbers take no more memory
// than one. The zero value is ready.
type Percentiles struct {
	fresh  []float64 // in any order
	sorted []counted
	n      int
}

// counted is a number with how often it was added.
type counted struct {
	value float64
	times int
}

const (
	// freshNumbers is how many numbers are collected before they are sorted.
	freshNumbers = 1 << 16
	// maxDistinct is the most different numbers, which take 64 MB.
	maxDistinct = 1 << 22
)

// ErrManyValues is the error for percentiles of too many different numbers.
var ErrManyValues = errors.New("the percentiles are of more than 4194304 different values")

// Add adds a number. It returns [ErrManyValues] if there are too many different ones.
func (p *Percentiles) Add(x float64) error {
	p.fresh = append(p.fresh, x)
	p.n++
	if len(p.fresh) < freshNumbers+len(p.sorted)/2 {
		return nil
	}
	p.sort()
	if len(p.sorted) > maxDistinct {
		return ErrManyValues
	}
	return nil
}

// sort merges the fresh numbers into the sorted ones.
func (p *Percentiles) sort() {
	if len(p.fresh) == 0 {
		return
	}
	slices.Sort(p.fresh)
	merged := make([]counted, 0, len(p.sorted)+min(len(p.fresh), freshNumbers))
	add := func(c counted) {
		if last := len(merged) - 1; last >= 0 && merged[last].value == c.value {
			merged[last].times += c.times
			return
		}
		merged = append(merged, c)
	}
	old := p.sorted
	for _, x := range p.fresh {
		for len(old) > 0 && old[0].value <= x {
			add(old[0])
			old = old[1:]
		}
		add(counted{x, 1})
	}
	for _, c := range old {
		add(c)
	}
	p.sorted, p.fresh = merged, p.fresh[:0]
}

// At returns a percentile, from 0 to 100, of the numbers. Between two of them, it is
// interpolated linearly, as by PostgreSQL's percentile_cont. ok is false if there are no numbers.
func (p *Percentiles) At(percent float64) (x float64, ok bool) {
	if p.n == 0 {
		return 0, false
	}
	p.sort()
	at := percent / 100 * float64(p.n-1)
	whole := int(at)
	low := p.number(whole)
	if fraction := at - float64(whole); fraction > 0 {
		return low + (p.number(whole+1)-low)*fraction, true
	}
	return low, true
}

// number returns the number at an index in their order.
func (p *Percentiles) number(index int) float64 {
	for _, c := range p.sorted {
		if index < c.times {
			return c.value
		}
		index -= c.times
	}
	return p.sorted[len(p.sorted)-1].value
}

// percentilesFunction is the aggregate function millrace_percentiles(value, percents) of SQLite.
// percents and the result are numbers with spaces between them. The result is NULL if there are
// no values.
type percentilesFunction struct {
	Percentiles
	percents string
}

var _ = registerPercentiles()

func registerPercentiles() bool {
	sqlite.MustRegisterFunction("millrace_percentiles", &sqlite.FunctionImpl{
		NArgs: 2, Deterministic: true,
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return &percentilesFunction{}, nil },
	})
	return true
}

// Step implements sqlite.AggregateFunction.
func (f *percentilesFunction) Step(_ *sqlite.FunctionContext, args []driver.Value) error {
	if f.percents == "" {
		percents, ok := args[1].(string)
		if !ok {
			return errors.New("millrace_percentiles: the percentiles are no text")
		}
		f.percents = strings.Clone(percents)
	}
	switch v := args[0].(type) {
	case int64:
		return f.Add(float64(v))
	case float64:
		return f.Add(v)
	case nil:
		return nil
	default:
		return fmt.Errorf("millrace_percentiles: a value is a %T", v)
	}
}

// WindowInverse implements sqlite.AggregateFunction.
func (f *percentilesFunction) WindowInverse(*sqlite.FunctionContext, []driver.Value) error {
	return errors.New("millrace_percentiles is no window function")
}

// WindowValue implements sqlite.AggregateFunction.
func (f *percentilesFunction) WindowValue(*sqlite.FunctionContext) (driver.Value, error) {
	var list []string
	for _, percent := range strings.Fields(f.percents) {
		p, err := strconv.ParseFloat(percent, 64)
		if err != nil {
			return nil, err
		}
		x, ok := f.At(p)
		if !ok {
			return nil, nil //nolint:nilnil // This is NULL.
		}
		list = append(list, strconv.FormatFloat(x, 'g', -1, 64))
	}
	return strings.Join(list, " "), nil
}

// Final implements sqlite.AggregateFunction.
func (f *percentilesFunction) Final(*sqlite.FunctionContext) {}
