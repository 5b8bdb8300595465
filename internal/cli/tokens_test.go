package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/store"
)

func TestTokensCommand(t *testing.T) {
	t.Parallel()
	db := "--backend-store-uri=sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
	run := func(args ...string) (stdout, stderr string, err error) {
		var out, errOut bytes.Buffer
		cmd := newTokensCommand()
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetArgs(append(args, db))
		cmd.SetOut(&out)
		cmd.SetErr(&errOut)
		err = cmd.ExecuteContext(t.Context())
		return out.String(), errOut.String(), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, errOut, err := run(args...)
		if err != nil {
			t.Fatalf("%v: %v, %s", args, err, errOut)
		}
		return out
	}

	if out := must("list"); !strings.Contains(out, "no access tokens") {
		t.Errorf("empty list: %s", out)
	}
	if out := must("list", "--json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("empty list as JSON: %s", out)
	}
	secret := strings.TrimSpace(must("create", "--user", "me@example.org", "--name", "laptop"))
	if !regexp.MustCompile(`^mlr_[\w-]{43}$`).MatchString(secret) {
		t.Errorf("token %q", secret)
	}
	must("create", "--user=you@example.org", "--expires", "1h30m")
	must("create", "--user=old@example.org", "--expires", "1ms")
	time.Sleep(2 * time.Millisecond)

	var tokens []store.Token
	if err := json.Unmarshal([]byte(must("list", "--json")), &tokens); err != nil || len(tokens) != 3 {
		t.Fatalf("%v, %v", tokens, err)
	}
	byUser := map[string]store.Token{}
	for _, tok := range tokens {
		byUser[tok.Email] = tok
	}
	if me := byUser["me@example.org"]; me.Name != "laptop" || me.ExpiresMS != 0 || me.CreatedMS == 0 {
		t.Errorf("%+v", me)
	}
	if left := time.Until(time.UnixMilli(byUser["you@example.org"].ExpiresMS)); left < 80*time.Minute || left > 90*time.Minute {
		t.Errorf("valid for %s, want 1h30m", left)
	}
	must("revoke", byUser["you@example.org"].ID)
	list := must("list")
	for _, exp := range []string{`me@example\.org +laptop .* valid\n`, `you@example\.org .* revoked 2\d`, `old@example\.org .* expired 2\d`} {
		if !regexp.MustCompile(exp).MatchString(list) {
			t.Errorf("no %s in\n%s", exp, list)
		}
	}
	if strings.Contains(list, secret) || strings.Contains(must("list", "--json"), secret[4:]) {
		t.Error("the list shows a secret")
	}

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"create"}, "e-mail address"},
		{[]string{"create", "--user", "me"}, "e-mail address"},
		{[]string{"create", "--user", "Me <me@example.org>"}, "e-mail address"},
		{[]string{"create", "--user", "me@example.org", "--expires", "-1h"}, "a time to come"},
		{[]string{"create", "--user", "me@example.org", "--expires", "0"}, "a time to come"},
		{[]string{"create", "--user", "me@example.org", "--name", strings.Repeat("n", 251)}, "250"},
		{[]string{"revoke", "none"}, "No access token with id 'none'"},
		{[]string{"revoke"}, "1 arg"},
	} {
		if out, _, err := run(c.args...); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(out, "mlr_") {
			t.Errorf("%v: %v, output %s", c.args, err, out)
		}
	}
	if err := json.Unmarshal([]byte(must("list", "--json")), &tokens); err != nil || len(tokens) != 3 {
		t.Errorf("refused commands left %d tokens, %v", len(tokens), err)
	}
}
