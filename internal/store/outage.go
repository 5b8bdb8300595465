package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// suspicion is for how long no transaction may end, while some are under way,
	// before the database is asked whether it still answers.
	suspicion = 3 * time.Second
	// probeTime is how long it may take to connect and answer.
	probeTime = 2 * time.Second
	// probeEvery is the pause between two looks.
	probeEvery = 500 * time.Millisecond
)

// outage notices that a database server has stopped to answer. From then on
// requests fail at once instead of waiting for their deadlines, and the server is
// probed until it is back.
//
// A slow statement is no outage: the server answers a probe beside it.
type outage struct {
	connector driver.Connector
	log       *slog.Logger
	back      func() // called when the server answers again
	under     atomic.Int64
	last      atomic.Int64 // Unix nanoseconds when a transaction last ended, or began when there was no other
	stopped   chan struct{}
	done      chan struct{}

	mu   sync.Mutex
	away bool
	// up ends when an outage begins.
	up   context.Context //nolint:containedctx // It is a state of the database, not of a request.
	fail context.CancelCauseFunc
}

// errAway ends the contexts of transactions that an outage meets.
var errAway = errors.New("the database has stopped to answer")

func watchOutages(connector driver.Connector, log *slog.Logger, back func()) *outage {
	o := &outage{connector: connector, log: log, back: back, stopped: make(chan struct{}), done: make(chan struct{})}
	o.up, o.fail = context.WithCancelCause(context.Background())
	go o.watch()
	return o
}

func (o *outage) stop() {
	close(o.stopped)
	<-o.done
	o.fail(nil)
}

// enter returns ctx such that it also ends when an outage begins. During an
// outage it returns the error for the client. Cancel counts the caller out.
func (o *outage) enter(ctx context.Context) (context.Context, context.CancelFunc, error) {
	o.mu.Lock()
	up, away := o.up, o.away
	o.mu.Unlock()
	if away {
		return nil, nil, failureErrors[failureConnection]
	}
	if o.under.Add(1) == 1 {
		o.answered()
	}
	inner, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(up, func() { cancel(errAway) })
	return inner, func() {
		stop()
		cancel(nil)
		o.under.Add(-1)
	}, nil
}

// answered notes that the database works.
func (o *outage) answered() { o.last.Store(time.Now().UnixNano()) }

// cause returns the error of a transaction that ended with err under a context of
// enter.
func (o *outage) cause(ctx context.Context, err error) error {
	if err != nil && mlflow.AsError(err) == nil && errors.Is(context.Cause(ctx), errAway) {
		return failureErrors[failureConnection]
	}
	return err
}

func (o *outage) watch() {
	defer close(o.done)
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-o.stopped:
			return
		}
		quiet := time.Since(time.Unix(0, o.last.Load()))
		if o.isAway() || o.under.Load() > 0 && quiet > suspicion {
			o.look()
		}
	}
}

func (o *outage) isAway() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.away
}

// look asks the database whether it answers and acts on that.
func (o *outage) look() {
	err := o.probe()
	o.mu.Lock()
	was := o.away
	o.away = err != nil
	switch {
	case err != nil && !was:
		o.log.Error("the database does not answer; requests are refused until it does", "error", err)
		o.fail(errAway)
	case err == nil && was:
		o.log.Info("the database answers again")
		o.up, o.fail = context.WithCancelCause(context.Background())
	}
	o.mu.Unlock()
	if err == nil {
		o.answered()
		if was {
			o.back()
		}
	}
}

// probe makes a connection of its own and pings the server through it.
func (o *outage) probe() error {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	c, err := o.connector.Connect(ctx)
	if err != nil {
		if refusedByServer(err) {
			return nil
		}
		return err
	}
	defer func() { _ = c.Close() }() // Its work is done.
	if p, ok := c.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}
