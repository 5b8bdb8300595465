package users_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
)

// browser sends requests with the cookie that it has got.
type browser struct {
	*server

	cookie, csrf string
	headers      map[string]string
}

// open sends a request and returns the response with its body.
func (b *browser) open(method, path, body string) (*http.Response, string) {
	req, err := http.NewRequest(method, b.url+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Sec-Fetch-Mode", "cors")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.cookie != "" {
		req.Header.Set("Cookie", b.cookie)
	}
	if b.csrf != "" {
		req.Header.Set("X-CSRF-Token", b.csrf)
	}
	for name, value := range b.headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	for _, c := range resp.Cookies() {
		b.cookie = ""
		if c.MaxAge > 0 {
			b.cookie = c.Name + "=" + c.Value
		}
	}
	return resp, string(answer)
}

const (
	loginPath  = "/ajax-api/millrace/login"
	tagPath    = "/api/2.0/mlflow/experiments/set-experiment-tag"
	searchPath = "/api/2.0/mlflow/experiments/search?max_results=10"
	tag        = `{"experiment_id":"1","key":"k","value":"v"}`
)

func (b *browser) login(t *testing.T, user, password string) {
	t.Helper()
	resp, answer := b.open("POST", loginPath, `{"username":"`+user+`","password":"`+password+`"}`)
	if resp.StatusCode != 200 {
		t.Fatalf("login: %d %s", resp.StatusCode, answer)
	}
	var session struct {
		CSRF string `json:"csrf_token"`
		User struct {
			Username string `json:"username"`
		} `json:"user"`
	}
	if err := json.Unmarshal([]byte(answer), &session); err != nil || session.User.Username != user || session.CSRF == "" {
		t.Fatalf("login: %s, %v", answer, err)
	}
	b.csrf = session.CSRF
}

// want sends a request and fails unless the answer has a status.
func (b *browser) want(t *testing.T, status int, method, path, body string) string {
	t.Helper()
	resp, answer := b.open(method, path, body)
	if resp.StatusCode != status {
		t.Errorf("%s %s: %d %s, want %d", method, path, resp.StatusCode, answer, status)
	}
	return answer
}

func TestSession(t *testing.T) {
	t.Parallel()
	b := &browser{server: newServer(t)}
	b.want(t, 401, "GET", searchPath, "")
	if answer := b.want(t, 200, "GET", "/ajax-api/millrace/session", ""); !strings.Contains(answer, `"user":null`) {
		t.Errorf("nobody: %s", answer)
	}
	b.login(t, "bob", "bobpassword12")
	b.want(t, 200, "GET", searchPath, "")
	b.want(t, 200, "POST", tagPath, tag)
	if answer := b.want(t, 200, "GET", "/ajax-api/millrace/session", ""); !strings.Contains(answer, b.csrf) {
		t.Errorf("the session: %s", answer)
	}
	// Without the token of this session, nothing can be changed.
	token := b.csrf
	for _, wrong := range []string{"", "x", token + "x", strings.ToUpper(token)} {
		b.csrf = wrong
		b.want(t, 403, "POST", tagPath, tag)
		b.want(t, 200, "GET", searchPath, "")
	}
	b.csrf = token
	old := b.cookie
	b.want(t, 200, "POST", "/ajax-api/millrace/logout", "{}")
	if b.cookie != "" {
		t.Errorf("the cookie remains: %s", b.cookie)
	}
	b.cookie = old
	b.want(t, 401, "GET", searchPath, "")
}

func TestCookie(t *testing.T) {
	t.Parallel()
	b := &browser{server: newServer(t)}
	resp, _ := b.open("POST", loginPath, `{"username":"bob","password":"bobpassword12"}`)
	cookies := resp.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure || len(c.Value) < 26 {
		t.Errorf("the cookie is %s", c.Raw)
	}
	if resp.Header.Get("Cache-Control") != "no-store" {
		t.Error("the answer may be stored")
	}
}

// TestSessionFixation logs in with a cookie that somebody else has chosen.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	attacker := &browser{server: s}
	attacker.login(t, "eve", "evepassword12")
	victim := &browser{server: s, cookie: attacker.cookie, csrf: attacker.csrf}
	victim.login(t, "bob", "bobpassword12")
	if victim.cookie == attacker.cookie || victim.csrf == attacker.csrf {
		t.Error("the login keeps the session")
	}
	attacker.want(t, 401, "GET", searchPath, "")
	victim.want(t, 200, "GET", searchPath, "")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, end := range map[string]func(user string) error{
		"a new password": func(user string) error { return s.accounts.SetPassword(t.Context(), user, "anotherpassword") },
		"a deletion":     func(user string) error { return s.accounts.DeleteUser(t.Context(), user) },
		"a new user with the name": func(user string) error {
			if err := s.accounts.DeleteUser(t.Context(), user); err != nil {
				return err
			}
			_, err := s.accounts.CreateUser(t.Context(), user, user+"password12", false)
			return err
		},
	} {
		user := strings.ReplaceAll(name, " ", "-")
		if _, err := s.accounts.CreateUser(t.Context(), user, user+"password12", false); err != nil {
			t.Fatal(err)
		}
		b := &browser{server: s}
		b.login(t, user, user+"password12")
		b.want(t, 200, "GET", searchPath, "")
		if err := end(user); err != nil {
			t.Fatal(err)
		}
		b.want(t, 401, "GET", searchPath, "")
	}
}

