package azure

import (
	"context"
	"net/http"
	"time"
)

const (
	// renewBefore is how long before its end a token is renewed.
	renewBefore = 5 * time.Minute
	// renewAgain is the pause after a renewal that failed while the token was still valid.
	renewAgain = 30 * time.Second
	// tokenTime limits the requests for a token.
	tokenTime = 30 * time.Second
)

// token is an access token.
type token struct {
	value   string
	expires time.Time
}

// tokens keeps the token of an identity. It is a credential.
type tokens struct {
	fetch func(context.Context) (token, error)
	lock  chan struct{} // has one element while somebody uses the fields below
	token token
	renew time.Time // when to fetch the next one
}

func newTokens(fetch func(context.Context) (token, error)) *tokens {
	return &tokens{fetch: fetch, lock: make(chan struct{}, 1)}
}

func (t *tokens) authorize(ctx context.Context, r *http.Request) error {
	value, err := t.get(ctx)
	if err == nil {
		r.Header.Set("Authorization", "Bearer "+value)
	}
	return err
}

// get returns a valid token. One caller at a time fetches it, and the others wait.
func (t *tokens) get(ctx context.Context) (string, error) {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := time.Now()
	if now.Before(t.renew) && now.Before(t.token.expires) {
		return t.token.value, nil
	}
	fetching, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	fetched, err := t.fetch(fetching)
	switch {
	case err == nil:
		t.token = fetched
		t.renew = fetched.expires.Add(-renewBefore)
		if least := now.Add(renewAgain); t.renew.Before(least) { // It is one of a short life.
			t.renew = least
		}
	case ctx.Err() != nil:
		return "", ctx.Err()
	case now.Before(t.token.expires):
		t.renew = now.Add(renewAgain)
	default:
		return "", err
	}
	return t.token.value, nil
}
