// Package observe assigns an ID to every request of a server, measures requests
// for Prometheus, logs slow and failed ones, and recovers from panics of handlers.
package observe

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
)

// StatusClosed is the status in logs and metrics of a request whose client
// disconnected before the response. No response has it.
const StatusClosed = 499

// Values of the label route for requests without a route and for files of the pages.
const (
	RouteNone  = "none"
	RoutePages = "pages"
)

// Observer observes the requests of one server.
type Observer struct {
	// Log receives a line for each request that fails or takes at least Slow.
	Log     *slog.Logger
	Slow    time.Duration
	metrics *metrics // nil without Register
}

// request is what the handlers of a request report about it.
type request struct {
	id      string
	route   string
	cause   error
	metrics *metrics
}

type contextKey struct{}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(contextKey{}).(*request)
	return r
}

// Route sets the route of the request: a pattern, so that labels have no values
// that users choose.
func Route(ctx context.Context, pattern string) {
	if r := requestOf(ctx); r != nil {
		r.route = pattern
	}
}

// validID matches the IDs that a client may choose.
var validID = regexp.MustCompile(`^[A-Za-z0-9._:=+/-]{1,128}$`)

func newID() string { return fmt.Sprintf("%016x", rand.Uint64()) } //nolint:gosec // An ID is not a secret.

// Wrap returns a handler that observes the requests of next.
func (o *Observer) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &request{id: r.Header.Get(apierror.RequestIDHeader), route: RouteNone, metrics: o.metrics}
		if !validID.MatchString(seen.id) {
			seen.id = newID()
		}
		w.Header().Set(apierror.RequestIDHeader, seen.id)
		response := &recorder{ResponseWriter: w}
		inner := r.WithContext(context.WithValue(r.Context(), contextKey{}, seen))
		body := &counter{}
		if r.Body != nil && r.Body != http.NoBody {
			body.ReadCloser = r.Body
			inner.Body = body
		}
		o.metrics.started()
		defer func() {
			status := finish(inner, seen, response, recover())
			if body.disconnected {
				status = StatusClosed
			}
			took := time.Since(began)
			o.metrics.finished(r.Method, seen.route, status, took, body.n, response.n)
			o.logRequest(inner, seen, status, took, body.n, response.n)
			if response.aborted {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(response, inner)
	})
}

// finish returns the status that the request counts with. A panic becomes an error
// response if the handler has written nothing, and aborts the connection otherwise.
func finish(r *http.Request, seen *request, response *recorder, panicked any) int {
	switch {
	case panicked == http.ErrAbortHandler: //nolint:errorlint // net/http compares it in the same way.
		response.aborted = true
	case panicked != nil:
		seen.cause = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
		if response.aborted = response.status != 0; !response.aborted {
			apierror.Write(response, apierror.Internal())
		}
		return http.StatusInternalServerError
	}
	switch {
	case response.err != nil || response.aborted || response.status == StatusClosed,
		response.status == 0 && r.Context().Err() != nil:
		return StatusClosed
	case response.status == 0:
		return http.StatusOK
	}
	return response.status
}

// Longest texts of a request that are logged, in bytes.
const (
	maxPath   = 300
	maxMethod = 20
)

func (o *Observer) logRequest(
	r *http.Request, seen *request, status int, took time.Duration, received, sent int64,
) {
	level, message := slog.LevelDebug, "request"
	switch {
	case isFailure(status) || seen.cause != nil && status != StatusClosed:
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
	attrs := []slog.Attr{
		slog.String("method", apierror.Truncate(r.Method, maxMethod)),
		slog.String("path", apierror.Truncate(r.URL.Path, maxPath)), // The query may contain a signature.
		slog.String("route", seen.route),
		slog.Int("status", status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.Int64("bytes_in", received),
		slog.Int64("bytes_out", sent),
		slog.String("client", r.RemoteAddr),
	}
	if seen.cause != nil {
		attrs = append(attrs, slog.Any("error", seen.cause))
	}
	o.Log.LogAttrs(r.Context(), level, message, attrs...)
}
