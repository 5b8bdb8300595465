// Package store keeps experiments, runs and models in the database that MLflow
// itself uses, of one of [schema.Releases]: SQLite, PostgreSQL, MySQL or MariaDB.
// Public methods open a transaction; the lower-case helpers on tx
// compose inside it.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-ml/millrace/internal/store/schema"
)

// DefaultPoolSize is how many connections a server keeps to PostgreSQL or MySQL.
const DefaultPoolSize = 20

// Options says where the store is and how it behaves.
type Options struct {
	// URI is MLflow's --backend-store-uri: sqlite:///relative.db,
	// sqlite:////absolute.db, postgresql://user:password@host/database or
	// mysql://user:password@host/database.
	URI string
	// ReadURI names a copy of the database that follows it, a standby. Searches
	// and histories are read there, and lag behind as it does. "" reads it all
	// from URI.
	ReadURI string
	// ArtifactRoot is the URI under which new experiments keep their files.
	ArtifactRoot string
	// Synchronous is SQLite's setting of that name: "full" (the default)
	// survives a power cut, "normal" only a crash of the program.
	Synchronous string
	// PoolSize is how many connections to a database server are kept at most.
	PoolSize int
	// SlowStatement is how long a statement may take before it is logged; 0 logs none.
	SlowStatement time.Duration
	// Registerer takes the store's metrics; nil for none.
	Registerer prometheus.Registerer
	Log        *slog.Logger

	// release is the one whose tables a new database gets; nil is the newest.
	release *schema.Release
}

// Store is an open MLflow database.
type Store struct {
	engine
	// standby answers what may lag behind; it is engine if there is no other.
	standby      engine
	d            *dialect
	artifactRoot string
	maxPage      int // of a history

	closing  sync.Once
	closeErr error
}

// engine runs transactions on one database.
type engine interface {
	// inTx runs fn in a transaction that is durable when inTx returns nil. fn may
	// be called again if others made the database undo it.
	inTx(ctx context.Context, fn func(tx) error) error
	// read runs fn on one state of the database. fn may be called again, too.
	read(ctx context.Context, fn func(tx) error) error
	// scan is read for what passes many rows once. It leaves the pages that the
	// database keeps in memory to others.
	scan(ctx context.Context, fn func(tx) error) error
	close() error
}

// Open opens the database, making its tables when there are none, and the file
// if it is SQLite's. A database of another MLflow release is refused, unless the
// tables that we use are the same in it.
func Open(ctx context.Context, o Options) (*Store, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Synchronous = cmp.Or(o.Synchronous, "full")
	o.PoolSize = cmp.Or(o.PoolSize, DefaultPoolSize)
	t, err := openTarget(ctx, o.URI, o.Synchronous)
	if err != nil {
		return nil, err
	}
	s := &Store{d: dialectOf(t.flavor), artifactRoot: o.ArtifactRoot, maxPage: maxPage}
	if s.engine, err = s.start(ctx, t, o); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", cmp.Or(t.path, RedactURI(o.URI)), err), t.db.Close())
	}
	s.standby = s.engine
	if o.ReadURI != "" {
		if s.standby, err = openStandby(ctx, t, o); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *Store) start(ctx context.Context, t target, o Options) (engine, error) {
	first, err := pin(ctx, t.db, s.d)
	if err != nil {
		return nil, err
	}
	if err := prepareSchema(ctx, first, o); err != nil {
		return nil, errors.Join(err, first.close())
	}
	if t.path != "" {
		return newSQLite(ctx, t, first, newObserver("primary", o))
	}
	return newPool(t, s.d, o.PoolSize, newObserver("primary", o)), first.close() //nolint:contextcheck // Its watch of outages outlives this call.
}

// openStandby connects to the database that answers what may lag behind.
func openStandby(ctx context.Context, primary target, o Options) (engine, error) {
	t, err := openTarget(ctx, o.ReadURI, o.Synchronous)
	if err != nil {
		return nil, fmt.Errorf("the read store: %w", err)
	}
	if t.flavor != primary.flavor || t.path != "" {
		return nil, errors.Join(fmt.Errorf("the read store %s must be a standby of the backend store, on a database server of the same kind", RedactURI(o.ReadURI)), t.db.Close())
	}
	revision, err := schemaRevision(ctx, newConn(t.db, t.flavor))
	if err == nil {
		var same string
		if same, err = schemaRevision(ctx, newConn(primary.db, primary.flavor)); err == nil && revision != same {
			err = fmt.Errorf("its schema is at revision %q, and that of the backend store at %s", revision, same)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the read store %s: %w", RedactURI(o.ReadURI), err), t.db.Close())
	}
	return newPool(t, dialectOf(t.flavor), o.PoolSize, newObserver("replica", o)), nil //nolint:contextcheck // Its watch of outages outlives this call.
}

// Close waits for the reads and writes under way and closes the database.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.closeErr = s.close()
		if s.standby != s.engine {
			s.closeErr = errors.Join(s.closeErr, s.standby.close())
		}
	})
	return s.closeErr
}

// readAside is read for answers that may lag behind, such as searches.
func (s *Store) readAside(ctx context.Context, fn func(tx) error) error {
	return s.standby.read(ctx, fn)
}

// scanAside is readAside for what passes many rows once, such as a history.
func (s *Store) scanAside(ctx context.Context, fn func(tx) error) error {
	return s.standby.scan(ctx, fn)
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(t tx) error {
		var one int
		return t.queryRow("SELECT 1").Scan(&one)
	})
}

func nowMS() int64 { return time.Now().UnixMilli() }
