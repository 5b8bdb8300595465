package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	// requestTime is the timeout of a request to the provider.
	requestTime = 10 * time.Second
	// maxResponse is the largest response of the provider that is read, in bytes.
	maxResponse = 1 << 20
	// keysEvery is the shortest time between requests for the keys of the provider. Tokens
	// with made-up keys would otherwise cause one each.
	keysEvery = 10 * time.Second
)

// newClient returns the client of requests to the provider.
func newClient() *http.Client {
	return &http.Client{Timeout: requestTime, Transport: bounded{http.DefaultTransport}}
}

// bounded limits the size of responses.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxResponse), resp.Body}
	}
	return resp, err
}

// keys are the keys of the provider. A signature by an unknown key causes a request for
// them, at most every keysEvery.
type keys struct{ remote *oidc.RemoteKeySet }

// newKeys returns the keys at a URL. The context may end before they are read.
func newKeys(ctx context.Context, url string) *keys {
	client := &http.Client{Timeout: requestTime, Transport: &paced{next: bounded{http.DefaultTransport}}}
	return &keys{oidc.NewRemoteKeySet(oidc.ClientContext(ctx, client), url)}
}

// unavailableKey is the key of a context whose value is set to true if a signature could
// not be checked. The errors of go-oidc's verifier do not tell.
type unavailableKey struct{}

// unavailableError is the error of a token whose signature could not be checked.
type unavailableError struct{ error }

// VerifySignature implements [oidc.KeySet].
func (k *keys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.remote.VerifySignature(ctx, jwt)
	if unavailable, ok := ctx.Value(unavailableKey{}).(*bool); ok && errors.Is(err, errKeysAway) {
		*unavailable = true
	}
	return payload, err
}

var (
	errKeysAway  = errors.New("the keys of the provider cannot be read")
	errKeysKnown = errors.New("the keys of the provider were read a moment ago")
)

// paced sends a request at most every keysEvery. A redirect belongs to its request.
type paced struct {
	next http.RoundTripper

	mu     sync.Mutex
	last   time.Time
	failed bool
}

// RoundTrip implements [http.RoundTripper].
func (p *paced) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock() // go-oidc sends one request at a time.
	if req.Response == nil && !p.last.IsZero() && time.Since(p.last) < keysEvery {
		if p.failed {
			return nil, errKeysAway
		}
		return nil, errKeysKnown
	}
	resp, err := p.next.RoundTrip(req)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = errors.Join(errors.New(resp.Status), resp.Body.Close())
	}
	p.last, p.failed = time.Now(), err != nil
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKeysAway, err)
	}
	return resp, nil
}
