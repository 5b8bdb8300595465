// Package models keeps logged models.
package models

import "github.com/millrace-ml/millrace/internal/store/base"

// Models keeps logged models.
type Models struct{ base.Room[Tx] }

// New returns the room of a store.
func New(s *base.Store) Models {
	return Models{base.NewRoom(s, func(t base.Transaction) Tx { return Tx{t} })}
}

// Tx is a transaction with the helpers of this room.
type Tx struct{ base.Transaction }
