package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// entra is a service that issues tokens.
func entra(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) (*httptest.Server, *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(answer))
	t.Cleanup(server.Close)
	return server, server.Client()
}

func identityOf(t *testing.T, client *http.Client, env map[string]string) *tokens {
	t.Helper()
	found, err := newIdentity(func(name string) string { return env[name] }, client)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestClientSecret(t *testing.T) {
	server, client := entra(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/tenant/oauth2/v2.0/token" || r.PostFormValue("grant_type") != "client_credentials" ||
			r.PostFormValue("client_id") != "id" || r.PostFormValue("client_secret") != "s+&" ||
			r.PostFormValue("scope") != "https://storage.azure.com/.default" {
			t.Errorf("%s %v", r.URL, r.PostForm)
		}
		fmt.Fprint(w, `{"token_type": "Bearer", "expires_in": 3599, "access_token": "t"}`)
	})
	found := identityOf(t, client, map[string]string{
		envTenant: "tenant", envClient: "id", envSecret: "s+&", envAuthority: server.URL + "/", envTokenFile: "/none",
		envEndpoint: "http://127.0.0.1:1", envHeader: "h",
	})
	if value, err := found.get(t.Context()); err != nil || value != "t" || time.Until(found.token.expires) < 59*time.Minute {
		t.Errorf("%q, %v", value, err)
	}
}

func TestWorkloadIdentity(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	got := ""
	server, client := entra(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.PostFormValue("client_assertion")
		if r.PostFormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			t.Error(r.PostForm)
		}
		fmt.Fprint(w, `{"expires_in": 1, "access_token": "t"}`)
	})
	found := identityOf(t, client, map[string]string{
		envTenant: "tenant", envClient: "id", envTokenFile: file, envAuthority: server.URL,
	})
	if _, err := found.get(t.Context()); err == nil || !strings.Contains(err.Error(), envTokenFile) {
		t.Errorf("no file: %v", err)
	}
	for _, want := range []string{"first", "second"} { // The cluster replaces the file.
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := found.fetch(t.Context()); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestManagedIdentity(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(time.Hour).Truncate(time.Second)
	for kind, c := range map[string]struct {
		env, headers, query map[string]string
		path, answer        string
	}{
		"metadata": {
			map[string]string{envPodHost: "SERVER/"},
			map[string]string{"Metadata": "true"},
			map[string]string{"resource": storageResource, "api-version": "2018-02-01", "client_id": ""},
			"/metadata/identity/oauth2/token", `{"access_token": "t", "expires_in": "3599", "expires_on": "1"}`,
		},
		"user-assigned": {
			map[string]string{envPodHost: "SERVER", envClient: "id"},
			map[string]string{"Metadata": "true"},
			map[string]string{"resource": storageResource, "api-version": "2018-02-01", "client_id": "id"},
			"/metadata/identity/oauth2/token", `{"access_token": "t", "expires_in": "3599"}`,
		},
		"App Service": {
			map[string]string{envEndpoint: "SERVER/msi/token", envHeader: "h", envClient: "id"},
			map[string]string{"X-Identity-Header": "h", "Metadata": ""},
			map[string]string{"resource": storageResource, "api-version": "2019-08-01", "client_id": "id"},
			"/msi/token", fmt.Sprintf(`{"access_token": "t", "expires_on": "%d"}`, end.Unix()),
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != c.path {
				t.Errorf("%s: %s", kind, r.URL)
			}
			for name, value := range c.headers {
				if r.Header.Get(name) != value {
					t.Errorf("%s: %s is %q", kind, name, r.Header.Get(name))
				}
			}
			for name, value := range c.query {
				if r.URL.Query().Get(name) != value {
					t.Errorf("%s: %s is %q", kind, name, r.URL.Query().Get(name))
				}
			}
			fmt.Fprint(w, c.answer)
		}))
		env := map[string]string{}
		for name, value := range c.env {
			env[name] = strings.Replace(value, "SERVER", server.URL, 1)
		}
		found := identityOf(t, server.Client(), env)
		value, err := found.get(t.Context())
		if left := found.token.expires.Sub(end); err != nil || value != "t" || left < -time.Minute || left > time.Minute {
			t.Errorf("%s: %q, %v, until %s", kind, value, err, found.token.expires)
		}
		server.Close()
	}
}

