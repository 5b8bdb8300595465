package gcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// maxAttempts is how often a request is sent.
const maxAttempts = 3

// errStalled is the error of a request on which no byte has arrived or left for the time that the settings allow.
var errStalled = errors.New("no data for too long")

// request is a request that can be sent again.
type request struct {
	method string
	url    string
	header map[string]string
	body   [][]byte
	// accept is a status that is not an error, besides those of success.
	accept int
}

// escape encodes all but the characters that RFC 3986 calls unreserved, as signatures require.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// send sends a request until it succeeds or has failed for good. The caller closes the body.
func (b *bucket) send(ctx context.Context, r request) (*http.Response, error) {
	var res *http.Response
	err := b.store.retry(ctx, func(int) (err error) {
		res, err = b.store.once(ctx, r) //nolint:bodyclose // The caller does it.
		return err
	})
	return res, b.failed(err)
}

// retry repeats attempts that fail for a reason that passes:
// https://cloud.google.com/storage/docs/retry-strategy. The argument is the number of attempts before.
func (s *store) retry(ctx context.Context, attempt func(n int) error) error {
	for n := 0; ; n++ {
		err := attempt(n)
		if err == nil || n+1 == maxAttempts || ctx.Err() != nil || !passes(err) {
			return err
		}
		pause := s.pause << n
		select {
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // The jitter is no secret.
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once sends a request once.
func (s *store) once(ctx context.Context, r request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{ctx: ctx, cancel: cancel, limit: s.timeout}
	w.timer = time.AfterFunc(s.timeout, func() { cancel(errStalled) })
	res, err := s.exchange(ctx, r, w)
	w.timer.Stop()
	if err == nil && res.StatusCode/100 != 2 && res.StatusCode != r.accept {
		err = readError(res)
		_ = res.Body.Close() // The error has been read.
	}
	if err != nil {
		err = w.cause(err)
		cancel(nil)
		return nil, err
	}
	res.Body = &body{res.Body, w}
	return res, nil
}

func (s *store) exchange(ctx context.Context, r request, w *watch) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	// Without this header, net/http and the store decompress objects that were stored compressed, so that their size and
	// the offsets of ranges are unknown.
	req.Header.Set("Accept-Encoding", "gzip")
	if s.tokens != nil {
		token, err := s.token(ctx)
		if err != nil {
			return nil, err
		}
		token.SetAuthHeader(req)
	}
	if len(r.body) > 0 {
		readers := make([]io.Reader, len(r.body))
		for i, data := range r.body {
			readers[i] = bytes.NewReader(data)
			req.ContentLength += int64(len(data))
		}
		req.Body = io.NopCloser(&watchedReader{io.MultiReader(readers...), w})
	}
	if req.ContentLength == 0 {
		req.Body = http.NoBody
	}
	res, err := s.client.Do(req)
	var withURL *url.Error
	if errors.As(err, &withURL) { // The URL of an upload is a secret.
		err = withURL.Err
	}
	return res, err
}

// token returns a token that is valid. x/oauth2 has no context for the request that it may need.
func (s *store) token(ctx context.Context) (*oauth2.Token, error) {
	type result struct {
		token *oauth2.Token
		err   error
	}
	done := make(chan result, 1)
	go func() {
		token, err := s.tokens.Token()
		done <- result{token, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			var network net.Error // of the metadata server, for which x/oauth2 has another client
			return nil, &tokenError{r.err, s.noTokens.Load() || errors.As(r.err, &network)}
		}
		return r.token, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// watch ends a request on which nothing moves.
type watch struct {
	ctx    context.Context //nolint:containedctx // It is the context of the request.
	cancel context.CancelCauseFunc
	limit  time.Duration
	timer  *time.Timer
}

// cause returns the reason for an error.
func (w *watch) cause(err error) error {
	if errors.Is(context.Cause(w.ctx), errStalled) {
		return fmt.Errorf("%w (%s)", errStalled, w.limit)
	}
	return err
}

// watchedReader is the body of a request. Each read shows that the store has accepted bytes.
type watchedReader struct {
	io.Reader
	watch *watch
}

func (r *watchedReader) Read(p []byte) (int, error) {
	r.watch.timer.Reset(r.watch.limit)
	return r.Reader.Read(p)
}

// body is the body of a response. Only the time of reads counts, because the reader may be slow.
type body struct {
	io.ReadCloser
	watch *watch
}

func (b *body) Read(p []byte) (int, error) {
	b.watch.timer.Reset(b.watch.limit)
	n, err := b.ReadCloser.Read(p)
	b.watch.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.watch.cause(err)
	}
	return n, err
}

func (b *body) Close() error {
	b.watch.cancel(nil)
	return b.ReadCloser.Close()
}
