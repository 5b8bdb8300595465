// Package oidc signs users on by a provider of OpenID Connect: in browsers by the
// authorization code flow with PKCE, and in programs by tokens that the provider has
// signed.
//
// The provider is asked for its endpoints when they are needed first. While it is away,
// logins by it fail with a 503, and everything else works.
package oidc

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// discoverEvery is how long the endpoints of the provider are used before they are
	// read again in the background.
	discoverEvery = 24 * time.Hour
	// retryEvery is the shortest time between attempts to reach a provider that is away.
	retryEvery = 5 * time.Second
)

// Options configure a Provider.
type Options struct {
	// Issuer is the URL of the provider, as it is in its tokens.
	Issuer string
	// ClientID and ClientSecret are those of this server at the provider. A public client
	// has no secret.
	ClientID, ClientSecret string
	// DeviceClientID is the client of `millrace login`, which has no secret. The default is
	// ClientID.
	DeviceClientID string
	// Scopes are asked for. They include openid.
	Scopes []string
	// Audiences are accepted in bearer tokens, beside the clients.
	Audiences []string
	// UsernameClaim is the claim with the name of a new user. An e-mail address (email)
	// must be verified.
	UsernameClaim string
	// GroupsClaim is the claim with the groups of a user, and AdminGroup the group of
	// administrators or "".
	GroupsClaim, AdminGroup string
	// AllowedDomains, if there are any, are the domains of e-mail addresses that can sign on.
	AllowedDomains []string
	// Name is the name of the provider for users.
	Name string
	// Signer signs the state of logins. It must be the same on all replicas.
	Signer *signedurl.Signer
	// Log may be nil.
	Log *slog.Logger
}

// Provider is a provider of OpenID Connect.
type Provider struct {
	o      Options
	log    *slog.Logger
	client *http.Client
	calls  singleflight.Group

	mu      sync.Mutex
	found   *found
	failed  error
	triedAt time.Time
}

// found is what the provider says about itself.
type found struct {
	provider *oidc.Provider
	endpoint oauth2.Endpoint
	keys     *keys
	issuer   string
	algs     []string
	scopes   []string
}

// New returns a Provider. It sends no request.
func New(o Options) *Provider {
	o.DeviceClientID = cmp.Or(o.DeviceClientID, o.ClientID)
	return &Provider{o: o, log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)), client: newClient()}
}

// Name returns the name of the provider for users.
func (p *Provider) Name() string { return p.o.Name }

// Device tells a program how it gets a token of the provider by the device flow.
type Device struct {
	Issuer   string   `json:"issuer"`
	ClientID string   `json:"client_id"`
	Scopes   []string `json:"scopes"`
}

// Device returns what `millrace login` needs.
func (p *Provider) Device() Device {
	return Device{Issuer: p.o.Issuer, ClientID: p.o.DeviceClientID, Scopes: p.o.Scopes}
}

var errAway = &mlflow.Error{
	Code: mlflow.TemporarilyUnavailable,
	Message: "The provider of single sign-on does not answer as it should. Try again later, or log in with a password. " +
		"The log of the server says more.",
}

// away logs why the provider cannot be used and returns the error for users.
func (p *Provider) away(ctx context.Context, what string, err error) error {
	p.log.WarnContext(ctx, "the provider of single sign-on cannot be used",
		"issuer", p.o.Issuer, "step", what, "error", err)
	return errAway
}

// discover returns what the provider says about itself. Concurrent calls share a request.
func (p *Provider) discover(ctx context.Context) (*found, error) {
	p.mu.Lock()
	known, failed, age := p.found, p.failed, time.Since(p.triedAt)
	p.mu.Unlock()
	switch {
	case known != nil && age < discoverEvery:
		return known, nil
	case known == nil && failed != nil && age < retryEvery:
		return nil, failed
	}
	done := p.calls.DoChan("", func() (any, error) { return p.request(context.WithoutCancel(ctx)) })
	if known != nil {
		return known, nil
	}
	select {
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*found), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// request asks the provider about itself. If that fails, what is known already remains.
func (p *Provider) request(ctx context.Context) (*found, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	f, err := p.read(ctx)
	if err != nil {
		err = p.away(ctx, "discovery", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed, p.triedAt = err, time.Now()
	if err != nil {
		return nil, err
	}
	p.found = f
	return f, nil
}

func (p *Provider) read(ctx context.Context) (*found, error) {
	provider, err := oidc.NewProvider(ctx, p.o.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		Keys   string   `json:"jwks_uri"`
		Algs   []string `json:"id_token_signing_alg_values_supported"`
		Scopes []string `json:"scopes_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	f := &found{
		provider: provider, endpoint: provider.Endpoint(), issuer: p.o.Issuer, keys: newKeys(ctx, more.Keys),
		scopes: SupportedScopes(p.o.Scopes, more.Scopes),
	}
	f.algs = slices.DeleteFunc(more.Algs, func(alg string) bool { return !slices.Contains(signatures, alg) })
	if len(f.algs) == 0 {
		f.algs = []string{oidc.RS256}
	}
	return f, nil
}

// groupsScope is not a standard scope: many providers put the groups into their tokens
// without it, and refuse it.
const groupsScope = "groups"

// SupportedScopes returns the scopes without groups if that is not among those that a
// provider says it supports.
func SupportedScopes(scopes, supported []string) []string {
	if len(supported) == 0 || slices.Contains(supported, groupsScope) {
		return scopes
	}
	return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == groupsScope })
}

// signatures are the algorithms of signatures that a key of the provider can be used for.
// Neither "none" nor those with a shared secret are among them.
var signatures = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// verify checks the signature, the issuer and the expiry of a token. clientID must be in
// its audience, unless it is "".
func (f *found) verify(ctx context.Context, token, clientID string) (*oidc.IDToken, error) {
	unavailable := false
	verifier := oidc.NewVerifier(f.issuer, f.keys, &oidc.Config{
		ClientID: clientID, SkipClientIDCheck: clientID == "", SupportedSigningAlgs: f.algs,
	})
	t, err := verifier.Verify(context.WithValue(ctx, unavailableKey{}, &unavailable), token)
	if unavailable {
		return nil, &unavailableError{err}
	}
	return t, err
}
