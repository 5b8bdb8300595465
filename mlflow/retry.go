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

// The pause before a request is repeated: twice as long each time, up to
// longestPause, or what the server asks for in Retry-After.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// requestTimeout is how long one request may take, files aside: a connection that
// went dead is given up, and the request repeated.
const requestTimeout = 2 * time.Minute

// userAgent names the SDK to servers.
const userAgent = "millrace-go"

// repeatable tells whether a request may be sent again after it was perhaps
// carried out: logging the same values twice stores them once, but creating
// twice makes two.
func repeatable(method, path string) bool {
	return method != http.MethodPost || !strings.HasSuffix(path, "/create") && path != Endpoints.CreateLoggedModel.Path
}

// stuckLimit is how many attempts in a row may break off no further than an
// earlier one did and still count as progress.
const stuckLimit = 5

// window is the time in which something is tried again. It begins when the first
// attempt fails, and anew whenever an attempt that moved bytes breaks off, so that
// a long transfer has as much time after each break as a short one.
type window struct {
	since    time.Time
	furthest int64
	stuck    int
}

// failed notes that an attempt ended with err after it had moved some bytes. It
// tells whether the window begins with that.
func (w *window) failed(err error, moved int64) (anew bool) {
	broke := AsError(err) == nil && moved > 0 // A server that answers has not broken off.
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

// retry calls try until it succeeds, has failed for good, or the time for retries
// is over.
func (c *Client) retry(ctx context.Context, repeatable bool, try func() error) error {
	return c.retryMoving(ctx, repeatable, func(*atomic.Int64) error { return try() })
}

// retryMoving is retry for a transfer of files. Each attempt counts in moved the
// bytes that it moves.
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

// do sends a request. It returns the response if its status is 2xx, or an error.
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

// laterError carries the server's wish to be asked again after a while.
type laterError struct {
	error
	after time.Duration
}

func (e *laterError) Unwrap() error { return e.error }

func retryAfter(err error, pause time.Duration) time.Duration {
	if later := (*laterError)(nil); errors.As(err, &later) {
		return later.after
	}
	return pause + rand.N(pause/2) //nolint:gosec // Spreads clients, keeps no secret.
}

// again tells whether a failed request is worth repeating.
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
