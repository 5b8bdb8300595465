// Package observe sees every request of the server: it gives each an id, measures
// it for Prometheus, and logs the slow and the failed ones.
package observe

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
)

// IDHeader is the header that carries the id of a request, in the request if its
// sender has one already, and in the answer.
const IDHeader = "X-Request-Id"

// StatusClosed stands in logs and metrics for a request whose sender left before
// it was answered. No answer has it.
const StatusClosed = 499

// Names of the label route for what no route takes and for the pages' files.
const (
	RouteNone  = "none"
	RoutePages = "pages"
)

// Observer sees the requests of one server.
type Observer struct {
	// Log gets a line for each request that fails or takes at least Slow.
	Log  *slog.Logger
	Slow time.Duration
	// WriteFailure answers a request whose handler has panicked.
	WriteFailure func(http.ResponseWriter)
	metrics      *metrics
}

// request is what handlers say of the request that they answer.
type request struct {
	id      string
	route   string
	cause   error
	metrics *metrics
}

type contextKey struct{}

func of(ctx context.Context) *request {
	r, _ := ctx.Value(contextKey{}).(*request)
	return r
}

// Route says which route takes the request: a pattern, so that no user's data
// becomes a label.
func Route(ctx context.Context, pattern string) {
	if r := of(ctx); r != nil {
		r.route = pattern
	}
}

// Failed keeps the error that made the request fail, for its line in the log. It
// reports whether somebody logs it.
func Failed(ctx context.Context, cause error) bool {
	r := of(ctx)
	if r == nil {
		return false
	}
	r.cause = cause
	return true
}

// sane is what an id may look like that a sender chose.
var sane = regexp.MustCompile(`^[A-Za-z0-9._:=+/-]{1,128}$`)

// NewID returns an id for a request.
func NewID() string { return fmt.Sprintf("%016x", rand.Uint64()) } //nolint:gosec // It names a request and protects nothing.

// Wrap observes the requests that next answers.
func (o *Observer) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &request{id: r.Header.Get(IDHeader), route: RouteNone, metrics: o.metrics}
		if !sane.MatchString(seen.id) {
			seen.id = NewID()
		}
		w.Header().Set(IDHeader, seen.id)
		answer := &recorder{ResponseWriter: w}
		inner := r.WithContext(context.WithValue(r.Context(), contextKey{}, seen))
		body := &counter{}
		if r.Body != nil && r.Body != http.NoBody {
			body.ReadCloser = r.Body
			inner.Body = body
		}
		o.metrics.inFlight.Inc()
		defer func() {
			o.metrics.inFlight.Dec()
			status := o.ended(inner, seen, answer, recover())
			if body.left {
				status = StatusClosed
			}
			took := time.Since(began)
			o.metrics.observe(r.Method, seen.route, status, took, body.n, answer.n)
			o.logRequest(inner, seen, status, took, body.n, answer.n)
			if answer.aborted {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(answer, inner)
	})
}

// ended returns the status with which a request is counted. A panic is answered if
// nothing was written yet, and ends the connection otherwise.
func (o *Observer) ended(r *http.Request, seen *request, answer *recorder, panicked any) int {
	switch {
	case panicked == http.ErrAbortHandler: //nolint:errorlint // net/http compares it so.
		answer.aborted = true
	case panicked != nil:
		seen.cause = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
		if answer.aborted = answer.status != 0; !answer.aborted {
			o.WriteFailure(answer)
		}
		return http.StatusInternalServerError
	}
	switch {
	case answer.err != nil || answer.aborted || answer.status == StatusClosed, answer.status == 0 && r.Context().Err() != nil:
		return StatusClosed
	case answer.status == 0:
		return http.StatusOK
	}
	return answer.status
}

// maxPath is how much of a path is logged.
const maxPath = 300

func (o *Observer) logRequest(r *http.Request, seen *request, status int, took time.Duration, received, sent int64) {
	level, message := slog.LevelDebug, "request"
	switch {
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented || seen.cause != nil && status != StatusClosed:
		level, message = slog.LevelError, "request failed"
	case took >= o.Slow:
		level = slog.LevelInfo
		if o.Slow > 0 {
			message = "slow request"
		}
	}
	if !o.Log.Enabled(r.Context(), level) {
		return
	}
	path := r.URL.Path // Never the query, which may hold a signature.
	if len(path) > maxPath {
		path = strings.ToValidUTF8(path[:maxPath], "") + "..."
	}
	attrs := []slog.Attr{
		slog.String("method", shortened(r.Method)), slog.String("path", path), slog.String("route", seen.route), slog.Int("status", status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.Int64("bytes_in", received), slog.Int64("bytes_out", sent),
		slog.String("client", r.RemoteAddr),
	}
	if seen.cause != nil {
		attrs = append(attrs, slog.Any("error", seen.cause))
	}
	o.Log.LogAttrs(r.Context(), level, message, attrs...)
}

func shortened(method string) string {
	if len(method) > 20 {
		return strings.ToValidUTF8(method[:20], "") + "..."
	}
	return method
}
