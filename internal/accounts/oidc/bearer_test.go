package oidc_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/accounts/oidc"
	"github.com/millrace-ml/millrace/internal/accounts/oidc/oidctest"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/mlflow"
)

// options returns the options of a client of a provider.
func options(p *oidctest.Provider) oidc.Options {
	return oidc.Options{
		Issuer: p.URL, ClientID: p.ClientID, ClientSecret: p.Secret, Scopes: []string{"openid", "email"},
		UsernameClaim: "email", GroupsClaim: "groups", Signer: signedurl.New([32]byte{1}, "oidc"),
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	o := options(p)
	o.Audiences, o.DeviceClientID = []string{"https://millrace"}, "cli"
	client := oidc.New(o)
	for name, more := range map[string]oidctest.Claims{
		"for the client":          {},
		"for the command":         {"aud": "cli"},
		"for an audience":         {"aud": "https://millrace"},
		"for several":             {"aud": []string{"x", "millrace"}},
		"issued to another":       {"azp": "other"},
		"with a nonce":            {"nonce": "n"},
		"verified as a text":      {"email_verified": "true"},
		"valid since a minute on": {"nbf": time.Now().Add(time.Minute).Unix()},
	} {
		i, expires, err := client.Verify(t.Context(), p.Token(more))
		if err != nil || i.Subject != "u1" || i.Issuer != p.URL || i.Username != "ann@example.org" || !i.Adopts || i.KnowsGroups {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
		if left := time.Until(expires); left < 59*time.Minute || left > time.Hour {
			t.Errorf("%s: it expires in %s", name, left)
		}
	}
	if n := p.Hits("/keys") + p.Hits("/.well-known/openid-configuration"); n != 2 {
		t.Errorf("%d requests", n)
	}
	i, _, err := client.Verify(t.Context(), p.Token(oidctest.Claims{"groups": []any{"a", 7, "b"}}))
	if err != nil || !i.KnowsGroups || !slices.Equal(i.Groups, []string{"a", "b"}) {
		t.Errorf("groups: %+v, %v", i, err)
	}
}

// TestHostileTokens sends tokens that the provider has not signed for this server.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	client := oidc.New(options(p))
	key, kid := p.Key()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	valid := p.Token(nil)
	parts := strings.Split(valid, ".")
	header := func(c oidctest.Claims) string { return oidctest.Encode(c) + "." + parts[1] }
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func(secret []byte) string {
		text := header(oidctest.Claims{"alg": "HS256", "typ": "JWT", "kid": kid})
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	with := func(c oidctest.Claims) string { return p.Token(c) }
	signedBy := func(key *rsa.PrivateKey, kid string) string {
		return oidctest.Sign(key, kid, oidctest.Claims{
			"iss": p.URL, "aud": p.ClientID, "sub": "u1", "email": "a@b", "email_verified": true, "exp": time.Now().Add(time.Hour).Unix(),
		})
	}
	hour := time.Now().Add(-time.Hour).Unix()
	for name, token := range map[string]string{
		"alg none":                     header(oidctest.Claims{"alg": "none"}) + ".",
		"alg none with a signature":    header(oidctest.Claims{"alg": "none", "kid": kid}) + "." + parts[2],
		"alg None":                     header(oidctest.Claims{"alg": "None"}) + ".",
		"no alg":                       header(oidctest.Claims{"kid": kid}) + "." + parts[2],
		"HS256 with the public key":    hs256(der),
		"HS256 with the public PEM":    hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"HS256 with the modulus":       hs256(key.N.Bytes()),
		"another key":                  signedBy(other, kid),
		"another key with its name":    signedBy(other, "evil"),
		"another key without a name":   signedBy(other, ""),
		"a key in the header":          oidctest.Encode(oidctest.Claims{"alg": "RS256", "jku": "http://evil.example/keys", "jwk": oidctest.Claims{"kty": "RSA", "n": "AQAB", "e": "AQAB"}}) + "." + parts[1] + "." + parts[2],
		"changed claims":               parts[0] + "." + oidctest.Encode(oidctest.Claims{"iss": p.URL, "aud": p.ClientID, "sub": "u2"}) + "." + parts[2],
		"no signature":                 parts[0] + "." + parts[1] + ".",
		"another audience":             with(oidctest.Claims{"aud": "other"}),
		"another audience in a list":   with(oidctest.Claims{"aud": []string{"other", "millrace2"}}),
		"an empty audience":            with(oidctest.Claims{"aud": ""}),
		"no audience":                  with(oidctest.Claims{"aud": nil}),
		"expired":                      with(oidctest.Claims{"exp": hour}),
		"no expiry":                    with(oidctest.Claims{"exp": nil}),
		"a text as the expiry":         with(oidctest.Claims{"exp": "never"}),
		"not valid yet":                with(oidctest.Claims{"nbf": time.Now().Add(time.Hour).Unix()}),
		"another issuer":               with(oidctest.Claims{"iss": "https://evil.example"}),
		"the issuer with a slash":      with(oidctest.Claims{"iss": p.URL + "/"}),
		"no issuer":                    with(oidctest.Claims{"iss": nil}),
		"a logout token":               with(oidctest.Claims{"events": oidctest.Claims{"http://schemas.openid.net/event/backchannel-logout": oidctest.Claims{}}}),
		"two tokens":                   valid + "." + valid,
		"not a token":                  "x",
		"nothing":                      "",
		"dots":                         "..",
		"not base64":                   "a!.b!.c!",
		"JSON in place of a signature": `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"too long":                     valid + strings.Repeat("A", 20_000),
	} {
		if i, _, err := client.Verify(t.Context(), token); !errors.Is(err, mlflow.Unauthenticated) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
	if _, _, err := client.Verify(t.Context(), valid); err != nil {
		t.Errorf("the valid token after the others: %v", err)
	}
	if n := p.Hits("/keys"); n > 2 {
		t.Errorf("the tokens caused %d requests for keys", n)
	}
	for name, c := range map[string]oidctest.Claims{
		"no subject": {"sub": nil}, "no address": {"email": nil}, "an address that is not verified": {"email_verified": false},
		"an address about which nothing is known": {"email_verified": nil}, "a number as the address": {"email": 7},
	} {
		if i, _, err := client.Verify(t.Context(), p.Token(c)); !errors.Is(err, mlflow.PermissionDenied) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}

func TestNewKeys(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	client := oidc.New(options(p))
	old := p.Token(nil)
	p.Rotate(t, "k2")
	if _, _, err := client.Verify(t.Context(), p.Token(nil)); err != nil {
		t.Fatal(err)
	}
	// The provider has been asked a moment ago, so that its current keys are known.
	for range 50 {
		if _, _, err := client.Verify(t.Context(), old); !errors.Is(err, mlflow.Unauthenticated) {
			t.Fatalf("a token of an old key: %v", err)
		}
	}
	if n := p.Hits("/keys"); n != 1 {
		t.Errorf("%d requests for keys", n)
	}
}

func TestProviderAway(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	p.Set(func(p *oidctest.Provider) { p.Away = true })
	client := oidc.New(options(p))
	token := p.Token(nil)
	for range 20 {
		if _, _, err := client.Verify(t.Context(), token); !errors.Is(err, mlflow.TemporarilyUnavailable) {
			t.Fatal(err)
		}
		if _, _, err := client.Begin(t.Context(), "http://m/cb", "/"); !errors.Is(err, mlflow.TemporarilyUnavailable) {
			t.Fatal(err)
		}
	}
	if n := p.Hits("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("%d requests to a provider that is away", n)
	}
	p.Set(func(p *oidctest.Provider) { p.Away, p.AwayKeys = false, true })
	client = oidc.New(options(p))
	for range 20 {
		if _, _, err := client.Verify(t.Context(), token); !errors.Is(err, mlflow.TemporarilyUnavailable) {
			t.Fatal(err)
		}
	}
	if n := p.Hits("/keys"); n != 1 {
		t.Errorf("%d requests for keys that are away", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.Set(func(p *oidctest.Provider) { p.AwayKeys = false })
	if _, _, err := oidc.New(options(p)).Verify(ctx, token); err == nil {
		t.Error("a request that has ended gets a user")
	}
	wrong := options(p)
	wrong.Issuer = p.URL + "/"
	if _, _, err := oidc.New(wrong).Verify(t.Context(), token); !errors.Is(err, mlflow.TemporarilyUnavailable) {
		t.Errorf("another issuer: %v", err)
	}
}
