// Package evaluation keeps what generative applications are evaluated with, in MLflow's
// tables: datasets of examples with their tags, records and experiments, scorers, and schemas
// of labels.
package evaluation

import (
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Evaluations keeps datasets, scorers and schemas of labels.
type Evaluations struct{ base.Room[Tx] }

// New returns the room of a store.
func New(s *base.Store) Evaluations {
	return Evaluations{base.NewRoom(s, func(t base.Transaction) Tx { return Tx{t} })}
}

// Tx is a transaction with the helpers of this room.
type Tx struct{ base.Transaction }

func invalid(format string, args ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, format, args...)
}
