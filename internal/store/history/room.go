// Package history reads the values of metrics by step and time, as pages and as samples.
package history

import "github.com/millrace-ml/millrace/internal/store/base"

// Histories reads the values of metrics.
type Histories struct {
	base.Room[tx]
	// MaxPage is the most values in a page.
	MaxPage int
}

// New returns the room of a store.
func New(s *base.Store) Histories {
	return Histories{base.NewRoom(s, func(t base.Transaction) tx { return tx{t} }), maxPage}
}

// tx is a transaction with the helpers of this room.
type tx struct{ base.Transaction }
