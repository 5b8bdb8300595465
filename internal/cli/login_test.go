package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts/oidc/oidctest"
	"github.com/millrace-ml/millrace/mlflow"
)

// startWithLogin starts a server whose users log in by a provider. It sets environment
// variables, so the tests that use it are not parallel.
func startWithLogin(t *testing.T, args ...string) (url string) {
	t.Helper()
	dir := t.TempDir()
	ini := filepath.Join(dir, "auth.ini")
	text := fmt.Sprintf("[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///%s\n", filepath.Join(dir, "users.db"))
	if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MLFLOW_AUTH_CONFIG_PATH", ini)
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "settings"))
	for _, name := range []string{"MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME"} {
		t.Setenv(name, "")
	}
	url, _, _ = serve(t, append([]string{
		"--app-name", "basic-auth", "--backend-store-uri", "sqlite:///" + filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "files"),
	}, args...)...)
	return url
}

// run runs a command and returns what it prints.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, problems bytes.Buffer
	code = Main(args, &out, &problems)
	return out.String(), problems.String(), code
}

func TestLoginCommand(t *testing.T) {
	p := oidctest.Start(t)
	p.Set(func(p *oidctest.Provider) { p.Pending = 1 })
	url := startWithLogin(t, "--oidc-issuer", p.URL, "--oidc-client-id", "millrace", "--static-prefix", "/ml")
	if _, problems, code := run(t, "experiments", "search", "--tracking-uri", url); code == 0 || !strings.Contains(problems, "not authenticated") {
		t.Fatalf("before the login: %d %s", code, problems)
	}
	out, problems, code := run(t, "login", url+"/", "--name", "laptop")
	exports := regexp.MustCompile(`^export MLFLOW_TRACKING_URI='(.+)'\nexport MLFLOW_TRACKING_TOKEN='(mlr_.+)'\n$`).FindStringSubmatch(out)
	if code != 0 || exports == nil || exports[1] != url || !strings.Contains(problems, "Open "+p.URL+"/activate and enter the code WDJB-MJHT\n") ||
		!strings.Contains(problems, "as ann@example.org") {
		t.Fatalf("%d %s %s", code, out, problems)
	}
	if out, problems, code := run(t, "experiments", "search", "--tracking-uri", url); code != 0 || !strings.Contains(out, "Default") {
		t.Errorf("after the login: %d %s %s", code, out, problems)
	}
	client := mlflow.NewClient(url, mlflow.WithToken(exports[2]))
	if _, err := client.CreateExperiment(t.Context(), &mlflow.CreateExperimentRequest{Name: "e"}); err != nil {
		t.Error(err)
	}
	// A token for another server is not sent to this one.
	if _, _, code := run(t, "experiments", "search", "--tracking-uri", strings.TrimSuffix(url, "/ml")); code == 0 {
		t.Error("the token is sent to another path")
	}
}

func TestLoginCommandFails(t *testing.T) {
	p := oidctest.Start(t)
	url := startWithLogin(t, "--oidc-issuer", p.URL, "--oidc-client-id", "millrace")
	check := func(what string, want string, args ...string) {
		t.Helper()
		out, problems, code := run(t, append([]string{"login"}, args...)...)
		if code != 1 || out != "" || !strings.Contains(problems, want) {
			t.Errorf("%s: %d %s %s", what, code, out, problems)
		}
	}
	p.Set(func(p *oidctest.Provider) { p.Deny = "access_denied" })
	check("the user says no", "the login was refused", url)
	p.Set(func(p *oidctest.Provider) { p.Deny = "expired_token" })
	check("the user waits", "the code has expired", url)
	p.Set(func(p *oidctest.Provider) { p.Deny, p.User["email_verified"] = "", false })
	check("the server says no", "has not verified your e-mail address", url)
	p.Set(func(p *oidctest.Provider) { p.Away = true })
	check("the provider is away", "the provider "+p.URL, url)
	check("a wrong duration", "--expires must be", url, "--expires", "-1s")
	check("not a server", "must be the address of a server", "databricks-uc")
	plain, _, _ := serve(t, "--backend-store-uri", "sqlite:///"+filepath.Join(t.TempDir(), "mlflow.db"))
	check("no users", "has no single sign-on", plain)
	if list, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "*", "*")); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
}
