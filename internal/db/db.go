// Package db runs transactions on SQLite, PostgreSQL, MySQL and MariaDB.
//
// [Open] opens the database that one of MLflow's URIs names. [DB.Write] and
// [DB.Read] run a function in a transaction. On SQLite, writer.go commits the
// writes of concurrent requests in groups and sqlite.go holds the connections
// that read. On a database server, pool.go runs each transaction on a connection
// of its own, and outage.go detects that the server is down. session.go begins
// and ends transactions on all of them.
//
// The functions pass a [Tx] to the caller, which takes SQL that is written once
// for all databases; dialect.go lists the differences between them. The package
// does not know any table: internal/store/schema makes and checks those.
package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DefaultPoolSize is the default maximum of connections to a database server.
const DefaultPoolSize = 20

// Options configure a database.
type Options struct {
	// URI is MLflow's --backend-store-uri: sqlite:///relative.db,
	// sqlite:////absolute.db, postgresql://user:password@host/database or
	// mysql://user:password@host/database.
	URI string
	// Synchronous is SQLite's setting of that name: "full" (the default)
	// survives a power failure, "normal" only a crash of the program.
	Synchronous string
	// PoolSize is the maximum of connections to a database server. 0 is
	// [DefaultPoolSize].
	PoolSize int
	// SlowStatement is the duration from which on a statement is logged. 0 logs none.
	SlowStatement time.Duration
	// Registerer registers metrics; it may be nil.
	Registerer prometheus.Registerer
	// Log may be nil.
	Log *slog.Logger
	// Prepare is called with the first connection before any transaction. It
	// creates or checks the tables. It may be nil.
	Prepare func(ctx context.Context, c *Conn) error
}

func (o Options) withDefaults() Options {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Synchronous = cmp.Or(o.Synchronous, "full")
	o.PoolSize = cmp.Or(o.PoolSize, DefaultPoolSize)
	return o
}

// DB is an open database.
type DB struct {
	engine engine
	target target

	closing  sync.Once
	closeErr error
}

// engine runs the transactions of a DB.
type engine interface {
	write(ctx context.Context, fn func(Tx) error) error
	read(ctx context.Context, fn func(Tx) error) error
	scan(ctx context.Context, fn func(Tx) error) error
	close() error
}

// Open opens a database. It creates the file of a SQLite database that does not
// exist.
func Open(ctx context.Context, o Options) (*DB, error) {
	o = o.withDefaults()
	t, err := openTarget(ctx, o.URI, o.Synchronous)
	if err != nil {
		return nil, err
	}
	e, err := start(ctx, t, o, "primary")
	if err != nil {
		name := cmp.Or(t.path, RedactURI(o.URI))
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", name, err), t.db.Close())
	}
	return &DB{engine: e, target: t}, nil
}

// OpenReplica opens a standby of the database, which lags behind it.
func (d *DB) OpenReplica(ctx context.Context, o Options) (*DB, error) {
	o = o.withDefaults()
	t, err := openTarget(ctx, o.URI, o.Synchronous)
	if err != nil {
		return nil, fmt.Errorf("the read store: %w", err)
	}
	if t.flavor != d.target.flavor || t.flavor == SQLite {
		err := fmt.Errorf("the read store %s must be a standby of the backend store, on a database server of the same kind",
			RedactURI(o.URI))
		return nil, errors.Join(err, t.db.Close())
	}
	e, err := start(ctx, t, o, "replica")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the read store %s: %w", RedactURI(o.URI), err), t.db.Close())
	}
	return &DB{engine: e, target: t}, nil
}

// start prepares the database on a first connection and starts its engine. The
// metrics of the engine have the label store=name.
func start(ctx context.Context, t target, o Options, name string) (engine, error) {
	first, err := pin(ctx, t.db, dialectOf(t.flavor))
	if err != nil {
		return nil, err
	}
	if o.Prepare != nil {
		if err := o.Prepare(ctx, first); err != nil {
			return nil, errors.Join(err, first.close())
		}
	}
	if t.flavor == SQLite {
		return newSQLite(ctx, t, first, newObserver(name, o))
	}
	p := newPool(t, dialectOf(t.flavor), o.PoolSize, newObserver(name, o)) //nolint:contextcheck // It outlives this call.
	return p, first.close()
}

// Flavor returns the kind of the database.
func (d *DB) Flavor() Flavor { return d.target.flavor }

// Write runs fn in a transaction that is durable when Write returns nil. fn may
// be called more than once: on a database server, a transaction is tried again
// after a conflict with another one and after a lost connection.
func (d *DB) Write(ctx context.Context, fn func(Tx) error) error { return d.engine.write(ctx, fn) }

// Read runs fn on one snapshot of the database. Like Write, it may call fn more
// than once.
func (d *DB) Read(ctx context.Context, fn func(Tx) error) error { return d.engine.read(ctx, fn) }

// Scan is Read for a function that reads many rows once. On SQLite it uses a
// connection with a small page cache, so that the pages that other readers need
// stay in memory.
func (d *DB) Scan(ctx context.Context, fn func(Tx) error) error { return d.engine.scan(ctx, fn) }

// Close waits for the transactions in progress and closes the database.
func (d *DB) Close() error {
	d.closing.Do(func() { d.closeErr = d.engine.close() })
	return d.closeErr
}
