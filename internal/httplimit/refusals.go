// Package httplimit guards the connections of an HTTP server: none is held by a
// request that does not arrive or an answer that is not read, and every refusal
// can be read, also those that no handler sees.
package httplimit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// HeaderTime is how long the head of a request may take to arrive.
const HeaderTime = 10 * time.Second

const (
	idleTime  = 2 * time.Minute
	maxHeader = 64 << 10 // bytes of a request before its body
)

// Guard sets the limits of s, which has its handler by then, and returns the
// listener that it has to serve. ErrorJSON makes the body of a refusal.
func Guard(s *http.Server, l net.Listener, errorJSON func(message string) []byte) net.Listener {
	s.ReadHeaderTimeout, s.IdleTimeout, s.MaxHeaderBytes = HeaderTime, idleTime, maxHeader
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if w, ok := c.(*wordedConn); ok && state == http.StateIdle {
			w.answering.Store(false)
		}
	}
	next := boundBodies(s.Handler)
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(*wordedConn); ok {
			c.answering.Store(true)
		}
		next.ServeHTTP(w, r)
	})
	return wordedListener{l, errorJSON}
}

// A request that net/http cannot read (a broken header, an unknown transfer
// encoding) reaches no handler: net/http refuses it by itself, in plain text and
// in part with 5xx, and hangs up on what is still being sent. The types here word
// such a refusal like every other error, and let its receiver read it.

// wordedListener accepts connections that word refusals.
type wordedListener struct {
	net.Listener
	errorJSON func(message string) []byte
}

// Accept implements net.Listener.
func (l wordedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &wordedConn{TCPConn: tcp, errorJSON: l.errorJSON}, err
	}
	return c, err
}

// wordedConn is a connection; answering tells that what is written now comes
// from a handler.
type wordedConn struct {
	*net.TCPConn
	errorJSON func(message string) []byte
	answering atomic.Bool
}

type connKey struct{}

// Write implements net.Conn. net/http writes a refusal in one piece, before or
// between the answers of handlers.
func (c *wordedConn) Write(b []byte) (int, error) {
	if c.answering.Load() {
		return c.TCPConn.Write(b)
	}
	status, reason := refusal(b)
	if status == 0 {
		return c.TCPConn.Write(b)
	}
	if _, err := c.TCPConn.Write(c.worded(status, reason)); err != nil {
		return 0, err
	}
	c.linger()
	return len(b), nil
}

// refusal takes apart what net/http answers by itself; status is 0 for an answer
// that is none.
func refusal(b []byte) (status int, reason string) {
	rest, ok := bytes.CutPrefix(b, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 {
		return 0, ""
	}
	status, err := strconv.Atoi(string(rest[:3]))
	if err != nil || status < http.StatusBadRequest {
		return 0, ""
	}
	_, body, _ := bytes.Cut(rest, []byte("\r\n\r\n"))
	reason = strings.TrimPrefix(string(body), string(rest[:3])+" "+http.StatusText(status))
	return status, strings.TrimPrefix(reason, ": ")
}

func (c *wordedConn) worded(status int, reason string) []byte {
	switch {
	case status == http.StatusRequestHeaderFieldsTooLarge:
		reason = fmt.Sprintf("its headers, the URL included, have more than %d KiB", maxHeader>>10)
	case status == http.StatusExpectationFailed:
		reason = "of all expectations only 100-continue is known"
	case reason == "":
		reason = "it is not well-formed HTTP/1.1"
	}
	if status >= http.StatusInternalServerError { // It is the request that is wrong.
		status = http.StatusBadRequest
	}
	body := c.errorJSON("The request cannot be read: " + reason + ".")
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %d\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n\r\n",
		status, http.StatusText(status), len(body))
	return append([]byte(head), body...)
}

// linger reads on for a moment. To close a connection on which bytes are unread
// resets it, and its other end loses the answer.
func (c *wordedConn) linger() {
	_ = c.CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.CopyN(io.Discard, c.TCPConn, 16<<20)
}
