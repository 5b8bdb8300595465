package observe

import (
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// recorder records the status, the size and the errors of a response.
type recorder struct {
	http.ResponseWriter
	status  int
	n       int64
	err     error // of the first write that failed
	aborted bool
}

// Unwrap returns the original writer for [http.ResponseController].
func (a *recorder) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *recorder) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	if status == http.StatusRequestEntityTooLarge {
		// http.MaxBytesReader sets this header only if it gets the writer of net/http.
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

// counter counts the bytes that are read from a body and records whether the
// client disconnected before its end.
type counter struct {
	io.ReadCloser
	n            int64
	disconnected bool
}

// Read implements io.Reader.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.n += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed) {
		c.disconnected = true
	}
	return n, err
}
