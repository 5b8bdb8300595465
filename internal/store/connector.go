package store

import (
	"context"
	"database/sql/driver"
	"sync"
)

// maxConnecting is how many connections are being made at once.
const maxConnecting = 4

// patientConnector finishes a connection that its request no longer waits for,
// and gives it to the next one. A connection that breaks off in the middle costs a
// server as much as one that is made, and MariaDB and MySQL refuse a whole host
// after a hundred of them.
type patientConnector struct {
	driver.Connector
	ready chan connected

	mu      sync.Mutex
	waiting int // calls of Connect
	under   int // connections that are being made or are in ready
}

// connected is the result of a driver's Connect.
type connected struct {
	conn driver.Conn
	err  error
}

func newPatientConnector(c driver.Connector) *patientConnector {
	return &patientConnector{Connector: c, ready: make(chan connected, maxConnecting)}
}

// Connect implements driver.Connector. The driver's own limit bounds the time that
// making a connection takes.
func (p *patientConnector) Connect(ctx context.Context) (driver.Conn, error) {
	p.count(ctx, 1, 0)
	select {
	case r := <-p.ready:
		p.count(ctx, -1, -1)
		return r.conn, r.err
	case <-ctx.Done():
		p.count(ctx, -1, 0)
		return nil, ctx.Err()
	}
}

// count notes changes and begins as many connections as are waited for. They do
// not end with ctx.
func (p *patientConnector) count(ctx context.Context, waiting, under int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting += waiting
	p.under += under
	for ; p.under < min(p.waiting, maxConnecting); p.under++ {
		go func() {
			c, err := p.Connector.Connect(context.WithoutCancel(ctx))
			p.ready <- connected{c, err}
		}()
	}
}

// Close implements io.Closer for database/sql. It closes connections that nobody
// waits for.
func (p *patientConnector) Close() error {
	for {
		select {
		case r := <-p.ready:
			p.count(context.Background(), 0, -1)
			if r.err == nil {
				_ = r.conn.Close() // It was never used.
			}
		default:
			return nil
		}
	}
}
