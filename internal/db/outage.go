package db

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
	// quietLimit is the time without the end of a transaction, while some are in
	// progress, after which the server is probed.
	quietLimit = 3 * time.Second
	// probeTimeout bounds a probe.
	probeTimeout = 2 * time.Second
	// checkInterval is the time between two checks.
	checkInterval = 500 * time.Millisecond
)

// outageWatch detects that a database server does not answer. During an outage,
// requests fail immediately instead of waiting for their deadlines, and the server
// is probed until it answers.
//
// A slow statement is not an outage, since the server answers the probe.
type outageWatch struct {
	connector   driver.Connector
	log         *slog.Logger
	onRecovery  func() // called when the server answers again
	inProgress  atomic.Int64
	lastSuccess atomic.Int64 // Unix nanoseconds of the last answer, or of the first entry after a pause
	stopped     chan struct{}
	done        chan struct{}

	mu   sync.Mutex
	down bool
	// up is canceled when an outage begins.
	up   context.Context //nolint:containedctx // It is a state of the server, not of a request.
	fail context.CancelCauseFunc
}

// errDown cancels the contexts of the transactions in progress when an outage
// begins.
var errDown = errors.New("the database has stopped to answer")

func watchOutages(connector driver.Connector, log *slog.Logger, onRecovery func()) *outageWatch {
	o := &outageWatch{
		connector: connector, log: log, onRecovery: onRecovery,
		stopped: make(chan struct{}), done: make(chan struct{}),
	}
	o.up, o.fail = context.WithCancelCause(context.Background())
	go o.watch()
	return o
}

func (o *outageWatch) stop() {
	close(o.stopped)
	<-o.done
	o.fail(nil)
}

// enter registers a transaction. It returns a context that is also canceled when
// an outage begins, and a function to call when the transaction ends. During an
// outage, it returns the error for the client.
func (o *outageWatch) enter(ctx context.Context) (context.Context, context.CancelFunc, error) {
	o.mu.Lock()
	up, down := o.up, o.down
	o.mu.Unlock()
	if down {
		return nil, nil, failureErrors[failureConnection]
	}
	if o.inProgress.Add(1) == 1 {
		o.answered()
	}
	inner, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(up, func() { cancel(errDown) })
	return inner, func() {
		stop()
		cancel(nil)
		o.inProgress.Add(-1)
	}, nil
}

// answered records that the server answers.
func (o *outageWatch) answered() { o.lastSuccess.Store(time.Now().UnixNano()) }

// cause returns the error of a transaction that ended with err. ctx is the context
// that enter returned.
func (o *outageWatch) cause(ctx context.Context, err error) error {
	if err != nil && mlflow.AsError(err) == nil && errors.Is(context.Cause(ctx), errDown) {
		return failureErrors[failureConnection]
	}
	return err
}

func (o *outageWatch) watch() {
	defer close(o.done)
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-o.stopped:
			return
		}
		quiet := time.Since(time.Unix(0, o.lastSuccess.Load()))
		if o.isDown() || o.inProgress.Load() > 0 && quiet > quietLimit {
			o.check()
		}
	}
}

func (o *outageWatch) isDown() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down
}

// check probes the server and begins or ends an outage.
func (o *outageWatch) check() {
	err := o.probe()
	o.mu.Lock()
	was := o.down
	o.down = err != nil
	switch {
	case err != nil && !was:
		o.log.Error("the database does not answer; requests are refused until it does", "error", err)
		o.fail(errDown)
	case err == nil && was:
		o.log.Info("the database answers again")
		o.up, o.fail = context.WithCancelCause(context.Background())
	}
	o.mu.Unlock()
	if err == nil {
		o.answered()
		if was {
			o.onRecovery()
		}
	}
}

// probe opens a connection and pings the server through it.
func (o *outageWatch) probe() error {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	c, err := o.connector.Connect(ctx)
	if err != nil {
		if tooManyConnections(err) {
			return nil
		}
		return err
	}
	defer func() { _ = c.Close() }() // Nothing was sent that could be lost.
	if p, ok := c.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}
