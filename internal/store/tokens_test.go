package store_test

import (
	"crypto/sha256"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	uri := "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
	open := func() *store.Store {
		s, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	s := open()
	if tokens, err := s.Tokens(t.Context()); err != nil || tokens == nil || len(tokens) != 0 {
		t.Errorf("a new database has tokens %v, %v", tokens, err)
	}
	expires := time.Now().Add(time.Hour).UnixMilli()
	forever, err := s.CreateToken(t.Context(), "me@example.org", "laptop", sha256.Sum256([]byte("a")), 0)
	if err != nil {
		t.Fatal(err)
	}
	limited, err := s.CreateToken(t.Context(), "you@example.org", "", sha256.Sum256([]byte("b")), expires)
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := s.CreateToken(t.Context(), "me@example.org", "", sha256.Sum256([]byte("c")), expires)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateToken(t.Context(), "me@example.org", "", sha256.Sum256([]byte("a")), 0); err == nil {
		t.Error("the same secret was stored twice")
	}

	// Another process revokes a token, and a second revocation keeps the first time.
	other := open()
	before := time.Now().UnixMilli()
	for range 2 {
		if err := other.RevokeToken(t.Context(), revoked.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if err := other.RevokeToken(t.Context(), "none"); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("revoking an unknown token: %v", err)
	}
	tokens, err := s.Tokens(t.Context())
	if err != nil || len(tokens) != 3 {
		t.Fatalf("%v, %v", tokens, err)
	}
	var revokedMS int64
	for _, tok := range tokens {
		if tok.ID == revoked.ID {
			revokedMS = tok.RevokedMS
		} else if tok != *forever && tok != *limited {
			t.Errorf("%+v is neither %+v nor %+v", tok, *forever, *limited)
		}
	}
	if revokedMS < before {
		t.Errorf("revoked at %d, want %d or later", revokedMS, before)
	}

	type valid struct {
		id, email string
		until     int64
	}
	got := map[[sha256.Size]byte]valid{}
	if err := s.EachToken(t.Context(), func(id, email string, hash [sha256.Size]byte, untilMS int64) {
		got[hash] = valid{id, email, untilMS}
	}); err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]valid{
		"a": {forever.ID, "me@example.org", 0},
		"b": {limited.ID, "you@example.org", expires},
		"c": {revoked.ID, "me@example.org", revokedMS},
	} {
		if got[sha256.Sum256([]byte(secret))] != want {
			t.Errorf("%s: %+v, want %+v", secret, got[sha256.Sum256([]byte(secret))], want)
		}
	}
}
