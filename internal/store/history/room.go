// Package history reads the values of metrics by step and time, as pages, as samples and as summaries.
package history

import "github.com/millrace-ml/millrace/internal/store/base"

// Histories reads the values of metrics.
type Histories struct {
	base.Room[tx]
	// MaxPage is the most values in a page.
	MaxPage int
	// summaries has what is known of runs whose summaries were asked for.
	summaries *summaryCache
}

// New returns the room of a store.
func New(s *base.Store) Histories {
	return Histories{base.NewRoom(s, func(t base.Transaction) tx { return tx{t} }), maxPage, newSummaryCache()}
}

// tx is a transaction with the helpers of this room.
type tx struct{ base.Transaction }
