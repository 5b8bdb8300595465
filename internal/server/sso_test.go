package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts/oidc/oidctest"
	api "github.com/millrace-ml/millrace/internal/api/users"
)

// startWithSSO starts a server with users that trusts a provider.
func startWithSSO(t *testing.T, p *oidctest.Provider, args ...string) *usersServer {
	t.Helper()
	return startWithUsers(t, access.NoPermissions, append([]string{"--oidc-issuer", p.URL, "--oidc-client-id", p.ClientID}, args...)...)
}

// person is a browser with cookies.
type person struct {
	t       *testing.T
	client  *http.Client
	headers map[string]string
}

func newPerson(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t, &http.Client{Jar: jar}, map[string]string{"Accept": "text/html,*/*;q=0.8"}}
}

// get opens a page and follows redirects.
func (p *person) get(address string) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), "GET", address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for name, value := range p.headers {
		req.Header.Set(name, value)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, string(text)
}

// session returns what the pages learn about the user.
func (p *person) session(root string) (s struct {
	User *struct {
		Username string `json:"username"`
		IsAdmin  bool   `json:"is_admin"`
	} `json:"user"`
	CSRF string                      `json:"csrf_token"`
	OIDC *struct{ Name, URL string } `json:"oidc"`
},
) {
	p.t.Helper()
	resp, text := p.get(root + api.SessionPath)
	if err := json.Unmarshal([]byte(text), &s); err != nil || resp.StatusCode != 200 {
		p.t.Fatalf("%d %s %v", resp.StatusCode, text, err)
	}
	return s
}

func TestLoginByProvider(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	s := startWithSSO(t, p, "--oidc-admin-group", "admins", "--static-prefix", "/ml")
	ann := newPerson(t)
	before := ann.session(s.url)
	if before.User != nil || before.OIDC == nil || before.OIDC.Name != "127.0.0.1" || before.OIDC.URL != "/ml"+api.OIDCLoginPath {
		t.Fatalf("%+v", before)
	}
	resp, _ := ann.get(s.url + api.OIDCLoginPath + "?next=" + url.QueryEscape("/?a=b#/experiments/1"))
	if got := resp.Request.URL.String(); resp.StatusCode != 200 || got != s.url+"/?a=b#/experiments/1" {
		t.Errorf("the login leads to %d %s", resp.StatusCode, got)
	}
	after := ann.session(s.url)
	if after.User == nil || after.User.Username != "ann@example.org" || after.User.IsAdmin || after.CSRF == "" {
		t.Errorf("%+v", after)
	}
	p.Set(func(p *oidctest.Provider) { p.User["groups"] = []string{"admins"} })
	ann.get(s.url + api.OIDCLoginPath)
	if again := ann.session(s.url); again.User == nil || !again.User.IsAdmin || again.CSRF == after.CSRF {
		t.Errorf("%+v", again)
	}
	// What the browser keeps of a login ends with it.
	home, err := url.Parse(s.url + api.OIDCCallbackPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ann.client.Jar.Cookies(home) {
		if strings.HasPrefix(c.Name, "millrace_oidc") {
			t.Errorf("the cookie %s remains", c.Name)
		}
	}
}

func TestCookieOfLogin(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	s := startWithSSO(t, p)
	ann := newPerson(t)
	ann.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ann.headers["X-Forwarded-Proto"] = "https"
	ann.headers["X-Forwarded-Host"] = "ml.example"
	ann.headers["X-Forwarded-Prefix"] = "/below"
	resp, _ := ann.get(s.url + api.OIDCLoginPath)
	cookies := resp.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || !cookies[0].Secure || cookies[0].SameSite != http.SameSiteLaxMode ||
		cookies[0].Path != "/below"+api.OIDCPath+"/" || cookies[0].MaxAge != 600 {
		t.Errorf("%+v", cookies)
	}
	to, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	if q.Get("redirect_uri") != "https://ml.example/below"+api.OIDCCallbackPath || q.Get("code_challenge_method") != "S256" ||
		q.Get("scope") != "openid email profile groups" || len(q.Get("state")) < 20 || len(q.Get("nonce")) < 20 ||
		q.Get("state") == q.Get("nonce") || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, %v", to, resp.Header)
	}
}

