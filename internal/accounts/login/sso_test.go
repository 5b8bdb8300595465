package login

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

// provider accepts tokens that begin with "good" and counts how often it is asked.
type provider struct {
	asked   int
	expires time.Time
}

// Verify implements [Verifier].
func (p *provider) Verify(_ context.Context, token string) (accounts.Identity, time.Time, error) {
	p.asked++
	if !strings.HasPrefix(token, "good") {
		return accounts.Identity{}, time.Time{}, mlflow.Errorf(mlflow.Unauthenticated, "wrong")
	}
	return accounts.Identity{Issuer: "https://idp", Subject: "1", Username: "ann"}, p.expires, nil
}

func TestTokenIsVerifiedOnce(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		store := open(t, uri)
		p := &provider{expires: time.Now().Add(time.Hour)}
		a := New(Options{Accounts: store, Default: access.Read, Verifier: p})
		s := &server{store, a, a.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u, _ := auth.FromContext(r.Context())
			_, _ = w.Write([]byte(u.Name))
		}))}
		want := func(token string, status, asked int) {
			t.Helper()
			w := s.ask("/", "Bearer "+token)
			if w.Code != status || status == 200 && w.Body.String() != "ann" || p.asked != asked {
				t.Errorf("%s: %d %s, asked %d times", token, w.Code, w.Body, p.asked)
			}
		}
		want("good", 200, 1)
		want("good", 200, 1)
		want("good2", 200, 2)
		want("bad", 401, 3)
		want("bad", 401, 4)
		want("mlr_x", 401, 4) // It is not for the provider.
		// A user who was deleted is created anew, as by a server that has not seen the token.
		if err := store.DeleteUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		want("good", 200, 5)
		p.expires = time.Now()
		want("good3", 200, 6)
		want("good3", 200, 7)
		list, _, err := store.AuditLog(t.Context(), accounts.AuditFilter{Action: "users/create"}, 10, "")
		if err != nil || len(list) != 2 || list[0].Username != "ann" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestVerifiedIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVerified()
		hash := func(i int) [sha256.Size]byte {
			return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		}
		for i := range 5 * maxEntries {
			v.put(hash(i), verifiedToken{username: "ann", userID: int64(i), expires: time.Now().Add(time.Hour)})
		}
		if n := v.tokens.Len(); n > 2*maxEntries {
			t.Errorf("%d tokens are kept", n)
		}
		const last = 5*maxEntries - 1
		if got, found := v.get(hash(last), time.Now()); !found || got.userID != last {
			t.Errorf("%+v, %t", got, found)
		}
		if _, found := v.get(hash(0), time.Now()); found {
			t.Error("the first token is kept")
		}
		time.Sleep(time.Hour)
		if _, found := v.get(hash(last), time.Now()); found {
			t.Error("an expired token is valid")
		}
	})
}
