// Package webhooks keeps webhooks in MLflow's tables, and the deliveries of events to them in
// tables of Millrace. An event is queued in the transaction of the change that it tells of, so
// that neither exists without the other.
package webhooks

import (
	"github.com/millrace-ml/millrace/internal/store/base"
)

// Webhooks keeps webhooks and their deliveries.
type Webhooks struct{ base.Room[Tx] }

// New returns the room of a store.
func New(s *base.Store) Webhooks {
	return Webhooks{base.NewRoom(s, func(t base.Transaction) Tx { return Tx{t} })}
}

// Tx is a transaction with the helpers of this room.
type Tx struct{ base.Transaction }