func TestFailedLogins(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	s := startWithSSO(t, p)
	check := func(what, path string, status int, message string) {
		t.Helper()
		browser := newPerson(t)
		resp, page := browser.get(s.url + path)
		if resp.StatusCode != status || !strings.Contains(page, message) || !strings.Contains(page, `href="/"`) ||
			resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %s", what, resp.StatusCode, page)
		}
		if u := browser.session(s.url).User; u != nil {
			t.Errorf("%s: %+v has logged in", what, u)
		}
		browser.headers["Accept"] = "*/*"
		resp, text := browser.get(s.url + path)
		if resp.StatusCode != status || !strings.Contains(text, `"error_code"`) {
			t.Errorf("%s by a program: %d %s", what, resp.StatusCode, text)
		}
	}
	check("another host", api.OIDCLoginPath+"?next=//evil.example", 400, "must be a path of this server")
	check("a return without a login", api.OIDCCallbackPath+"?code=x&state=y", 400, "Log in again")
	check("markup in the address", api.OIDCCallbackPath+"?error=<script>&state=", 400, "Log in again")
	p.Set(func(p *oidctest.Provider) { p.User["email_verified"] = false })
	check("an address that is not verified", api.OIDCLoginPath, 403, "has not verified your e-mail address")
	p.Set(func(p *oidctest.Provider) { p.User = oidctest.Claims{"sub": "u2"} })
	check("no address", api.OIDCLoginPath, 403, "there is no claim email")
	p.Set(func(p *oidctest.Provider) { p.Deny = "access_denied" })
	check("a refusal", api.OIDCLoginPath, 403, "did not let you in")
	p.Set(func(p *oidctest.Provider) { p.Away = true })
	if status, answer := s.send(t, "admin", "GET", "/api/2.0/mlflow/experiments/search?max_results=1", ""); status != 200 {
		t.Errorf("a password while the provider is away: %d %s", status, answer)
	}
}

// TestProviderAwayAtStart starts a server whose provider is away.
func TestProviderAwayAtStart(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	p.Set(func(p *oidctest.Provider) { p.Away = true })
	s := startWithSSO(t, p)
	resp, page := newPerson(t).get(s.url + api.OIDCLoginPath)
	if resp.StatusCode != 503 || !strings.Contains(page, "log in with a password") {
		t.Errorf("%d %s", resp.StatusCode, page)
	}
	const search = "/api/2.0/mlflow/experiments/search?max_results=1"
	if status, answer := s.bearer(t, p.Token(nil), "GET", search, ""); status != 503 {
		t.Errorf("a token: %d %s", status, answer)
	}
	if status, answer := s.send(t, "admin", "GET", search, ""); status != 200 {
		t.Errorf("a password: %d %s", status, answer)
	}
}

