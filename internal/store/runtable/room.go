// Package runtable reads the table of runs of Millrace's pages: flat, as a tree or in groups,
// with the columns that it can have.
package runtable

import (
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Tables reads tables of runs.
type Tables struct {
	base.Room[tx]
	Limits *Limits
	// shared executes equal requests at once only once.
	shared *base.Shared[*mlflow.RunTableResponse]
}

// Limits bound what a table reads.
type Limits struct {
	Runs    int // runs that are counted and nested
	Grouped int // runs that are grouped
	Values  int // values that are read for the columns
}

// New returns the room of a store.
func New(s *base.Store) Tables {
	return Tables{
		base.NewRoom(s, func(t base.Transaction) tx { return tx{t} }),
		&Limits{Runs: maxTableRuns, Grouped: maxGroupedRuns, Values: maxJudgedValues},
		&base.Shared[*mlflow.RunTableResponse]{},
	}
}

// tx is a transaction with the helpers of this room.
type tx struct{ base.Transaction }
