package mlflow

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Pauses between attempts. They double up to longestPause, unless the response has
// Retry-After.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// requestTimeout is the timeout of a request that does not transfer a file.
const requestTimeout = 2 * time.Minute

// userAgent identifies the SDK to servers.
const userAgent = "millrace-go"

// repeatable reports whether a request may be sent again if it may have been processed.
// The server stores equal values once, but creates an object for each request.
func repeatable(method, path string) bool {
	return method != http.MethodPost || !strings.HasSuffix(path, "/create") && path != Endpoints.CreateLoggedModel.Path
}

// stuckLimit is the most attempts in a row that end no further than an earlier one and
// still count as progress.
const stuckLimit = 5

// window is the time for retries. It starts with the first failure, and again when an
// attempt that transferred bytes breaks off, so that long transfers have the same time
// after each failure as short ones.
type window struct {
	since    time.Time
	furthest int64
	stuck    int
}

// failed records that an attempt ended with err after moved bytes. It reports whether
// the window starts again.
func (w *window) failed(err error, moved int64) (anew bool) {
	broke := AsError(err) == nil && moved > 0 // An error response is not a broken transfer.
	if broke && moved > w.furthest {
		w.furthest, w.stuck = moved, 0
	} else {
		w.stuck++
	}
	if anew = w.since.IsZero() || broke && w.stuck <= stuckLimit; anew {
		w.since = time.Now()
	}
	return anew
}

// retry calls try until it succeeds, fails permanently, or the window ends.
func (c *Client) retry(ctx context.Context, repeatable bool, try func() error) error {
	return c.retryMoving(ctx, repeatable, func(*atomic.Int64) error { return try() })
}

// retryMoving is retry for file transfers. Each attempt adds the bytes that it transfers
// to moved.
func (c *Client) retryMoving(ctx context.Context, repeatable bool, try func(moved *atomic.Int64) error) error {
	var w window
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		var moved atomic.Int64
		err := try(&moved)
		if err == nil {
			return nil
		}
		if w.failed(err, moved.Load()) {
			pause = firstPause
		}
		wait := retryAfter(err, pause)
		if ctx.Err() != nil || !again(err, repeatable) || time.Since(w.since)+wait > c.retryFor {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// do sends a request and returns a response with status 2xx, or an error.
func (c *Client) do(req *http.Request) (*http.Response, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	if c.trusts(req.URL) {
		c.authorize(req)
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the tracking server: %w", err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("reading the answer %s: %w", resp.Status, err)
	}
	err = c.withoutCredentials(resp, responseError(resp, body))
	if seconds, e := strconv.Atoi(resp.Header.Get("Retry-After")); e == nil && seconds > 0 {
		err = &laterError{err, time.Duration(seconds) * time.Second}
	}
	return nil, err
}

// laterError is an error with the time of a Retry-After header.
type laterError struct {
	error
	after time.Duration
}

func (e *laterError) Unwrap() error { return e.error }

func retryAfter(err error, pause time.Duration) time.Duration {
	if later := (*laterError)(nil); errors.As(err, &later) {
		return later.after
	}
	return pause + rand.N(pause/2) //nolint:gosec // Jitter is not a secret.
}

// again reports whether a failed request should be retried.
func again(err error, repeatable bool) bool {
	if e := AsError(err); e != nil {
		switch e.HTTPStatus() {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			return true
		case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
			return repeatable
		}
		return false
	}
	var op *net.OpError
	var file *fs.PathError
	var link *os.LinkError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return true
	case errors.As(err, &file), errors.As(err, &link), errors.As(err, &certificate): // No network's whim.
		return false
	}
	return repeatable
}
