// Package experiments keeps experiments.
package experiments

import (
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Experiments keeps experiments.
type Experiments struct {
	base.Room[Tx]
	daily *base.Shared[[]mlflow.DailyRuns]
}

// New returns the room of a store.
func New(s *base.Store) Experiments {
	return Experiments{
		base.NewRoom(s, func(t base.Transaction) Tx { return Tx{t} }), &base.Shared[[]mlflow.DailyRuns]{},
	}
}

// Tx is a transaction with the helpers of this room.
type Tx struct{ base.Transaction }
