// Package registry keeps registered models, their versions, stages and aliases, with a log of
// their changes.
package registry

import (
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/models"
)

// Registry keeps registered models and their versions.
type Registry struct{ base.Room[tx] }

// New returns the room of a store.
func New(s *base.Store) Registry {
	return Registry{base.NewRoom(s, func(t base.Transaction) tx { return tx{t} })}
}

// tx is a transaction with the helpers of this room.
type tx struct{ base.Transaction }

// models returns the helpers of logged models in the same transaction.
func (t tx) models() models.Tx { return models.Tx{Transaction: t.Transaction} }
