package db

import (
	"context"
	"database/sql/driver"
	"sync"
)

// maxConnecting is the maximum of connections that are opened concurrently.
const maxConnecting = 4

// detachedConnector finishes opening a connection even if the request that needs
// it is canceled, and gives the connection to the next request. For the server, an
// aborted handshake costs as much as a complete one, and MariaDB and MySQL block a
// host after a hundred of them.
type detachedConnector struct {
	driver.Connector
	ready chan connectResult

	mu      sync.Mutex
	waiting int // calls of Connect in progress
	opening int // connections that are being opened or are in ready
}

// connectResult is the result of a driver's Connect.
type connectResult struct {
	conn driver.Conn
	err  error
}

func newDetachedConnector(c driver.Connector) *detachedConnector {
	return &detachedConnector{Connector: c, ready: make(chan connectResult, maxConnecting)}
}

// Connect implements driver.Connector. The timeout of the driver bounds the time
// to open a connection.
func (d *detachedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	d.count(ctx, 1, 0)
	select {
	case r := <-d.ready:
		d.count(ctx, -1, -1)
		return r.conn, r.err
	case <-ctx.Done():
		d.count(ctx, -1, 0)
		return nil, ctx.Err()
	}
}

// count adds to the counters and opens as many connections as there are waiting
// calls. Opening continues after the end of ctx.
func (d *detachedConnector) count(ctx context.Context, waiting, opening int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting += waiting
	d.opening += opening
	for ; d.opening < min(d.waiting, maxConnecting); d.opening++ {
		go func() {
			c, err := d.Connector.Connect(context.WithoutCancel(ctx))
			d.ready <- connectResult{c, err}
		}()
	}
}

// Close implements io.Closer for database/sql. It closes the connections that are
// open but not in use.
func (d *detachedConnector) Close() error {
	for {
		select {
		case r := <-d.ready:
			d.count(context.Background(), 0, -1)
			if r.err == nil {
				_ = r.conn.Close() // The connection was never used.
			}
		default:
			return nil
		}
	}
}
