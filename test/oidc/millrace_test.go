// Package oidc tests single sign-on with providers that others have written: the one of
// Zitadel's library, which is certified by the OpenID Foundation, and Dex, if its program
// is installed.
package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/cli"
)

// freeAddress returns an address on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor waits until a URL answers with 200.
func waitFor(t *testing.T, url string) {
	t.Helper()
	for range 300 {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == 200 {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not answer", url)
}

// startMillrace starts a server at an address. The tests are not parallel, because it
// sets environment variables.
func startMillrace(t *testing.T, address, secret string, args ...string) {
	t.Helper()
	dir := t.TempDir()
	ini := filepath.Join(dir, "auth.ini")
	text := fmt.Sprintf("[mlflow]\ndefault_permission = NO_PERMISSIONS\ndatabase_uri = sqlite:///%s\n", filepath.Join(dir, "users.db"))
	if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"MLFLOW_AUTH_CONFIG_PATH": ini, "MLFLOW_AUTH_ADMIN_PASSWORD": "correct horse battery", "HOME": dir,
		"XDG_CONFIG_HOME": filepath.Join(dir, "settings"), "MILLRACE_OIDC_CLIENT_SECRET": secret,
		"MLFLOW_TRACKING_URI": "", "MLFLOW_TRACKING_TOKEN": "", "MLFLOW_TRACKING_USERNAME": "",
	} {
		t.Setenv(name, value)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	server := cli.New()
	server.SetArgs(append([]string{
		"server", "--port", port, "--app-name", "basic-auth", "--backend-store-uri", "sqlite:///" + filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "files"),
	}, args...))
	var log safeBuffer
	server.SetOut(&log)
	server.SetErr(&log)
	ended := make(chan error, 1)
	go func() { ended <- server.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	waitFor(t, "http://"+address+"/health")
}

// safeBuffer is a buffer for several goroutines.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns what was written.
func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// browser is a client with cookies.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar}}
}

// read returns the final address and the text of a response.
func (b *browser) read(resp *http.Response, err error) (at, text string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		b.t.Fatalf("%s: %d %s", resp.Request.URL, resp.StatusCode, body)
	}
	return resp.Request.URL.String(), string(body)
}

func (b *browser) get(url string) (at, text string) {
	b.t.Helper()
	return b.read(b.client.Get(url))
}

// user returns who has logged in to a server.
func (b *browser) user(server string) (name string, isAdmin bool) {
	b.t.Helper()
	_, text := b.get(server + "/ajax-api/millrace/session")
	var session struct {
		User struct {
			Username string `json:"username"`
			IsAdmin  bool   `json:"is_admin"`
		} `json:"user"`
	}
	if err := json.Unmarshal([]byte(text), &session); err != nil {
		b.t.Fatal(err)
	}
	return session.User.Username, session.User.IsAdmin
}

// loginCommand runs `millrace login` and calls confirm with the address and the code that
// it prints. It returns the access token.
func loginCommand(t *testing.T, server string, confirm func(address, code string)) string {
	t.Helper()
	var out, problems safeBuffer
	ended := make(chan int, 1)
	go func() { ended <- cli.Main([]string{"login", server}, &out, &problems) }()
	pattern := regexp.MustCompile(`Open (\S+) and enter the code (\S+)`)
	for range 100 {
		if m := pattern.FindStringSubmatch(problems.String()); m != nil {
			confirm(m[1], m[2])
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	code := <-ended
	token := regexp.MustCompile(`export MLFLOW_TRACKING_TOKEN='(mlr_[^']+)'`).FindStringSubmatch(out.String())
	if code != 0 || token == nil {
		t.Fatalf("millrace login: %d %s %s", code, out.String(), problems.String())
	}
	return token[1]
}

// bearer returns the status of a request with a token for the audit log, which only
// administrators may read.
func bearer(t *testing.T, server, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", server+"/api/millrace/audit", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// contains fails unless a text has a part.
func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("there is no %q in %s", part, text)
	}
}
