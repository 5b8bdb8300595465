// Package oidctest is a provider of OpenID Connect for tests. It lets everybody in
// without a form, as the user that the test names.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Claims are the claims of a token.
type Claims = map[string]any

// Provider is a running provider. Its fields can be changed with [Provider.Set].
type Provider struct {
	// URL is the issuer.
	URL string
	// ClientID is the only client. A login needs Secret unless it is "".
	ClientID, Secret string
	// User has the claims of the user who logs in, such as sub and email.
	User Claims
	// Info are claims that only the user info endpoint has.
	Info Claims
	// Change, if not nil, changes the claims of the ID token of a login.
	Change func(Claims)
	// Deny is the error of logins, or "".
	Deny string
	// Away makes every request fail, and AwayKeys those for the keys.
	Away, AwayKeys bool
	// Pending is how often a program has to ask for the token of a device.
	Pending int

	mu      sync.Mutex
	key     *rsa.PrivateKey
	kid     string
	codes   map[string]grant
	devices map[string]int // how often the program has asked
	tokens  map[string]Claims
	hits    map[string]int
}

// grant is a login that waits for the exchange of its code.
type grant struct {
	redirect, challenge, nonce string
	user                       Claims
}

// Start starts a provider.
func Start(t *testing.T) *Provider {
	t.Helper()
	p := &Provider{
		ClientID: "millrace", User: Claims{"sub": "u1", "email": "ann@example.org", "email_verified": true},
		codes: map[string]grant{}, devices: map[string]int{}, tokens: map[string]Claims{}, hits: map[string]int{},
	}
	p.Rotate(t, "k1")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	mux.HandleFunc("POST /device", p.device)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hits[r.URL.Path]++
		if p.Away || p.AwayKeys && r.URL.Path == "/keys" {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Set changes the provider while it serves requests.
func (p *Provider) Set(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Hits returns the number of requests to a path.
func (p *Provider) Hits(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits[path]
}

// Rotate replaces the key of the provider.
func (p *Provider) Rotate(t *testing.T, kid string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.Set(func(p *Provider) { p.key, p.kid = key, kid })
}

// Key returns the current key and its name.
func (p *Provider) Key() (*rsa.PrivateKey, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key, p.kid
}

// Token returns a signed token with the claims of the user, those that every token has,
// and more, which take precedence. A claim that is nil is left out.
func (p *Provider) Token(more Claims) string {
	key, kid := p.Key()
	return Sign(key, kid, p.claims(p.User, more))
}

func (p *Provider) claims(user, more Claims) Claims {
	c := Claims{
		"iss": p.URL, "aud": p.ClientID, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(c, user)
	maps.Copy(c, more)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// Sign returns a token that a key has signed with RS256.
func Sign(key *rsa.PrivateKey, kid string, c Claims) string {
	text := Encode(Claims{"alg": "RS256", "typ": "JWT", "kid": kid}) + "." + Encode(c)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// Encode returns a part of a token.
func Encode(c Claims) string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, Claims{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo",
		"device_authorization_endpoint":         p.URL + "/device",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	encoded := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	answer(w, 200, Claims{"keys": []Claims{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": p.kid,
		"n": encoded(p.key.N), "e": encoded(big.NewInt(int64(p.key.E))),
	}}})
}

// authorize lets the user in at once.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" || q.Get("client_id") != p.ClientID || q.Get("response_type") != "code" ||
		q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" {
		http.Error(w, "wrong request", http.StatusBadRequest)
		return
	}
	to := url.Values{"state": {q.Get("state")}}
	if p.Deny != "" {
		to.Set("error", p.Deny)
	} else {
		code := rand.Text()
		p.codes[code] = grant{q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("nonce"), p.User}
		to.Set("code", code)
	}
	back.RawQuery = to.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	if id != p.ClientID || secret != p.Secret {
		answer(w, 401, Claims{"error": "invalid_client"})
		return
	}
	if r.FormValue("grant_type") == "urn:ietf:params:oauth:grant-type:device_code" {
		p.deviceToken(w, r)
		return
	}
	g, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || g.redirect != r.FormValue("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		answer(w, 400, Claims{"error": "invalid_grant"})
		return
	}
	p.issue(w, g.user, g.nonce)
}

// issue answers with the tokens of a user.
func (p *Provider) issue(w http.ResponseWriter, user Claims, nonce string) {
	c := p.claims(user, nil)
	if nonce != "" {
		c["nonce"] = nonce
	}
	if p.Change != nil {
		p.Change(c)
	}
	access := rand.Text()
	info := maps.Clone(user)
	maps.Copy(info, p.Info)
	p.tokens[access] = info
	answer(w, 200, Claims{
		"access_token": access, "token_type": "Bearer", "expires_in": 3600, "id_token": Sign(p.key, p.kid, c),
	})
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	info, known := p.tokens[r.Header.Get("Authorization")[len("Bearer "):]]
	if !known {
		answer(w, 401, Claims{"error": "invalid_token"})
		return
	}
	answer(w, 200, info)
}

// device begins the login of a program.
func (p *Provider) device(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("client_id") != p.ClientID {
		answer(w, 401, Claims{"error": "invalid_client"})
		return
	}
	code := rand.Text()
	p.devices[code] = 0
	answer(w, 200, Claims{
		"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": p.URL + "/activate",
		"expires_in": 600, "interval": 1,
	})
}

func (p *Provider) deviceToken(w http.ResponseWriter, r *http.Request) {
	code := r.FormValue("device_code")
	asked, known := p.devices[code]
	p.devices[code]++
	switch {
	case !known:
		answer(w, 400, Claims{"error": "expired_token"})
	case p.Deny != "":
		answer(w, 400, Claims{"error": p.Deny})
	case asked < p.Pending:
		answer(w, 400, Claims{"error": "authorization_pending"})
	default:
		delete(p.devices, code)
		p.issue(w, p.User, "")
	}
}

func answer(w http.ResponseWriter, status int, c Claims) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(c); err != nil {
		panic(err)
	}
}
