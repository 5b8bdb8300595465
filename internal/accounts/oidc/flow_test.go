package oidc_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/accounts/oidc"
	"github.com/millrace-ml/millrace/internal/accounts/oidc/oidctest"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/mlflow"
)

const callback = "http://millrace.example/ajax-api/millrace/oidc/callback"

// visit begins a login and goes to the provider. It returns the cookie and the query
// with which the browser comes back.
func visit(t *testing.T, client *oidc.Provider) (cookie string, query url.Values) {
	t.Helper()
	to, cookie, err := client.Begin(t.Context(), callback, "/#/experiments/1")
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil || !strings.HasPrefix(back.String(), callback+"?") {
		t.Fatalf("%s: %d, %v, %v", to, resp.StatusCode, back, err)
	}
	return cookie, back.Query()
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*oidctest.Provider, *oidc.Options)
		want    accounts.Identity
		code    mlflow.ErrorCode
	}{
		"public client": {
			want: accounts.Identity{Username: "ann@example.org", Adopts: true, KnowsGroups: true},
		},
		"confidential client": {
			prepare: func(p *oidctest.Provider, o *oidc.Options) { p.Secret, o.ClientSecret = "s3cret", "s3cret" },
			want:    accounts.Identity{Username: "ann@example.org", Adopts: true, KnowsGroups: true},
		},
		"wrong secret": {
			prepare: func(p *oidctest.Provider, o *oidc.Options) { p.Secret, o.ClientSecret = "s3cret", "x" },
			code:    mlflow.TemporarilyUnavailable,
		},
		"groups in the token": {
			prepare: func(p *oidctest.Provider, o *oidc.Options) {
				p.User["realm_access"] = oidctest.Claims{"roles": []string{"a", "b"}}
				o.GroupsClaim, o.AdminGroup = "realm_access.roles", "b"
			},
			want: accounts.Identity{Username: "ann@example.org", Adopts: true, KnowsGroups: true, Groups: []string{"a", "b"}, AdminGroup: "b"},
		},
		"groups of the user info": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) {
				p.Info = oidctest.Claims{"groups": []string{"a"}, "email": "evil@example.org"}
			},
			want: accounts.Identity{Username: "ann@example.org", Adopts: true, KnowsGroups: true, Groups: []string{"a"}},
		},
		"a single group": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.User["groups"] = "a" },
			want:    accounts.Identity{Username: "ann@example.org", Adopts: true, KnowsGroups: true, Groups: []string{"a"}},
		},
		"too many groups": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) {
				p.User["_claim_names"], p.User["_claim_sources"] = oidctest.Claims{"groups": "src1"}, oidctest.Claims{"src1": oidctest.Claims{"endpoint": "https://graph.example/groups"}}
			},
			want: accounts.Identity{Username: "ann@example.org", Adopts: true},
		},
		"preferred_username": {
			prepare: func(p *oidctest.Provider, o *oidc.Options) {
				p.User, o.UsernameClaim = oidctest.Claims{"sub": "u1", "preferred_username": "ann"}, "preferred_username"
			},
			want: accounts.Identity{Username: "ann", KnowsGroups: true},
		},
		"no user name": {
			prepare: func(_ *oidctest.Provider, o *oidc.Options) { o.UsernameClaim = "preferred_username" },
			code:    mlflow.PermissionDenied,
		},
		"address not verified": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.User["email_verified"] = false },
			code:    mlflow.PermissionDenied,
		},
		"verification of another address": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) {
				p.User = oidctest.Claims{"sub": "u1", "email": "boss@example.org"}
				p.Info = oidctest.Claims{"email": "mine@example.org", "email_verified": true}
			},
			code: mlflow.PermissionDenied,
		},
		"allowed domain": {
			prepare: func(_ *oidctest.Provider, o *oidc.Options) { o.AllowedDomains = []string{"example.com", "EXAMPLE.org"} },
			want:    accounts.Identity{Username: "ann@example.org", Adopts: true, KnowsGroups: true},
		},
		"other domain": {
			prepare: func(p *oidctest.Provider, o *oidc.Options) {
				p.User["email"], o.AllowedDomains = "ann@evil-example.org", []string{"example.org"}
			},
			code: mlflow.PermissionDenied,
		},
		"refused by the provider": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.Deny = "access_denied" },
			code:    mlflow.PermissionDenied,
		},
		"another nonce": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.Change = func(c oidctest.Claims) { c["nonce"] = "x" } },
			code:    mlflow.TemporarilyUnavailable,
		},
		"no nonce": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.Change = func(c oidctest.Claims) { delete(c, "nonce") } },
			code:    mlflow.TemporarilyUnavailable,
		},
		"another audience": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.Change = func(c oidctest.Claims) { c["aud"] = "x" } },
			code:    mlflow.TemporarilyUnavailable,
		},
		"issued to another client": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.Change = func(c oidctest.Claims) { c["azp"] = "x" } },
			code:    mlflow.TemporarilyUnavailable,
		},
		"another user in the user info": {
			prepare: func(p *oidctest.Provider, _ *oidc.Options) { p.Info = oidctest.Claims{"sub": "u2"} },
			code:    mlflow.TemporarilyUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := oidctest.Start(t)
			o := options(p)
			if c.prepare != nil {
				c.prepare(p, &o)
			}
			client := oidc.New(o)
			cookie, query := visit(t, client)
			got, next, err := client.Finish(t.Context(), callback, cookie, query)
			if c.code != "" {
				if !errors.Is(err, c.code) {
					t.Fatalf("%+v, %v, want %s", got, err, c.code)
				}
				return
			}
			c.want.Issuer, c.want.Subject = p.URL, "u1"
			if err != nil || next != "/#/experiments/1" || got.Username != c.want.Username || got.Subject != c.want.Subject ||
				got.Issuer != c.want.Issuer || got.Adopts != c.want.Adopts || got.KnowsGroups != c.want.KnowsGroups ||
				got.AdminGroup != c.want.AdminGroup || !slices.Equal(got.Groups, c.want.Groups) {
				t.Errorf("%+v, %q, %v, want %+v", got, next, err, c.want)
			}
		})
	}
}

