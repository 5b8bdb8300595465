// Package httplimit bounds how long a client may hold a connection of an HTTP
// server, and how large a request may be. It is the only place that sets
// deadlines of connections.
//
// A server is limited by [Configure], or a handler alone by [Handler]. Inside it,
// every read of a request body and every write of a response has a deadline of its
// own, so that slow but steady clients are served and stalled ones are not.
package httplimit

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// HeaderTimeout is the time that a client has to send the header of a request.
const HeaderTimeout = 10 * time.Second

const (
	idleTimeout = 2 * time.Minute
	maxHeader   = 64 << 10 // bytes of a request before its body

	// defaultBodyTimeout applies to the whole body unless a handler calls SetBodyTimeouts.
	defaultBodyTimeout = 10 * time.Second
	// drainPause and drainTimeout bound the reading of a body that its handler left
	// unread. Many clients read the response only after they have sent everything.
	drainPause   = 5 * time.Second
	drainTimeout = 30 * time.Second
	// writeTimeout applies to every part of a response, which has at most maxPart bytes.
	writeTimeout = time.Minute
	maxPart      = 256 << 10
)

// Configure sets the limits of s and wraps its handler, which must be set.
func Configure(s *http.Server) {
	s.ReadHeaderTimeout, s.IdleTimeout, s.MaxHeaderBytes = HeaderTimeout, idleTimeout, maxHeader
	s.Handler = Handler(s.Handler)
}

// Handler returns a handler that limits the requests of next. After next returns,
// it reads the rest of the request body for a while, so that a client that is
// still sending receives the response instead of a reset connection.
//
// Deadlines are best effort: not every ResponseWriter supports them.
func Handler(next http.Handler) http.Handler { return handler(next, shared) }

func handler(next http.Handler, m *memory) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Time{}) // It may still be that of the last response.
		writer := &responseWriter{ResponseWriter: w, control: control}
		defer writer.extend() // net/http flushes its buffer after the handler returns.
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(writer, r)
			return
		}
		b := &body{ReadCloser: r.Body, control: control, share: share{of: m}}
		defer b.share.release()
		b.setTimeouts(defaultBodyTimeout, defaultBodyTimeout)
		inner := r.WithContext(context.WithValue(r.Context(), bodyKey{}, b))
		inner.Body = b
		next.ServeHTTP(writer, inner)
		if b.err != nil && !errors.Is(b.err, io.EOF) {
			_ = control.SetReadDeadline(time.Now()) // Stop net/http from reading the rest.
			return
		}
		// A client that waits for "100 Continue" sends nothing until the first read.
		if b.begun || !strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
			b.setTimeouts(drainPause, drainTimeout)
			_, _ = io.Copy(io.Discard, b)
		}
	})
}

// responseWriter gives the client a minute to receive each part of a response.
type responseWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Unwrap returns the original writer for [http.ResponseController].
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write implements io.Writer.
func (w *responseWriter) Write(p []byte) (n int, err error) {
	for {
		part := p[n:min(len(p), n+maxPart)]
		w.extend()
		m, err := w.ResponseWriter.Write(part)
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

func (w *responseWriter) extend() { _ = w.control.SetWriteDeadline(time.Now().Add(writeTimeout)) }

type bodyKey struct{}

// body is a request body with a deadline for each read and one for all of them.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	pause   time.Duration
	end     time.Time // Zero means no limit.
	begun   bool
	err     error // of the last read
	share   share // of the memory of large bodies
}

func (b *body) setTimeouts(pause, total time.Duration) {
	b.pause, b.end = pause, time.Time{}
	if total > 0 {
		b.end = time.Now().Add(total)
	}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	b.begun = true
	deadline := time.Now().Add(b.pause)
	if !b.end.IsZero() && b.end.Before(deadline) {
		deadline = b.end
	}
	_ = b.control.SetReadDeadline(deadline)
	n, err := b.ReadCloser.Read(p)
	b.err = err
	if errors.Is(err, io.EOF) {
		// After the body, net/http reads in the background to detect that the client has
		// disconnected. A deadline would look like a disconnection.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// SetBodyTimeouts limits the rest of a request body: pause is the time for each
// read, total the time for all of them, 0 for no limit. It has no effect outside
// of [Handler].
func SetBodyTimeouts(r *http.Request, pause, total time.Duration) {
	if b, ok := r.Context().Value(bodyKey{}).(*body); ok {
		b.setTimeouts(pause, total)
	}
}

// BodyError returns the error that ended the reading of a request body, or nil if
// there is none or the body was read to its end.
func BodyError(r *http.Request) error {
	b, ok := r.Context().Value(bodyKey{}).(*body)
	if !ok || errors.Is(b.err, io.EOF) {
		return nil
	}
	return b.err
}
