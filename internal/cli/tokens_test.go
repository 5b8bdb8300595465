package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/store"
)

// The other properties of tokens are in testdata/script/tokens.txtar.
func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	database := "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
	run := func(args ...string) []byte {
		t.Helper()
		var out, errOut bytes.Buffer
		if code := Main(append(args, "--backend-store-uri", database), &out, &errOut); code != 0 {
			t.Fatal(errOut.String())
		}
		return out.Bytes()
	}
	run("tokens", "create", "--user", "me@example.org", "--name", "laptop")
	run("tokens", "create", "--user", "you@example.org", "--expires", "1h30m")
	var tokens []store.Token
	if err := json.Unmarshal(run("tokens", "list", "--json"), &tokens); err != nil || len(tokens) != 2 {
		t.Fatalf("%v, %v", tokens, err)
	}
	byUser := map[string]store.Token{}
	for _, token := range tokens {
		byUser[token.Email] = token
	}
	if me := byUser["me@example.org"]; me.Name != "laptop" || me.ExpiresMS != 0 || me.CreatedMS == 0 {
		t.Errorf("%+v", me)
	}
	left := time.Until(time.UnixMilli(byUser["you@example.org"].ExpiresMS))
	if left < 80*time.Minute || left > 90*time.Minute {
		t.Errorf("the token is valid for %s, want 1h30m", left)
	}
}
