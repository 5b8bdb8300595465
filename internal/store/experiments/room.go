// Package experiments keeps experiments.
package experiments

import "github.com/millrace-ml/millrace/internal/store/base"

// Experiments keeps experiments.
type Experiments struct{ base.Room[Tx] }

// New returns the room of a store.
func New(s *base.Store) Experiments {
	return Experiments{base.NewRoom(s, func(t base.Transaction) Tx { return Tx{t} })}
}

// Tx is a transaction with the helpers of this room.
type Tx struct{ base.Transaction }
