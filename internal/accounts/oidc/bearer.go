package oidc

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxToken is the size of the largest token that is looked at, in bytes.
const maxToken = 16 << 10

var errToken = mlflow.Errorf(mlflow.Unauthenticated,
	"You are not authenticated: the token is not a valid one of the provider of single sign-on, has expired, or is for "+
		"another audience.")

// Verify returns who the user of a bearer token of the provider is, and when the token
// expires. The token is an access token in the form of a JWT, or an ID token.
func (p *Provider) Verify(ctx context.Context, token string) (i accounts.Identity, expires time.Time, err error) {
	if len(token) > maxToken || strings.Count(token, ".") != 2 {
		return i, expires, errToken
	}
	f, err := p.discover(ctx)
	if err != nil {
		return i, expires, err
	}
	t, err := f.verify(ctx, token, "")
	if unavailable := new(unavailableError); errors.As(err, &unavailable) {
		return i, expires, p.away(ctx, "keys", unavailable)
	}
	if err != nil {
		p.log.DebugContext(ctx, "a token of single sign-on is refused", "error", shorten(err.Error()))
		return i, expires, errToken
	}
	if !p.isFor(t) {
		p.log.DebugContext(ctx, "a token of single sign-on is for others", "audience", t.Audience)
		return i, expires, errToken
	}
	c, err := claimsOf(t)
	// A logout token has the same issuer, audience and keys, but proves nothing.
	if _, isEvent := c["events"]; err != nil || isEvent {
		return i, expires, errToken
	}
	i, err = p.identity(c, false)
	return i, t.Expiry, err
}

// isFor reports whether a token is for this server.
func (p *Provider) isFor(t *oidc.IDToken) bool {
	return slices.ContainsFunc(t.Audience, func(audience string) bool {
		return audience != "" && (audience == p.o.ClientID || audience == p.o.DeviceClientID ||
			slices.Contains(p.o.Audiences, audience))
	})
}
