// Package base is what the rooms of the store share: the open database, transactions, parts
// of SQL, pages of bounded memory, and the conditions that a user may read something.
package base

import (
	"context"

	"github.com/millrace-ml/millrace/internal/db"
)

// Store is an open database.
type Store struct {
	Primary Database
	// Replica is the database for results that may lag behind. Without a standby it is
	// Primary.
	Replica Database
	Dialect *Dialect
	// ArtifactRoot is the URI of the folder for the files of new experiments.
	ArtifactRoot string
	// Queued has a value after a transaction that queued deliveries of webhooks. It has a
	// buffer of one, and it may be nil.
	Queued chan struct{}
}

// Room is the part of the store for one subject. T is a [Transaction] with the helpers of
// the room.
type Room[T any] struct {
	*Store
	with func(Transaction) T
}

// NewRoom returns a room of a store. with adds the helpers to a transaction.
func NewRoom[T any](s *Store, with func(Transaction) T) Room[T] { return Room[T]{s, with} }

// Update runs fn in a transaction that is durable when Update returns nil. fn may be
// called more than once.
func (r Room[T]) Update(ctx context.Context, fn func(T) error) error {
	var queued bool
	err := r.Primary.Write(ctx, func(t db.Tx) error {
		queued = false
		return fn(r.with(Transaction{t, r.Dialect, &queued}))
	})
	if err == nil && queued {
		select {
		case r.Queued <- struct{}{}:
		default: // The last value has not been received yet.
		}
	}
	return err
}

// View runs fn on one snapshot of the database. fn may be called more than once.
func (r Room[T]) View(ctx context.Context, fn func(T) error) error {
	return r.Primary.Read(ctx, r.run(fn))
}

// ViewReplica is View for results that may lag behind, such as searches.
func (r Room[T]) ViewReplica(ctx context.Context, fn func(T) error) error {
	return r.Replica.Read(ctx, r.run(fn))
}

// ScanReplica is ViewReplica for functions that read many rows once, such as histories.
func (r Room[T]) ScanReplica(ctx context.Context, fn func(T) error) error {
	return r.Replica.Scan(ctx, r.run(fn))
}

func (r Room[T]) run(fn func(T) error) func(db.Tx) error {
	return func(t db.Tx) error { return fn(r.with(Transaction{t, r.Dialect, nil})) }
}
