// Package store keeps experiments, runs and models in MLflow's own database, of
// one of [schema.Releases]. The database is SQLite, PostgreSQL, MySQL or MariaDB.
//
// A public method of [Store] opens a transaction. The lower-case helpers are
// methods of tx and compose within it. A file is named by the noun that it is
// about, then by the verb. Subjects with more than a few files are rooms: packages
// that share [base.Store], and whose methods Store has.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/evaluation"
	"github.com/millrace-ml/millrace/internal/store/experiments"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/internal/store/lineage"
	"github.com/millrace-ml/millrace/internal/store/models"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/internal/store/runtable"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/traces"
	"github.com/millrace-ml/millrace/internal/store/webhooks"
)

// Options configure a store.
type Options struct {
	// URI is MLflow's --backend-store-uri, see [db.Options].
	URI string
	// ReadURI names a standby of the database, which lags behind it. Searches and
	// histories are read from there. If it is "", they are read from URI.
	ReadURI string
	// ArtifactRoot is the URI of the folder for the files of new experiments.
	ArtifactRoot string
	// Synchronous is SQLite's setting of that name, see [db.Options].
	Synchronous string
	// PoolSize is the maximum of connections to a database server.
	PoolSize int
	// SlowStatement is the duration from which on a statement is logged. 0 logs none.
	SlowStatement time.Duration
	// Registerer registers metrics; it may be nil.
	Registerer prometheus.Registerer
	// Log may be nil.
	Log *slog.Logger
}

// Store is an open MLflow database. Its rooms have the methods for the other subjects.
type Store struct {
	base.Room[tx]
	experiments.Experiments
	models.Models
	registry.Registry
	history.Histories
	runtable.Tables
	lineage.Lineages
	traces.Traces
	evaluation.Evaluations
	webhooks.Webhooks
	queued   <-chan struct{}
	metrics  *metricGroup
	searches *base.Shared[runPage]
	// revision is that of MLflow's schema.
	revision string
}

// tx is a transaction with the helpers for runs and what belongs to no room.
type tx struct{ base.Transaction }

// experiments returns the helpers of experiments in the same transaction.
func (t tx) experiments() experiments.Tx { return experiments.Tx{Transaction: t.Transaction} }

// newStore returns the store of a database.
func newStore(b *base.Store, metrics *metricGroup) *Store {
	return &Store{
		Room:        base.NewRoom(b, func(t base.Transaction) tx { return tx{t} }),
		Experiments: experiments.New(b), Models: models.New(b), Registry: registry.New(b), Histories: history.New(b),
		Tables: runtable.New(b), Lineages: lineage.New(b), Traces: traces.New(b), Evaluations: evaluation.New(b),
		Webhooks: webhooks.New(b),
		metrics:  metrics, searches: &base.Shared[runPage]{},
	}
}

// Open opens a database. It creates the tables if there are none, and the file of a
// SQLite database. It returns an error for a database of another MLflow release,
// unless the release has the same tables as far as Millrace uses them.
func Open(ctx context.Context, o Options) (*Store, error) {
	log := cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	options := db.Options{
		URI: o.URI, Synchronous: o.Synchronous, PoolSize: o.PoolSize,
		SlowStatement: o.SlowStatement, Registerer: o.Registerer, Log: log,
	}
	var revision string
	options.Prepare = func(ctx context.Context, c *db.Conn) error {
		err := schema.Prepare(ctx, c, schema.Newest(), log, func(t db.Tx) error {
			return createDefaultExperiment(t, o.ArtifactRoot)
		})
		if err != nil {
			return err
		}
		revision, err = schema.RevisionOf(ctx, c, c.Flavor())
		return err
	}
	primary, err := db.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	b := &base.Store{
		Primary: primary, Replica: primary, Dialect: base.DialectOf(primary.Flavor()), ArtifactRoot: o.ArtifactRoot,
		Queued: make(chan struct{}, 1),
	}
	if err := b.Dialect.FindCollation(ctx, primary); err != nil {
		return nil, errors.Join(err, primary.Close())
	}
	if o.ReadURI != "" {
		options.URI = o.ReadURI
		options.Prepare = func(ctx context.Context, c *db.Conn) error { return checkReplica(ctx, c, revision) }
		if b.Replica, err = primary.OpenReplica(ctx, options); err != nil {
			return nil, errors.Join(err, primary.Close())
		}
	}
	s := newStore(b, newMetricGroup(primary))
	s.queued, s.revision = b.Queued, revision
	return s, nil
}

// checkReplica returns an error unless the schema of a standby has the revision of
// the primary.
func checkReplica(ctx context.Context, c *db.Conn, want string) error {
	revision, err := schema.RevisionOf(ctx, c, c.Flavor())
	if err == nil && revision != want {
		err = fmt.Errorf("its schema is at revision %q, and that of the backend store at %s", revision, want)
	}
	return err
}

// Queued returns a channel that has a value after deliveries of webhooks were queued.
func (s *Store) Queued() <-chan struct{} { return s.queued }

// Close waits for the transactions in progress and closes the database.
func (s *Store) Close() error {
	err := s.Primary.Close()
	if s.Replica != s.Primary {
		err = errors.Join(err, s.Replica.Close())
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.View(ctx, func(t tx) error {
		var one int
		return t.QueryRow("SELECT 1").Scan(&one)
	})
}

// createDefaultExperiment creates the experiment 0 in a database without
// experiments, such as one that `mlflow db upgrade` has created.
func createDefaultExperiment(t db.Tx, artifactRoot string) error {
	var found bool
	if err := t.QueryRow(`SELECT EXISTS (SELECT 1 FROM experiments)`).Scan(&found); err != nil || found {
		return err
	}
	now := base.NowMS()
	_, err := t.Exec(`INSERT INTO experiments
		(experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
		VALUES (0, 'Default', ?, 'active', ?, ?, 'default')`, base.JoinURI(artifactRoot, "0"), now, now)
	return err
}
