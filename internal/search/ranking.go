package search

import "unicode/utf8"

// Ranking describes a search of runs that is ordered by a metric, a param or a tag first: the runs
// with better values than some bound come before all others. A value is what an index of values
// has: a number, or the beginning of a text.
type Ranking struct {
	d          Dialect
	k          keyed
	key        string
	descending bool
	// Alone is whether runs with equal values are ordered by their start.
	Alone bool
}

// rankingOf returns the ranking of a list of sort keys, or nil.
func rankingOf(d Dialect, keys []sortKey) *Ranking {
	if len(keys) == 0 || keys[0].expr != nil {
		return nil
	}
	k, isKeyed := runGrammar.keyed[keys[0].ent]
	if !isKeyed || k.nan == "" && !d.ByBeginning {
		return nil
	}
	return &Ranking{d, k, keys[0].key, keys[0].descending, len(keys) == 1}
}

// byNewest reports whether a list of sort keys puts the newest runs first.
func byNewest(keys []sortKey) bool {
	return len(keys) == 0 || keys[0].ent == entAttribute && keys[0].expr == nil &&
		keys[0].attr.name == "start_time" && keys[0].descending
}

// IsText reports whether the values are texts.
func (r *Ranking) IsText() bool { return r.k.nan == "" }

// IsWhole reports whether equal values of the index are equal values of runs.
func (r *Ranking) IsWhole(value any) bool {
	text, isText := value.(string)
	return !isText || utf8.RuneCountInString(text) < prefixLength
}

// Bound returns the query of the value after the best n. It has no row if there are no more
// than n values.
func (r *Ranking) Bound(n int) Fragment {
	b := r.values()
	return b.best(r, n)
}

// Next returns the query of the best value that is worse than a value, or of the best one if it is
// nil.
func (r *Ranking) Next(value any) Fragment {
	b := r.values()
	if value != nil {
		b.write(" AND ")
		b.rank(r, !r.descending, value)
	}
	return b.best(r, 0)
}

// Better returns the query of the ids of the runs whose values are better than a bound.
func (r *Ranking) Better(bound any) Fragment {
	b := r.ids()
	b.rank(r, r.descending, bound)
	return b.fragment()
}

// Equal returns the query of the ids of the runs with a value.
func (r *Ranking) Equal(value any) Fragment {
	b := r.ids()
	b.equal(r, value)
	return b.fragment()
}

// Has returns the condition that a run has a value.
func (r *Ranking) Has(value any) Fragment {
	b := &builder{d: r.d}
	b.write("EXISTS (SELECT 1 FROM ", r.k.table, " x")
	if r.k.byValue != "" && r.d.Prefix != "" {
		b.write(" INDEXED BY ", r.k.byValue)
	}
	b.write(" WHERE x.", r.k.owner, " = r.run_uuid AND ")
	b.ranked(r)
	b.write(" AND ")
	b.equal(r, value)
	b.write(r.d.Probe, ")")
	return b.fragment()
}

// Ties returns the order of runs with equal values. It needs no joins.
func (r *Ranking) Ties() Fragment {
	b := &builder{d: r.d}
	b.orderTerm("r.start_time", true)
	b.write(", r.run_uuid")
	return b.fragment()
}

// values begins a query of values.
func (r *Ranking) values() *builder {
	b := &builder{d: r.d}
	b.write("SELECT ", r.column(), " FROM ", r.k.table, " x WHERE ")
	b.ranked(r)
	return b
}

// ids begins a query of the ids of runs, to which a condition is added.
func (r *Ranking) ids() *builder {
	b := &builder{d: r.d}
	b.write("SELECT x.", r.k.owner, " AS id FROM ", r.k.table, " x WHERE ")
	b.ranked(r)
	b.write(" AND ")
	return b
}

// column returns the expression of the values.
func (r *Ranking) column() string {
	column := "x." + r.k.value
	if r.IsText() && r.d.Prefix != "" {
		return r.d.beginning(column)
	}
	return column
}

// ranked writes the condition that a row has a value.
func (b *builder) ranked(r *Ranking) {
	if !r.IsText() {
		b.lastValue(r.key)
		return
	}
	b.compare("x."+r.k.key, "=", []any{r.key})
	b.write(" AND ", r.column(), " IS NOT NULL")
}

// rank compares the values with a value. greater is whether they must be greater than it.
func (b *builder) rank(r *Ranking, greater bool, value any) {
	op := " < ?"
	if greater {
		op = " > ?"
	}
	b.write(r.column(), op)
	b.args = append(b.args, value)
}

// equal writes the condition that a value is equal by its collation.
func (b *builder) equal(r *Ranking, value any) {
	b.write(r.column(), " = ?")
	b.args = append(b.args, value)
}

// best ends a query of values with the one after the best n.
func (b *builder) best(r *Ranking, n int) Fragment {
	b.write(" ORDER BY ", r.column())
	if r.descending {
		b.write(" DESC")
	}
	b.write(" LIMIT 1 OFFSET ?")
	b.args = append(b.args, n)
	return b.fragment()
}
