package object

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// EnvTimeout is MLflow's variable with the number of seconds that a store has.
const EnvTimeout = "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT"

const (
	// DefaultStall is the time in which a store has to send or to accept the next bytes.
	DefaultStall = 60 * time.Second
	// Forever is the time of settings without a limit. Deadlines must not overflow.
	Forever = 100 * 365 * 24 * time.Hour
)

// StallTime reads the value of EnvTimeout. As in MLflow, -1 means no limit, and 0 the default.
func StallTime(value string) (time.Duration, error) {
	if value == "" || value == "0" {
		return DefaultStall, nil
	}
	if value == "-1" {
		return Forever, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s=%s: want a number of seconds, or -1", EnvTimeout, value)
	}
	return min(time.Duration(n)*time.Second, Forever), nil
}

// Dial returns a function for [http.Transport] that opens connections within the time connect. Reads and writes fail
// with [os.ErrDeadlineExceeded] if no byte moves in either direction for the time stall. Without that limit, a request
// to a store that stalls does not end before its client hangs up.
func Dial(connect, stall time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: connect}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c, stall: stall}, nil
	}
}

// conn is a connection with a deadline that each read and write extends for both, because [http.Transport] reads while
// it writes.
type conn struct {
	net.Conn
	stall   time.Duration
	stalled atomic.Bool
}

// failed returns the error of a read or a write. [http.Transport] closes the connection when its read fails, and then
// reports the error of the write.
func (c *conn) failed(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.stalled.Store(true)
	}
	if errors.Is(err, net.ErrClosed) && c.stalled.Load() {
		return os.ErrDeadlineExceeded
	}
	return err
}

func (c *conn) Read(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, c.failed(err)
	}
	n, err := c.Conn.Read(p)
	return n, c.failed(err)
}

// writePart is the size of the largest single write, so that a slow connection moves in time.
const writePart = 64 << 10

func (c *conn) Write(p []byte) (n int, err error) {
	for err == nil && n < len(p) {
		if err = c.SetDeadline(time.Now().Add(c.stall)); err == nil {
			var written int
			written, err = c.Conn.Write(p[n:min(len(p), n+writePart)])
			n += written
		}
	}
	return n, c.failed(err)
}
