package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// poolWait is how long a request waits for a connection.
	poolWait = 30 * time.Second
	// maxAttempts is how often a transaction is tried that others undo.
	maxAttempts = 8
	// reconnectFor is how long a transaction is tried again after its connection
	// was lost. A database that takes longer to come back is an outage.
	reconnectFor = 2 * time.Second
	// writeTimeout bounds a transaction that writes, whose statements do not end
	// when the client hangs up.
	writeTimeout = 2 * time.Minute
)

// pool runs transactions on a database server, each on a connection of its own.
// The server orders and groups them.
type pool struct {
	db      *sql.DB
	d       *dialect
	observe *observer
	texts   *sync.Map // of a query's text: as the database wants it
	// groups writes metrics; nil where there are no arrays to send them as.
	groups *metricGroups
	outage *outage
	// waiting is how many requests have no connection yet.
	waiting atomic.Int64

	mu    sync.RWMutex // guards shut against new transactions
	shut  bool
	under sync.WaitGroup
}

func newPool(t target, d *dialect, size int, o *observer) *pool {
	t.db.SetMaxOpenConns(size)
	t.db.SetMaxIdleConns(size)
	t.db.SetConnMaxIdleTime(5 * time.Minute)
	p := &pool{db: t.db, d: d, observe: o, texts: &sync.Map{}}
	p.outage = watchOutages(t.connector, o.log, p.dropIdle)
	if d.arrays {
		p.groups = startMetricGroups(p)
	}
	o.queue(func() int { return int(p.waiting.Load()) })
	o.connections(func() (open, inUse int) {
		stats := p.db.Stats()
		return stats.OpenConnections, stats.InUse
	})
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
	p.outage.stop()
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
	return active, p.explain(ctx, err)
}

// inTx runs fn in a transaction that is durable when inTx returns nil. It is
// tried again, fn included, when the database undid it because of others.
func (p *pool) inTx(ctx context.Context, fn func(tx) error) error {
	return p.run(ctx, p.d.writing, fn)
}

// read runs fn on one state of the database.
func (p *pool) read(ctx context.Context, fn func(tx) error) error {
	return p.run(ctx, p.d.reading, fn)
}

// scan is read: a server keeps pages as it likes.
func (p *pool) scan(ctx context.Context, fn func(tx) error) error { return p.read(ctx, fn) }

func (p *pool) run(ctx context.Context, s session, fn func(tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.enter(); err != nil {
		return err
	}
	defer p.under.Done()
	base := ctx
	if s.commits { // A client that hangs up must not leave in doubt whether its request was stored.
		var end context.CancelFunc
		base, end = context.WithDeadline(context.WithoutCancel(ctx), deadlineOf(ctx))
		defer end()
	}
	working, leave, err := p.outage.enter(base)
	if err != nil {
		return err
	}
	defer leave()
	waiting := working
	if s.commits { // It waits for a connection only as long as its client does.
		var giveUp context.CancelFunc
		waiting, giveUp = context.WithCancel(working)
		defer giveUp()
		defer context.AfterFunc(ctx, func() {
			if errors.Is(ctx.Err(), context.Canceled) { // The deadline is working's, too.
				giveUp()
			}
		})()
	}
	err = p.retry(waiting, func() error {
		return p.withConnection(waiting, func(c *conn) (clean bool, err error) {
			start := time.Now()
			clean, err = c.transact(working, s, p.observe.log, fn)
			if s.commits {
				p.observe.commitSeconds.Observe(time.Since(start).Seconds())
			}
			return clean, err
		})
	})
	return p.explain(ctx, p.outage.cause(working, err))
}

// deadlineOf returns until when a write may take whose client has hung up.
func deadlineOf(ctx context.Context) time.Time {
	deadline := time.Now().Add(writeTimeout)
	if own, ok := ctx.Deadline(); ok && own.Before(deadline) {
		return own
	}
	return deadline
}

// once runs fn, which sends a single statement that may be sent again, outside
// of a transaction.
func (p *pool) once(ctx context.Context, fn func(tx) error) error {
	ctx, cancel, err := p.outage.enter(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	err = p.retry(ctx, func() error {
		return p.withConnection(ctx, func(c *conn) (clean bool, err error) {
			err = protect(p.observe.log, tx{ctx, c}, fn)
			return true, err // The driver closes a connection whose statement was broken off.
		})
	})
	return p.outage.cause(ctx, err)
}

// explain is observer.explain for a server, which may have stopped to answer.
func (p *pool) explain(ctx context.Context, err error) error {
	if err == nil {
		p.outage.answered()
	}
	if err = p.observe.explain(ctx, err); errors.Is(err, context.DeadlineExceeded) {
		return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The database did not answer within the time of this request. Try again later, or ask for less at once.")
	}
	return err
}

// retry tries again after conflicts and lost connections, with growing pauses.
func (p *pool) retry(ctx context.Context, try func() error) error {
	start := time.Now()
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || ctx.Err() != nil || mlflow.AsError(err) != nil {
			return err
		}
		switch classify(err) {
		case failureConflict:
			if attempt == maxAttempts {
				return err
			}
		case failureConnection:
			if time.Since(start) > reconnectFor {
				return err
			}
			p.dropIdle() // Others are likely to be lost, too.
		default:
			return err
		}
		pause := time.Duration(rand.Int64N(int64(10*time.Millisecond) << min(attempt, 5))) //nolint:gosec // No secret.
		p.observe.log.Debug("trying a transaction again", "attempt", attempt, "pause", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// dropIdle closes the idle connections.
func (p *pool) dropIdle() {
	size := p.db.Stats().MaxOpenConnections
	p.db.SetMaxIdleConns(0)
	p.db.SetMaxIdleConns(size)
}

// withConnection lends fn a connection, and discards it unless fn leaves it clean.
func (p *pool) withConnection(ctx context.Context, fn func(*conn) (clean bool, err error)) error {
	raw, err := p.connection(ctx)
	if err != nil {
		return err
	}
	defer raw.Close()
	clean, err := fn(&conn{raw: raw, d: p.d, texts: p.texts, observe: p.observe})
	if !clean {
		spoil(raw)
	}
	return err
}

// connection waits for a free connection, but not for ever.
func (p *pool) connection(ctx context.Context) (*sql.Conn, error) {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	start := time.Now()
	defer func() { p.observe.readWait.Observe(time.Since(start).Seconds()) }()
	waiting, cancel := context.WithTimeout(ctx, poolWait)
	defer cancel()
	raw, err := p.db.Conn(waiting)
	switch {
	case err == nil:
		return raw, nil
	case ctx.Err() == nil && waiting.Err() != nil:
		return nil, mlflow.Errorf(mlflow.TemporarilyUnavailable, "All %d connections to the database have been busy for %s. Try again, or start the server with a larger --db-pool-size.",
			p.db.Stats().MaxOpenConnections, poolWait)
	case ctx.Err() != nil:
		return nil, waitError(ctx)
	}
	return nil, err
}