// TestForgedReturns comes back from the provider with another login's parts.
func TestForgedReturns(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	client := oidc.New(options(p))
	cookie, query := visit(t, client)
	otherCookie, otherQuery := visit(t, client)
	foreign := options(p)
	foreign.Signer = signedurl.New([32]byte{2}, "oidc")
	foreignCookie, foreignQuery := visit(t, oidc.New(foreign))
	with := func(q url.Values, change ...string) url.Values {
		q = url.Values{"state": q["state"], "code": q["code"]}
		for i := 0; i < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		return q
	}
	for name, c := range map[string]struct {
		cookie string
		query  url.Values
	}{
		"no cookie":                      {"", query},
		"another login's cookie":         {otherCookie, query},
		"a cookie of another key":        {foreignCookie, foreignQuery},
		"a changed cookie":               {cookie[1:], query},
		"no state":                       {cookie, with(query, "state", "")},
		"another state":                  {cookie, with(query, "state", otherQuery.Get("state"))},
		"no code":                        {cookie, with(query, "code", "")},
		"a made-up code":                 {cookie, with(query, "code", "x")},
		"another provider":               {cookie, with(query, "iss", "https://evil.example")},
		"another login's code":           {cookie, with(query, "code", foreignQuery.Get("code"))},
		"an error that nobody asked for": {"", url.Values{"error": {"access_denied"}, "state": {"x"}}},
	} {
		if i, _, err := client.Finish(t.Context(), callback, c.cookie, c.query); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
	if _, _, err := client.Finish(t.Context(), callback, otherCookie, with(otherQuery, "iss", p.URL)); err != nil {
		t.Error(err)
	}
	if _, _, err := client.Finish(t.Context(), callback, otherCookie, otherQuery); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("a code twice: %v", err)
	}
}

func TestCleanNext(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"": "/", "/": "/", "/#/experiments/1?x=%2F%2Fa": "/#/experiments/1?x=%2F%2Fa", "/a//b?c=http://x#d": "/a//b?c=http://x#d",
	} {
		if got, err := oidc.CleanNext(next); err != nil || got != want {
			t.Errorf("%q: %q, %v", next, got, err)
		}
	}
	for _, next := range []string{
		"//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, `/a\b`, "https://evil.example", "evil.example",
		"javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", " /", "/\x00", "/%zz", "?a", "#a",
		"//evil.example/%2f..", "http:/evil.example", "/a b", "/é", "/\x7f",
	} {
		if got, err := oidc.CleanNext(next); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%q is accepted as %q, %v", next, got, err)
		}
	}
}
