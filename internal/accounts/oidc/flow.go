package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/mlflow"
)

// LoginTime is how long a login at the provider may take.
const LoginTime = 10 * time.Minute

// loginState is what a login needs when the browser comes back. It is in a signed cookie,
// which binds the login to the browser.
type loginState struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Next     string `json:"p"`
}

var (
	errOtherSubject = errors.New("it is about another user")
	errNonce        = errors.New("the ID token belongs to another login")
	errNoIDToken    = errors.New("it has sent no ID token")
	errParty        = errors.New("the ID token was issued to another client")

	errState = mlflow.Errorf(mlflow.InvalidParameterValue,
		"The login took too long, or it was begun in another window or browser. Log in again.")
	errRefused = mlflow.Errorf(mlflow.PermissionDenied, "The provider of single sign-on did not let you in.")
)

// CleanNext returns the path of a page of this server to which a login may lead, with its
// query and fragment, or an error. A browser must not take it for a URL of another host.
func CleanNext(next string) (string, error) {
	if next == "" {
		return "/", nil
	}
	unsafe := func(c rune) bool { return c <= ' ' || c == '\\' || c >= 0x7f }
	u, err := url.Parse(next)
	if err != nil || next[0] != '/' || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, unsafe) ||
		u.Scheme != "" || u.Host != "" || u.User != nil {
		return "", mlflow.Errorf(mlflow.InvalidParameterValue,
			"Invalid value for parameter 'next': it must be a path of this server, such as /.")
	}
	return next, nil
}

// Begin begins a login. It returns the URL of the provider to which the browser goes, and
// the value of the cookie with which it must come back to redirectURI.
func (p *Provider) Begin(ctx context.Context, redirectURI, next string) (to, cookie string, err error) {
	next, err = CleanNext(next)
	if err != nil {
		return "", "", err
	}
	f, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	s := loginState{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next}
	cookie, err = p.o.Signer.Sign(s, LoginTime)
	if err != nil {
		return "", "", err
	}
	to = p.oauth(f, redirectURI).AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier))
	return to, cookie, nil
}

func (p *Provider) oauth(f *found, redirectURI string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: f.endpoint, RedirectURL: redirectURI,
		Scopes: f.scopes,
	}
}

// Finish ends a login. It takes the query with which the provider has sent the browser to
// redirectURI, and the cookie of Begin. It returns who the user is and where to go.
func (p *Provider) Finish(
	ctx context.Context, redirectURI, cookie string, query url.Values,
) (i accounts.Identity, next string, err error) {
	var s loginState
	if p.o.Signer.Open(cookie, &s) != nil || s.State == "" ||
		subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(s.State)) != 1 {
		return i, "", errState
	}
	if problem := query.Get("error"); problem != "" {
		p.log.WarnContext(ctx, "the provider of single sign-on has refused a login",
			"error", shorten(problem), "description", shorten(query.Get("error_description")))
		return i, "", errRefused
	}
	if issuer := query.Get("iss"); query.Get("code") == "" || issuer != "" && issuer != p.o.Issuer {
		return i, "", errState
	}
	f, err := p.discover(ctx)
	if err != nil {
		return i, "", err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(f, redirectURI).Exchange(ctx, query.Get("code"), oauth2.VerifierOption(s.Verifier))
	if err != nil {
		return i, "", p.exchangeError(ctx, err)
	}
	c, err := p.claimsOfLogin(ctx, f, token, s.Nonce)
	if err == nil {
		i, err = p.identity(c, true)
	}
	return i, s.Next, err
}

// exchangeError returns the error of the exchange of a code. A code that the provider
// does not accept is the browser's fault.
func (p *Provider) exchangeError(ctx context.Context, err error) error {
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		p.log.WarnContext(ctx, "the provider of single sign-on has refused a code", "error", shorten(err.Error()))
		return errState
	}
	return p.away(ctx, "token", err)
}

// claimsOfLogin returns the claims of the ID token of a login.
func (p *Provider) claimsOfLogin(ctx context.Context, f *found, token *oauth2.Token, nonce string) (claims, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, p.away(ctx, "token", errNoIDToken)
	}
	t, err := f.verify(ctx, raw, p.o.ClientID)
	if err == nil && subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(nonce)) != 1 {
		err = errNonce
	}
	if err != nil {
		return nil, p.away(ctx, "ID token", err)
	}
	c, err := claimsOf(t)
	if err != nil {
		return nil, p.away(ctx, "ID token", err)
	}
	if party, found := c["azp"]; found && party != p.o.ClientID {
		return nil, p.away(ctx, "ID token", errParty)
	}
	return c, p.complete(ctx, f, c, token)
}

// shorten returns the first characters of a text of others for the log.
func shorten(text string) string {
	const limit = 300
	if len(text) > limit {
		text = text[:limit] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