// bearer sends a request with a token.
func (s *usersServer) bearer(t *testing.T, token, method, path, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestTokensOfProvider(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	s := startWithSSO(t, p, "--oidc-audiences", "https://millrace", "--oidc-admin-group", "admins")
	const create = "/api/2.0/mlflow/experiments/create"
	token := p.Token(oidctest.Claims{"aud": "https://millrace"})
	for _, name := range []string{"a", "b"} {
		if status, answer := s.bearer(t, token, "POST", create, `{"name":"`+name+`"}`); status != 200 {
			t.Errorf("%d %s", status, answer)
		}
	}
	list, err := s.users.accounts.Users(t.Context())
	if err != nil || len(list) != 2 || list[1].Username != "ann@example.org" || list[1].IsAdmin {
		t.Errorf("%+v, %v", list, err)
	}
	const all = "/api/millrace/audit"
	if status, _ := s.bearer(t, token, "GET", all, ""); status != 403 {
		t.Errorf("a user reads the audit log: %d", status)
	}
	admin := p.Token(oidctest.Claims{"groups": []string{"admins"}})
	if status, answer := s.bearer(t, admin, "GET", all, ""); status != 200 {
		t.Errorf("an administrator: %d %s", status, answer)
	}
	// A token without groups says nothing about them.
	if status, answer := s.bearer(t, p.Token(oidctest.Claims{"jti": "2"}), "GET", all, ""); status != 200 {
		t.Errorf("a token without groups: %d %s", status, answer)
	}
	short := p.Token(oidctest.Claims{"exp": time.Now().Add(2 * time.Second).Unix()})
	const search = "/api/2.0/mlflow/experiments/search?max_results=1"
	if status, answer := s.bearer(t, short, "GET", search, ""); status != 200 {
		t.Errorf("a short token: %d %s", status, answer)
	}
	time.Sleep(3 * time.Second)
	if status, answer := s.bearer(t, short, "GET", search, ""); status != 401 {
		t.Errorf("a short token after its end: %d %s", status, answer)
	}
	if status, answer := s.bearer(t, p.Token(oidctest.Claims{"aud": "other"}), "GET", search, ""); status != 401 {
		t.Errorf("a token for others: %d %s", status, answer)
	}
}

// TestUserOfPasswordIsNotTaken lets a person choose the name of the administrator at the
// provider.
func TestUserOfPasswordIsNotTaken(t *testing.T) {
	t.Parallel()
	p := oidctest.Start(t)
	s := startWithSSO(t, p, "--oidc-username-claim", "preferred_username")
	token := p.Token(oidctest.Claims{"preferred_username": "admin"})
	if status, answer := s.bearer(t, token, "GET", "/api/2.0/mlflow/users/list", ""); status != 403 || !strings.Contains(answer, "with a password") {
		t.Errorf("%d %s", status, answer)
	}
	p.Set(func(p *oidctest.Provider) { p.User["preferred_username"] = "admin" })
	browser := newPerson(t)
	if resp, page := browser.get(s.url + api.OIDCLoginPath); resp.StatusCode != 403 {
		t.Errorf("%d %s", resp.StatusCode, page)
	}
	if u := browser.session(s.url).User; u != nil {
		t.Errorf("%+v", u)
	}
}

func TestProxyUser(t *testing.T) {
	t.Parallel()
	const header = "X-Forwarded-User"
	s := startWithUsers(t, access.Read, "--proxy-user-header", header)
	const search = "/api/2.0/mlflow/experiments/search?max_results=1"
	send := func(s *usersServer, path string, header http.Header) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	const me = api.SessionPath
	for _, name := range []string{"ann", "ann", "Ann,cn=x", "admin"} {
		status, answer := send(s, me, http.Header{header: {name}})
		if status != 200 || !strings.Contains(answer, `"username":"`+name+`"`) {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"no name":                  {http.Header{}, 401},
		"an empty name":            {http.Header{header: {""}}, 401},
		"two names":                {http.Header{header: {"ann", "admin"}}, 401},
		"another header":           {http.Header{"X-Forwarded-Email": {"ann"}}, 401},
		"with an underscore":       {http.Header{"X_Forwarded_User": {"ann"}}, 401},
		"a name that is long":      {http.Header{header: {strings.Repeat("a", 300)}}, 400},
		"credentials of the proxy": {http.Header{header: {"ann"}, "Authorization": {"Basic eDp5"}}, 200},
		"a wrong access token":     {http.Header{header: {"ann"}, "Authorization": {"Bearer mlr_x"}}, 401},
	} {
		if status, answer := send(s, search, c.header); status != c.status {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	for what, other := range map[string]*usersServer{
		"the proxy is elsewhere":  startWithUsers(t, access.Read, "--proxy-user-header", header, "--forwarded-allow-ips", "10.0.0.1,::2"),
		"nobody is trusted":       startWithUsers(t, access.Read, "--proxy-user-header", header, "--forwarded-allow-ips", ""),
		"no header is configured": startWithUsers(t, access.Read),
	} {
		for _, h := range []http.Header{{header: {"admin"}}, {header: {"admin"}, "X-Forwarded-For": {"10.0.0.1"}}} {
			if status, answer := send(other, search, h); status != 401 {
				t.Errorf("%s: %d %s", what, status, answer)
			}
			if status, answer := send(other, me, h); status != 200 || !strings.Contains(answer, `"user":null`) {
				t.Errorf("%s: %d %s", what, status, answer)
			}
		}
	}
	list, err := s.users.accounts.Users(t.Context())
	if err != nil || len(list) != 3 || list[1].IsAdmin || list[2].IsAdmin {
		t.Errorf("%+v, %v", list, err)
	}
}