// TestIdentityErrors checks what users see if there is no token.
func TestIdentityErrors(t *testing.T) {
	t.Parallel()
	invalid := `{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret.\r\nTrace ID: x"}`
	principal := map[string]string{envTenant: "t", envClient: "id", envSecret: "secret-words", envAuthority: "SERVER"}
	machine := map[string]string{envPodHost: "SERVER"}
	for _, c := range []struct {
		env    map[string]string
		status int // 0 if nobody listens
		body   string
		want   mlflow.ErrorCode
		text   string
	}{
		{principal, 401, invalid, mlflow.PermissionDenied, "invalid_client: AADSTS7000215: Invalid client secret.)"},
		{principal, 503, "", mlflow.TemporarilyUnavailable, "Microsoft Entra does not answer"},
		{principal, 0, "", mlflow.TemporarilyUnavailable, "Microsoft Entra does not answer"},
		{principal, 200, `{"secret-words": "x"}`, mlflow.PermissionDenied, "has no access_token"},
		{principal, 200, `{"access_token": "secret-words"}`, mlflow.PermissionDenied, "does not say when"},
		{
			machine, 400, `{"error": "invalid_request", "error_description": "Identity not found"}`, mlflow.PermissionDenied,
			"The server has no credentials for " + team + ": set AZURE_STORAGE_CONNECTION_STRING",
		},
		{machine, 0, "", mlflow.PermissionDenied, "The server has no credentials for " + team},
		{machine, 500, "", mlflow.TemporarilyUnavailable, "the metadata service does not answer"},
	} {
		var count atomic.Int32
		server, client := entra(t, func(w http.ResponseWriter, _ *http.Request) {
			count.Add(1)
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		})
		address := server.URL
		if c.env[envPodHost] != "" { // The client of the metadata service is its own.
			plain := httptest.NewServer(server.Config.Handler)
			t.Cleanup(plain.Close)
			address, server = plain.URL, plain
		}
		if c.status == 0 {
			server.Close()
		}
		env := map[string]string{}
		for name, value := range c.env {
			env[name] = strings.Replace(value, "SERVER", address, 1)
		}
		b := openBucket(t, nil, team)
		b.credential = identityOf(t, client, env)
		for name, request := range requests {
			if (c.status == 0 || c.want == mlflow.TemporarilyUnavailable) && name != "list" {
				continue // The retries take time.
			}
			count.Store(0)
			err := request(t.Context(), b)
			if c.status >= 500 && count.Load() != maxAttempts || c.status != 0 && c.status < 500 && count.Load() != 1 {
				t.Errorf("%s after %d: %d requests for a token", name, c.status, count.Load())
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "secret-words") {
				t.Errorf("%s after %d %s: %v", name, c.status, c.body, err)
			}
		}
	}
}

func TestUnsupportedIdentities(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{envTenant: "t", envClient: "i", envCertificate: "/c.pem"}, envCertificate},
		{map[string]string{envEndpoint: "http://h", envArc: "http://h"}, "Azure Arc"},
		{map[string]string{envEndpoint: "http://h", envHeader: "h", envThumbprint: "x"}, "Service Fabric"},
		{map[string]string{envAuthority: "http://h"}, "want an https URL"},
	} {
		s, err := newStore(func(name string) string { return c.env[name] })
		if err != nil {
			t.Fatal(err) // The settings matter only to containers that need an identity.
		}
		l, err := parseURI(team)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.bucket(l); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.env, err)
		}
	}
}

// TestTokens checks when tokens are fetched.
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched, running atomic.Int32
		away := false
		found := newTokens(func(context.Context) (token, error) {
			if running.Add(1) > 1 {
				t.Error("two requests for a token at the same time")
			}
			defer running.Add(-1)
			time.Sleep(time.Second)
			if away {
				return token{}, errors.New("away")
			}
			return token{fmt.Sprint(fetched.Add(1)), time.Now().Add(time.Hour)}, nil
		})
		want := func(value string, failing bool) {
			t.Helper()
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					if got, err := found.get(t.Context()); got != value || (err != nil) != failing {
						t.Errorf("got %q, %v; want %q", got, err, value)
					}
				})
			}
			wg.Wait()
		}
		want("1", false)
		time.Sleep(54 * time.Minute)
		want("1", false)
		time.Sleep(time.Minute)
		want("2", false)
		time.Sleep(55 * time.Minute)
		away = true
		want("2", false) // It is still valid.
		time.Sleep(5 * time.Minute)
		want("", true)
		away = false
		want("3", false)
		cancelled, cancel := context.WithCancel(t.Context())
		time.Sleep(time.Hour)
		cancel()
		if _, err := found.get(cancelled); !errors.Is(err, context.Canceled) && err != nil {
			t.Error(err)
		}
	})
}
