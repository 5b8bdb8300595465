package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// poolWait is how long a request waits for a connection.
	poolWait = 30 * time.Second
	// maxAttempts is how often a transaction is tried that others undo.
	maxAttempts = 8
	// writeTimeout bounds a transaction that writes, whose statements do not end
	// with the request.
	writeTimeout = 2 * time.Minute
)

// pool runs transactions on a database server, each on a connection of its own.
// The server orders and groups them.
type pool struct {
	db    *sql.DB
	d     *dialect
	log   *slog.Logger
	texts *sync.Map // of a query's text: as the database wants it
	// groups writes metrics; nil where there are no arrays to send them as.
	groups *metricGroups

	mu    sync.RWMutex // guards shut against new transactions
	shut  bool
	under sync.WaitGroup
}

func newPool(t target, d *dialect, size int, log *slog.Logger) *pool {
	t.db.SetMaxOpenConns(size)
	t.db.SetMaxIdleConns(size)
	t.db.SetConnMaxIdleTime(5 * time.Minute)
	p := &pool{db: t.db, d: d, log: log, texts: &sync.Map{}}
	if d.arrays {
		p.groups = startMetricGroups(p)
	}
	return p
}

func (p *pool) close() error {
	p.mu.Lock()
	p.shut = true
	p.mu.Unlock()
	p.under.Wait()
	if p.groups != nil {
		p.groups.stop()
	}
	return p.db.Close()
}

// enter counts a transaction in, unless the pool is closing.
func (p *pool) enter() error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.shut {
		return errClosed
	}
	p.under.Add(1)
	return nil
}

// logMetrics writes metrics together with those of other requests, and reports
// whether the run takes any.
func (p *pool) logMetrics(ctx context.Context, runID string, metrics []mlflow.Metric) (active bool, err error) {
	if err := p.enter(); err != nil {
		return false, err
	}
	defer p.under.Done()
	active, err = p.groups.log(ctx, runID, metrics)
	return active, dbError(ctx, err)
}

// inTx runs fn in a transaction that is durable when inTx returns nil. It is
// tried again, fn included, when the database undid it because of others.
func (p *pool) inTx(ctx context.Context, fn func(tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.enter(); err != nil {
		return err
	}
	defer p.under.Done()
	// A request that ends must not leave in doubt whether it was stored.
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return dbError(ctx, p.retry(ctx, func() error { return p.transaction(ctx, steady, nil, fn) }))
}

// once runs fn, which sends a single statement that may be sent again, outside
// of a transaction.
func (p *pool) once(ctx context.Context, fn func(tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return p.retry(ctx, func() error {
		return p.withConnection(ctx, func(raw *sql.Conn) error {
			return p.call(tx{ctx, &conn{raw: raw, d: p.d, texts: p.texts}}, fn)
		})
	})
}

// read runs fn on one state of the database.
func (p *pool) read(ctx context.Context, fn func(tx) error) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.under.Done()
	options := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	return dbError(ctx, p.retry(ctx, func() error { return p.transaction(ctx, ctx, options, fn) }))
}

// retry tries again after conflicts and lost connections, with growing pauses.
func (p *pool) retry(ctx context.Context, try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || attempt == maxAttempts || ctx.Err() != nil {
			return err
		}
		if f := classify(err); f != failureConflict && f != failureConnection {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(10*time.Millisecond) << min(attempt, 6))) //nolint:gosec // No secret.
		p.log.Debug("trying a transaction again", "attempt", attempt, "pause", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

func (p *pool) transaction(waiting, ctx context.Context, options *sql.TxOptions, fn func(tx) error) error {
	return p.withConnection(waiting, func(raw *sql.Conn) error {
		t, err := raw.BeginTx(ctx, options)
		if err != nil {
			return err
		}
		c := &conn{raw: t, d: p.d, texts: p.texts}
		if err := p.call(tx{ctx, c}, fn); err != nil || options != nil {
			if end := t.Rollback(); err == nil && !errors.Is(end, sql.ErrTxDone) {
				err = end
			}
			return err
		}
		if err = t.Commit(); err != nil && classify(err) == failureConnection {
			p.log.Error("the connection was lost during a commit", "error", err)
			return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The connection to the database was lost while it stored this request; look whether it did before you try again.")
		}
		return err
	})
}

// withConnection lends fn a connection.
func (p *pool) withConnection(waiting context.Context, fn func(*sql.Conn) error) error {
	raw, err := p.connection(waiting)
	if err != nil {
		return err
	}
	defer raw.Close()
	return fn(raw)
}

// connection waits for a free connection, but not for ever.
func (p *pool) connection(ctx context.Context) (*sql.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, poolWait)
	defer cancel()
	raw, err := p.db.Conn(waiting)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil, mlflow.Errorf(mlflow.TemporarilyUnavailable, "All %d connections to the database have been busy for %s. Try again, or start the server with a larger --db-pool-size.",
			p.db.Stats().MaxOpenConnections, poolWait)
	}
	return raw, err
}

func (p *pool) call(t tx, fn func(tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.log.Error("panic in a transaction", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a transaction: %v", r)
		}
	}()
	return fn(t)
}
