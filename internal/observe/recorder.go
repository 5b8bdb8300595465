package observe

import (
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// recorder notes what is answered. Deadlines are set through Unwrap.
type recorder struct {
	http.ResponseWriter
	status  int
	n       int64
	err     error // of the first write that failed
	aborted bool
}

// Unwrap lets an [http.ResponseController] find the connection.
func (a *recorder) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *recorder) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	if status == http.StatusRequestEntityTooLarge { // As http.MaxBytesReader has it where it sees the connection.
		a.Header().Set("Connection", "close")
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *recorder) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.n += int64(n)
	if err != nil && a.err == nil {
		a.err = err
	}
	return n, err
}

// counter counts the bytes that are read of a body, and notes whether its sender
// left before the end.
type counter struct {
	io.ReadCloser
	n    int64
	left bool
}

// Read implements io.Reader.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.n += int64(n)
	c.left = c.left || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed)
	return n, err
}
