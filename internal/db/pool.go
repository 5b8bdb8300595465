package db

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
	// poolWait is the maximum time that a request waits for a connection.
	poolWait = 30 * time.Second
	// maxAttempts is the maximum of attempts of a transaction that conflicts with
	// others.
	maxAttempts = 8
	// reconnectFor bounds the retries of a transaction after its connection was
	// lost. If the server does not come back in this time, it is an outage.
	reconnectFor = 2 * time.Second
	// writeTimeout bounds a transaction that writes. Its statements are not
	// interrupted when the client disconnects.
	writeTimeout = 2 * time.Minute
)

// pool runs each transaction on a connection of its own to a database server.
type pool struct {
	db        *sql.DB
	dialect   *dialect
	observe   *observer
	rewritten *sync.Map // translated queries, see [Conn]
	outage    *outageWatch
	// waiting is the number of requests that wait for a connection.
	waiting atomic.Int64

	mu         sync.RWMutex // prevents transactions from beginning after shut is set
	shut       bool
	inProgress sync.WaitGroup
	onClose    []func() // called when no transaction is in progress
}

func newPool(t target, d *dialect, size int, o *observer) *pool {
	t.db.SetMaxOpenConns(size)
	t.db.SetMaxIdleConns(size)
	t.db.SetConnMaxIdleTime(5 * time.Minute)
	p := &pool{db: t.db, dialect: d, observe: o, rewritten: &sync.Map{}}
	p.outage = watchOutages(t.connector, o.log, p.dropIdle)
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
	p.inProgress.Wait()
	for _, f := range p.onClose {
		f()
	}
	p.outage.stop()
	return p.db.Close()
}

// enter registers a transaction. It returns an error if the pool is closing.
func (p *pool) enter() error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.shut {
		return errClosed
	}
	p.inProgress.Add(1)
	return nil
}

func (p *pool) write(ctx context.Context, fn func(Tx) error) error {
	return p.run(ctx, p.dialect.writing, fn)
}

func (p *pool) read(ctx context.Context, fn func(Tx) error) error {
	return p.run(ctx, p.dialect.reading, fn)
}

// scan is read, since a server manages its own page cache.
func (p *pool) scan(ctx context.Context, fn func(Tx) error) error { return p.read(ctx, fn) }

func (p *pool) run(ctx context.Context, s session, fn func(Tx) error) error {
	if ctx.Err() != nil {
		return WaitError(ctx)
	}
	if err := p.enter(); err != nil {
		return err
	}
	defer p.inProgress.Done()
	base := ctx
	if s.commits {
		// Do not cancel a write when its client disconnects, since it would then be
		// unknown whether the write was committed.
		var end context.CancelFunc
		base, end = context.WithDeadline(context.WithoutCancel(ctx), writeDeadline(ctx))
		defer end()
	}
	working, leave, err := p.outage.enter(base)
	if err != nil {
		return err
	}
	defer leave()
	waiting := working
	if s.commits { // Stop waiting for a connection when the client disconnects.
		var giveUp context.CancelFunc
		waiting, giveUp = context.WithCancel(working)
		defer giveUp()
		defer context.AfterFunc(ctx, func() {
			if errors.Is(ctx.Err(), context.Canceled) { // working has the same deadline.
				giveUp()
			}
		})()
	}
	err = p.retry(waiting, func() error {
		return p.withConnection(waiting, func(c *Conn) (clean bool, err error) {
			start := time.Now()
			clean, err = c.transact(working, s, p.observe.log, fn)
			if s.commits {
				p.observe.commitSeconds.Observe(time.Since(start).Seconds())
			}
			return clean, err
		})
	})
	return p.apiError(ctx, p.outage.cause(working, err))
}

// writeDeadline returns the deadline of a write with a context that is no longer
// canceled by ctx.
func writeDeadline(ctx context.Context) time.Time {
	deadline := time.Now().Add(writeTimeout)
	if own, ok := ctx.Deadline(); ok && own.Before(deadline) {
		return own
	}
	return deadline
}

// once runs fn outside of a transaction. fn executes a single statement that may
// be executed more than once.
func (p *pool) once(ctx context.Context, fn func(Tx) error) error {
	ctx, cancel, err := p.outage.enter(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	err = p.retry(ctx, func() error {
		return p.withConnection(ctx, func(c *Conn) (clean bool, err error) {
			err = protect(p.observe.log, Tx{ctx, c}, fn)
			return true, err // The driver closes a connection whose statement was interrupted.
		})
	})
	return p.outage.cause(ctx, err)
}

// apiError extends observer.apiError by the deadline of a request, during which
// the server did not answer.
func (p *pool) apiError(ctx context.Context, err error) error {
	if err == nil {
		p.outage.answered()
	}
	if err = p.observe.apiError(ctx, err); errors.Is(err, context.DeadlineExceeded) {
		return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The database did not answer within the time of this request. "+
			"Try again later, or ask for less at once.")
	}
	return err
}

// retry calls try again after conflicts and lost connections, with increasing
// pauses.
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
			p.dropIdle() // Other connections are probably lost as well.
		default:
			return err
		}
		limit := int64(10*time.Millisecond) << min(attempt, 5)
		pause := time.Duration(rand.Int64N(limit)) //nolint:gosec // Jitter needs no secure random numbers.
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

// withConnection calls fn with a connection. It discards the connection unless fn
// returns clean = true.
func (p *pool) withConnection(ctx context.Context, fn func(*Conn) (clean bool, err error)) error {
	raw, err := p.connection(ctx)
	if err != nil {
		return err
	}
	defer raw.Close()
	clean, err := fn(&Conn{Querier: raw, dialect: p.dialect, rewritten: p.rewritten, observe: p.observe})
	if !clean {
		markBad(raw)
	}
	return err
}

// connection waits up to poolWait for a free connection.
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
		return nil, mlflow.Errorf(mlflow.TemporarilyUnavailable, "All %d connections to the database have been busy for %s. "+
			"Try again, or start the server with a larger --db-pool-size.", p.db.Stats().MaxOpenConnections, poolWait)
	case ctx.Err() != nil:
		return nil, WaitError(ctx)
	}
	return nil, err
}
