package users_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/accounts/login"
	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/api/users"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/internal/store"
)

// server is the API with users on new databases. The password of each user is the name
// and "password12".
//
// Role 1, boss, has MANAGE on the workspace (permission 1) and the user wsa; role 2, team,
// has permission 2; role 3, elsewhere, has permission 3 in another workspace. bob has
// MANAGE on experiment 1, the model m and the prompt p. eve has no role.
type server struct {
	url      string
	accounts *accounts.Store
	api      *api.Server
}

func newServer(t *testing.T) *server {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	st, err := store.Open(ctx, store.Options{URI: "sqlite:///" + filepath.Join(dir, "mlflow.db"), ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := accounts.Open(ctx, accounts.Options{URI: "sqlite:///" + filepath.Join(dir, "auth.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range []io.Closer{st, a} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	artifacts, err := api.NewArtifacts(filepath.Join(dir, "files"), "mlflow-artifacts:/")
	if err != nil {
		t.Fatal(err)
	}
	door := login.New(login.Options{Accounts: a, Default: access.Read, Public: []string{users.LoginPath, users.SessionPath}, Cookie: "millrace_session_test"})
	s := &server{accounts: a, api: &api.Server{
		Store: st, Artifacts: artifacts, Log: slog.New(slog.DiscardHandler), URLs: signedurl.New([32]byte{1}, "test"),
		Users: &users.Handlers{
			Accounts: a, Default: access.Read, Login: door, Log: slog.New(slog.DiscardHandler),
			Forms: signedurl.New([32]byte{1}, "forms"),
		},
	}}
	srv := httptest.NewServer(door.Middleware(s.api.Handler()))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	s.fill(t)
	return s
}

func (s *server) fill(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"admin", "bob", "eve", "wsa", "temp"} {
		_, err := s.accounts.CreateUser(ctx, name, name+"password12", name == "admin")
		must(err)
	}
	add := func(role, workspace string, resource access.Type, p access.Permission) {
		r, err := s.accounts.CreateRole(ctx, workspace, role, nil)
		must(err)
		_, err = s.accounts.AddPermission(ctx, r.ID, resource, access.Any, p)
		must(err)
	}
	add("boss", "default", access.Workspace, access.Manage)
	add("team", "default", access.Experiment, access.Read)
	add("elsewhere", "nope", access.Experiment, access.Read)
	_, err := s.accounts.Assign(ctx, "wsa", 1)
	must(err)
	_, err = s.api.Store.CreateExperiment(ctx, "bobs", "", nil)
	must(err)
	must(s.accounts.SetGrant(ctx, "bob", access.Experiment, "1", access.Manage))
	for name, t := range map[string]access.Type{"m": access.RegisteredModel, "p": access.Prompt} {
		body := `{"name":"` + name + `"}`
		if t == access.Prompt {
			body = `{"name":"p","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}`
		}
		if status, answer := s.send("admin", "POST", "/api/2.0/mlflow/registered-models/create", body); status != 200 {
			panic(answer)
		}
		must(s.accounts.SetGrant(ctx, "bob", t, name, access.Manage))
	}
}

// send sends a request of a user. body is JSON or "".
func (s *server) send(user, method, path, body string) (status int, answer string) {
	return s.sendWith(user, user+"password12", method, path, body)
}

func (s *server) sendWith(user, password, method, path, body string) (status int, answer string) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.SetBasicAuth(user, password)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	return resp.StatusCode, string(text)
}

// try is a request and the status that each of some users gets.
type try struct {
	method, path, body    string
	admin, bob, eve, boss int // boss is wsa, the administrator of the workspace
}

// tries lists who may do what, beside a live MLflow 3.17.2 with default_permission READ.
// Their order matters: each changes what the next ones see. Paths are below
// /api/2.0/mlflow/ or, with the prefix 3, below /api/3.0/mlflow/.
var tries = []try{
	{"GET", "users/current", "", 200, 200, 200, 200},
	{"GET", "users/list", "", 200, 200, 200, 200},
	{"GET", "3users/current/permissions", "", 200, 200, 200, 200},
	{"POST", "users/create", `{"username":"new","password":"newpassword12"}`, 200, 403, 403, 200},
	{"GET", "users/get?username=bob", "", 200, 200, 403, 403},
	{"GET", "users/get?username=nobody", "", 404, 403, 403, 403},
	{"PATCH", "users/update-admin", `{"username":"temp","is_admin":true}`, 200, 403, 403, 403},
	{"DELETE", "users/delete?username=nobody", "", 404, 403, 403, 403},
	{"DELETE", "users/delete?username=temp", "", 200, 403, 403, 403},
	{"DELETE", "users/delete", `{"username":"admin"}`, 400, 403, 403, 403},

	{"POST", "3roles/create", `{"name":"r","workspace":"default"}`, 200, 403, 403, 200},
	{"POST", "3roles/create", `{"name":"r","workspace":"nope"}`, 200, 403, 403, 403},
	{"GET", "3roles/get?role_id=2", "", 200, 200, 403, 200},
	{"GET", "3roles/get?role_id=3", "", 200, 403, 403, 403},
	{"GET", "3roles/get?role_id=99", "", 404, 403, 403, 403},
	{"GET", "3roles/list", "", 200, 403, 403, 403},
	{"GET", "3roles/list?workspace=default", "", 200, 200, 403, 200},
	{"GET", "3roles/list?workspace=default&workspace=nope", "", 200, 403, 403, 403},
	{"PATCH", "3roles/update", `{"role_id":"2","description":"d"}`, 200, 403, 403, 200},
	{"PATCH", "3roles/update", `{"role_id":3,"description":"d"}`, 200, 403, 403, 403},
	{"PATCH", "3roles/update", `{"role_id":99,"description":"d"}`, 404, 403, 403, 403},
	{"POST", "3roles/permissions/add", `{"role_id":2,"resource_type":"run","resource_pattern":"*","permission":"DENY"}`, 200, 403, 403, 200},
	{"POST", "3roles/permissions/add", `{"role_id":3,"resource_type":"run","resource_pattern":"*","permission":"DENY"}`, 200, 403, 403, 403},
	{"PATCH", "3roles/permissions/update", `{"role_permission_id":2,"permission":"EDIT"}`, 200, 403, 403, 200},
	{"PATCH", "3roles/permissions/update", `{"role_permission_id":3,"permission":"EDIT"}`, 200, 403, 403, 403},
	{"PATCH", "3roles/permissions/update", `{"role_permission_id":99,"permission":"EDIT"}`, 404, 403, 403, 403},
	{"GET", "3roles/permissions/list?role_id=2", "", 200, 200, 403, 200},
	{"DELETE", "3roles/permissions/remove?role_permission_id=2", "", 200, 403, 403, 200},
	{"DELETE", "3roles/permissions/remove", `{"role_permission_id":"3"}`, 200, 403, 403, 403},
	{"POST", "3roles/assign", `{"username":"eve","role_id":3}`, 200, 403, 403, 403},
	{"GET", "3users/roles/list?username=bob", "", 200, 200, 403, 200},
	{"GET", "3users/roles/list?username=eve", "", 200, 403, 200, 403},
	{"GET", "3users/roles/list?username=nobody", "", 404, 403, 403, 403},
	{"GET", "3users/permissions/list?username=bob", "", 200, 200, 403, 200},
	{"GET", "3roles/users/list?role_id=3", "", 200, 403, 403, 403},
	{"DELETE", "3roles/unassign", `{"username":"eve","role_id":3}`, 200, 403, 403, 403},
	{"DELETE", "3roles/delete", `{"role_id":2}`, 200, 403, 403, 200},
	{"DELETE", "3roles/delete?role_id=3", "", 200, 403, 403, 403},

	{"POST", "3users/permissions/grant", `{"username":"temp","resource_type":"experiment","resource_id":"1","permission":"EDIT"}`, 404, 200, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"experiment","resource_id":"1","permission":"EDIT"}`, 200, 200, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"experiment","resource_id":"1","permission":"EDIT"}`, 400, 400, 403, 400},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"experiment","resource_id":"0","permission":"EDIT"}`, 200, 403, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"experiment","resource_id":"777","permission":"EDIT"}`, 200, 403, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"experiment","resource_id":"*","permission":"EDIT"}`, 200, 403, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"registered_model","resource_id":"m","permission":"EDIT"}`, 200, 200, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"prompt","resource_id":"p","permission":"EDIT"}`, 200, 200, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"registered_model","resource_id":"p","permission":"EDIT"}`, 200, 403, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"gateway_secret","resource_id":"s","permission":"EDIT"}`, 200, 403, 403, 200},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"workspace","resource_id":"*","permission":"MANAGE"}`, 400, 403, 403, 400},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"run","resource_id":"1","permission":"READ"}`, 400, 403, 403, 400},
	{"POST", "3users/permissions/grant", `{"username":"eve","resource_type":"x","resource_id":"1","permission":"READ"}`, 400, 403, 403, 400},
	{"GET", "3users/permissions/get?username=bob&resource_type=experiment&resource_id=1", "", 200, 200, 403, 200},
	{"GET", "3users/permissions/get?username=nobody&resource_type=experiment&resource_id=1", "", 404, 403, 403, 404},
	{"GET", "/ajax-api/millrace/access?resource_type=experiment&resource_id=1", "", 200, 200, 403, 200},
	{"GET", "/ajax-api/millrace/access?resource_type=experiment&resource_id=0", "", 200, 403, 403, 200},
	{"GET", "/ajax-api/millrace/access?resource_type=experiment&resource_id=*", "", 200, 403, 403, 200},
	{"GET", "/ajax-api/millrace/access?resource_type=x&resource_id=1", "", 400, 403, 403, 400},
	{"POST", "3users/permissions/revoke", `{"username":"eve","resource_type":"experiment","resource_id":"0"}`, 200, 403, 403, 200},
	{"POST", "3users/permissions/revoke", `{"username":"eve","resource_type":"experiment","resource_id":"1"}`, 200, 200, 403, 200},
	{"POST", "3users/permissions/revoke", `{"username":"eve","resource_type":"experiment","resource_id":"1"}`, 404, 404, 403, 404},
	{"POST", "3users/permissions/revoke", `{"username":"eve","resource_type":"registered_model","resource_id":"m"}`, 200, 200, 403, 200},

	{"POST", "experiments/permissions/create", `{"username":"eve","experiment_id":"1","permission":"READ"}`, 200, 200, 403, 200},
	{"POST", "experiments/permissions/create", `{"username":"eve","experiment_id":"0","permission":"READ"}`, 200, 403, 403, 200},
	{"POST", "experiments/permissions/create", `{"username":"bob","experiment_id":"*","permission":"MANAGE"}`, 400, 400, 400, 400},
	{"GET", "experiments/permissions/get?username=eve&experiment_id=1", "", 200, 200, 403, 200},
	{"PATCH", "experiments/permissions/update", `{"username":"eve","experiment_id":"1","permission":"EDIT"}`, 200, 200, 403, 200},
	{"DELETE", "experiments/permissions/delete", `{"username":"eve","experiment_id":"1"}`, 200, 200, 403, 200},
	{"POST", "registered-models/permissions/create", `{"username":"eve","name":"m","permission":"READ"}`, 200, 200, 403, 200},
	{"POST", "registered-models/permissions/create", `{"username":"eve","name":"nothing","permission":"READ"}`, 200, 403, 403, 200},
	{"GET", "registered-models/permissions/get?username=eve&name=m", "", 200, 200, 403, 200},
	{"PATCH", "registered-models/permissions/update", `{"username":"eve","name":"m","permission":"NO_PERMISSIONS"}`, 200, 200, 403, 200},
	{"DELETE", "registered-models/permissions/delete?username=eve&name=m", "", 200, 200, 403, 200},

	{"GET", "/api/millrace/tokens/list", "", 200, 200, 200, 200},
	{"GET", "/api/millrace/tokens/list?username=bob", "", 200, 200, 403, 403},
	{"GET", "/api/millrace/tokens/list?username=nobody", "", 404, 403, 403, 403},
	{"POST", "/api/millrace/tokens/create", `{"name":"laptop"}`, 200, 200, 200, 200},
	{"POST", "/api/millrace/tokens/create", `{"name":"laptop","username":"bob"}`, 200, 200, 403, 403},
	{"POST", "/api/millrace/tokens/create", `{"name":"laptop","expires_ms":1}`, 400, 400, 400, 400},
	{"POST", "/api/millrace/tokens/revoke", `{"id":"x"}`, 404, 403, 403, 403},
	{"POST", "/ajax-api/millrace/login", `{"username":"bob","password":"bobpassword56"}`, 401, 401, 401, 401},
	{"POST", "/ajax-api/millrace/login", `{"username":"bob"}`, 400, 400, 400, 400},
	{"POST", "/ajax-api/millrace/logout", "{}", 200, 200, 200, 200},
	{"GET", "/ajax-api/millrace/oidc", "", 404, 404, 404, 404},
	{"GET", "/ajax-api/millrace/oidc/login?next=/", "", 404, 404, 404, 404},
	{"GET", "/ajax-api/millrace/oidc/callback?code=x&state=y", "", 404, 404, 404, 404},

	{"POST", "/ajax-api/millrace/experiments/managers", `{"experiment_ids":["0"]}`, 200, 200, 200, 200},
	{"GET", "/api/millrace/audit?max_results=2", "", 200, 403, 403, 403},
	{"GET", "/api/millrace/audit?max_results=0", "", 400, 403, 403, 403},

	{"GET", "/signup", "", 200, 403, 403, 200},
	{"POST", "users/create-ui", "username=x", 400, 403, 403, 400},
	// The last one, because it changes the password.
	{"PATCH", "users/update-password", `{"username":"bob","password":"bobpassword34","current_password":"bobpassword12"}`, 200, 200, 403, 403},
}

func fullPath(path string) string {
	switch {
	case strings.HasPrefix(path, "/"):
		return path
	case strings.HasPrefix(path, "3"):
		return "/api/3.0/mlflow/" + path[1:]
	}
	return "/api/2.0/mlflow/" + path
}

// TestWhoMay sends all requests as each user.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]func(try) int{
		"admin": func(x try) int { return x.admin }, "bob": func(x try) int { return x.bob },
		"eve": func(x try) int { return x.eve }, "wsa": func(x try) int { return x.boss },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			for _, x := range tries {
				status, answer := s.send(name, x.method, fullPath(x.path), x.body)
				if status != want(x) {
					t.Errorf("%s %s %s: %d, want %d: %s", x.method, x.path, x.body, status, want(x), answer)
				}
				if status >= 400 {
					apitest.CheckError(t, x.path, answer)
				}
			}
		})
	}
}

// TestEveryRouteIsTried checks that the table above has each route of the package.
func TestEveryRouteIsTried(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for _, x := range tries {
		path, _, _ := strings.Cut(fullPath(x.path), "?")
		tried[x.method+" "+path] = true
	}
	without := map[string]bool{}
	for _, route := range (&api.Server{}).Routes() {
		without[route] = true
	}
	n := 0
	for _, route := range (&api.Server{Users: &users.Handlers{}}).Routes() {
		if without[route] {
			continue
		}
		n++
		api := strings.Replace(route, " /ajax-api/", " /api/", 1)
		if !tried[route] && !tried[api] {
			t.Errorf("%s is not in the table", route)
		}
	}
	if n < 60 {
		t.Errorf("%d routes", n)
	}
}

// TestWithoutUsers checks that a server without users says so.
func TestWithoutUsers(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	for _, f := range []apitest.Fact{
		apitest.Get("current", "users/current", 404, "ENDPOINT_NOT_FOUND", "--app-name basic-auth"),
		apitest.Get("signup", "/signup", 404, "--app-name basic-auth"),
		apitest.Get("permissions", "/api/3.0/mlflow/users/current/permissions", 404, "--app-name basic-auth"),
		apitest.Get("roles", "/ajax-api/3.0/mlflow/roles/list", 404, "--app-name basic-auth"),
		apitest.Get("access", "/ajax-api/millrace/access?resource_type=experiment&resource_id=0", 404, "--app-name basic-auth"),
	} {
		s.Check(t, []apitest.Fact{f})
	}
}

// TestTokensThatAreLimited checks that a token that permits less than its user may do
// changes no accounts.
func TestTokensThatAreLimited(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	token := func(user, secret string, scope accounts.Scope) {
		t.Helper()
		if _, err := s.accounts.CreateToken(t.Context(), user, "", scope, 0, auth.TokenHash(secret)); err != nil {
			t.Fatal(err)
		}
	}
	token("admin", "mlr_full", accounts.Scope{})
	token("admin", "mlr_read", accounts.Scope{ReadOnly: true})
	token("bob", "mlr_one", accounts.Scope{ExperimentIDs: []string{"1"}})
	grant := `{"username":"eve","resource_type":"experiment","resource_id":"%","permission":"READ"}`
	for _, x := range []struct {
		token, method, path, body string
		want                      int
	}{
		{"mlr_full", "GET", "3roles/list", "", 200},
		{"mlr_full", "POST", "users/create", `{"username":"x","password":"xxxxxxxxxxxx"}`, 200},
		{"mlr_read", "GET", "users/current", "", 200},
		{"mlr_read", "GET", "users/get?username=admin", "", 200},
		{"mlr_read", "GET", "users/get?username=bob", "", 403},
		{"mlr_read", "GET", "3roles/list", "", 403},
		{"mlr_read", "POST", "users/create", `{"username":"y","password":"xxxxxxxxxxxx"}`, 403},
		{"mlr_read", "PATCH", "users/update-password", `{"username":"admin","password":"xxxxxxxxxxxx","current_password":"adminpassword12"}`, 403},
		{"mlr_read", "POST", "3users/permissions/grant", strings.Replace(grant, "%", "0", 1), 403},
		{"mlr_read", "POST", "3roles/create", `{"name":"r","workspace":"default"}`, 403},
		{"mlr_one", "PATCH", "users/update-password", `{"username":"bob","password":"xxxxxxxxxxxx","current_password":"bobpassword12"}`, 403},
		{"mlr_one", "GET", "3roles/list?workspace=default", "", 403},
		{"mlr_one", "POST", "3users/permissions/grant", strings.Replace(grant, "%", "0", 1), 403},
		{"mlr_one", "POST", "registered-models/permissions/create", `{"username":"eve","name":"m","permission":"READ"}`, 403},
		{"mlr_one", "POST", "3users/permissions/grant", strings.Replace(grant, "%", "1", 1), 200},
	} {
		if status, answer := s.sendWith("x", x.token, x.method, fullPath(x.path), x.body); status != x.want {
			t.Errorf("%s %s %s %s: %d, want %d: %s", x.token, x.method, x.path, x.body, status, x.want, answer)
		}
	}
}