// TestHostileLogins sends logins that a page of another site or a careless program could
// send.
func TestHostileLogins(t *testing.T) {
	t.Parallel()
	b := &browser{server: newServer(t)}
	const good = `{"username":"bob","password":"bobpassword12"}`
	for name, c := range map[string]struct {
		path, body, contentType string
		status                  int
	}{
		"a form":                {loginPath, "username=bob&password=bobpassword12", "application/x-www-form-urlencoded", 400},
		"text":                  {loginPath, good, "text/plain", 400},
		"in the URL":            {loginPath + "?username=bob&password=bobpassword12", "{}", "application/json", 400},
		"in the URL and body":   {loginPath + "?password=bobpassword12", good, "application/json", 400},
		"an empty body":         {loginPath, "", "application/json", 400},
		"a list":                {loginPath, "[" + good + "]", "application/json", 400},
		"a number":              {loginPath, `{"username":1,"password":2}`, "application/json", 401},
		"null":                  {loginPath, `{"username":null,"password":null}`, "application/json", 400},
		"a long name":           {loginPath, `{"username":"` + strings.Repeat("x", 10_000) + `","password":"y"}`, "application/json", 401},
		"a long body":           {loginPath, `{"username":"` + strings.Repeat("x", 100_000) + `","password":"y"}`, "application/json", 413},
		"a wrong password":      {loginPath, `{"username":"bob","password":"bobpassword34"}`, "application/json", 401},
		"SQL":                   {loginPath, `{"username":"bob' --","password":"x"}`, "application/json", 401},
		"an administrator flag": {loginPath, `{"username":"bob","password":"bobpassword12","is_admin":true}`, "application/json", 200},
	} {
		b.cookie, b.headers = "", map[string]string{"Content-Type": c.contentType}
		resp, answer := b.open("POST", c.path, c.body)
		if resp.StatusCode != c.status && (c.status != 401 || resp.StatusCode != 400) {
			t.Errorf("%s: %d %.200s, want %d", name, resp.StatusCode, answer, c.status)
		}
		if (b.cookie != "") != (c.status == 200) || strings.Contains(answer, `"is_admin":true`) {
			t.Errorf("%s: cookie %q, %s", name, b.cookie, answer)
		}
		if resp.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: the browser would show a form of its own", name)
		}
	}
	for _, cookie := range []string{"x=y", "millrace_session_00000000=x", strings.Repeat("a=b; ", 500)} {
		b.cookie, b.headers = cookie, nil
		b.want(t, 401, "GET", searchPath, "")
	}
}

// TestTooManyLogins checks that the form gets a status and a time that it can show.
func TestTooManyLogins(t *testing.T) {
	t.Parallel()
	b := &browser{server: newServer(t)}
	for range 50 {
		resp, answer := b.open("POST", loginPath, `{"username":"bob","password":"wrong-password-12"}`)
		switch {
		case resp.StatusCode == 429 && resp.Header.Get("Retry-After") != "" && strings.Contains(answer, "REQUEST_LIMIT_EXCEEDED"):
			return
		case resp.StatusCode != 401:
			t.Fatalf("%d %s", resp.StatusCode, answer)
		}
	}
	t.Error("50 logins failed without a delay")
}

// TestTokenRoutes makes tokens with limits and tries to exceed them.
func TestTokenRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	create := func(body string) (id, secret string) {
		t.Helper()
		status, answer := s.send("bob", "POST", "/ajax-api/millrace/tokens/create", body)
		var out struct {
			Secret string
			Token  struct{ ID string }
		}
		if err := json.Unmarshal([]byte(answer), &out); err != nil || status != 200 {
			t.Fatalf("%d %s, %v", status, answer, err)
		}
		return out.Token.ID, out.Secret
	}
	id, all := create(`{"name":"all"}`)
	_, reader := create(`{"name":"reader","read_only":true}`)
	_, other := create(`{"name":"other","experiment_ids":["0"]}`)
	if err := s.accounts.SetGrant(t.Context(), "bob", access.Experiment, "0", access.Manage); err != nil {
		t.Fatal(err)
	}
	use := func(secret, method, path, body string, want int) {
		t.Helper()
		if status, answer := s.sendWith("bob", secret, method, path, body); status != want {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, status, answer, want)
		}
	}
	const getExperiment = "/api/2.0/mlflow/experiments/get?experiment_id="
	use(all, "POST", tagPath, tag, 200)
	use(reader, "GET", getExperiment+"1", "", 200)
	use(reader, "POST", tagPath, tag, 403)
	use(other, "GET", getExperiment+"1", "", 403)
	use(other, "POST", tagPath, strings.Replace(tag, `"1"`, `"0"`, 1), 200)
	for _, limited := range []string{reader, other} {
		use(limited, "POST", "/ajax-api/millrace/tokens/create", `{"name":"x"}`, 403)
		use(limited, "POST", "/ajax-api/millrace/tokens/revoke", `{"id":"`+id+`"}`, 403)
		use(limited, "PATCH", "/api/2.0/mlflow/users/update-password",
			`{"username":"bob","password":"bobpassword34","current_password":"bobpassword12"}`, 403)
		use(limited, "POST", "/api/3.0/mlflow/users/permissions/grant",
			`{"username":"eve","resource_type":"experiment","resource_id":"1","permission":"READ"}`, 403)
		use(limited, "POST", "/api/2.0/mlflow/registered-models/create", `{"name":"by-token"}`, 403)
	}
	if status, answer := s.send("bob", "GET", "/ajax-api/millrace/tokens/list", ""); status != 200 || strings.Contains(answer, all) {
		t.Errorf("the list: %d %s", status, answer)
	}
	if status, answer := s.send("eve", "POST", "/ajax-api/millrace/tokens/revoke", `{"id":"`+id+`"}`); status != 403 {
		t.Errorf("another user revokes it: %d %s", status, answer)
	}
	use(all, "POST", "/ajax-api/millrace/tokens/revoke", `{"id":"`+id+`"}`, 200)
	use(all, "GET", getExperiment+"1", "", 401)
}
