// Package lineage reads what runs, logged models and versions were made of.
package lineage

import "github.com/millrace-ml/millrace/internal/store/base"

// Lineages reads lineages.
type Lineages struct{ base.Room[tx] }

// New returns the room of a store.
func New(s *base.Store) Lineages {
	return Lineages{base.NewRoom(s, func(t base.Transaction) tx { return tx{t} })}
}

// tx is a transaction with the helpers of this room.
type tx struct{ base.Transaction }
