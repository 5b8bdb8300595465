package login

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/auth"
)

const (
	secret = "correct horse battery"
	other  = "another long password"
)

func open(t *testing.T, uri string) *accounts.Store {
	t.Helper()
	s, err := accounts.Open(t.Context(), accounts.Options{URI: uri})
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

// server is an Authenticator before a handler that answers with the name of the user and
// the experiments that the user may read.
type server struct {
	*accounts.Store

	login   *Authenticator
	handler http.Handler
}

// stopClock lets the delays after failed logins not end, however slow the machine is.
func (s *server) stopClock() {
	now := time.Now()
	s.login.limiter = newLimiter(func() time.Time { return now })
}

func newServer(t *testing.T, uri string) *server {
	t.Helper()
	s := open(t, uri)
	a := New(Options{Accounts: s, Default: access.NoPermissions, Public: []string{"/open"}})
	return &server{s, a, a.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, known := auth.FromContext(r.Context())
		if !known {
			_, _ = w.Write([]byte("nobody"))
			return
		}
		set := u.Grants.Readable(access.Experiment, "")
		var readable []string
		for _, id := range []string{"7", "8", "9"} {
			if set.Has(id, "") {
				readable = append(readable, id)
			}
		}
		_, _ = w.Write([]byte(u.Name + " " + strings.Join(readable, ",")))
	}))}
}

func (s *server) ask(path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func (s *server) user(t *testing.T, name, password string) {
	t.Helper()
	if _, err := s.CreateUser(t.Context(), name, password, false); err != nil {
		t.Fatal(err)
	}
}

func (s *server) token(t *testing.T, name string, scope accounts.Scope, expiresMS int64) (id, token string) {
	t.Helper()
	token = auth.NewToken()
	k, err := s.CreateToken(t.Context(), name, "test", scope, expiresMS, auth.TokenHash(token))
	if err != nil {
		t.Fatal(err)
	}
	return k.ID, token
}

func sqliteURI(t *testing.T) string {
	t.Helper()
	return "sqlite:///" + filepath.Join(t.TempDir(), "users.db")
}

// TestHeaders sends all kinds of headers for a user who exists.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newServer(t, sqliteURI(t))
	s.user(t, "ann", secret)
	s.user(t, "Zoë Müller", "pässwörter sind lang")
	_, token := s.token(t, "ann", accounts.Scope{}, 0)
	encoded := base64.StdEncoding.EncodeToString([]byte("ann:" + secret))
	for header, want := range map[string]int{
		"":                                      401,
		basic("ann", secret):                    200,
		"basic " + encoded:                      200,
		"BASIC " + encoded:                      200,
		basic("ann", other):                     401,
		basic("ann", ""):                        401,
		basic("ann", secret+"\x00"):             401,
		basic("Ann", secret):                    401,
		basic("ann ", secret):                   401,
		basic("", secret):                       401,
		basic("nobody", secret):                 401,
		basic("' OR 1=1 --", secret):            401,
		basic(strings.Repeat("x", 300), secret): 401,
		basic("Zoë Müller", "pässwörter sind lang"): 200,
		"Basic " + encoded + "x":                    401,
		"Basic":                                     401,
		"Basic ":                                    401,
		"Basic :":                                   401,
		"Digest " + encoded:                         401,
		"Bearer " + token:                           200,
		"bearer  " + token:                          200,
		"Bearer " + token + "x":                     401,
		"Bearer " + strings.ToLower(token):          401,
		"Bearer " + secret:                          401,
		"Bearer":                                    401,
		basic("ann", token):                         200,
		basic("token", token):                       200,
		basic("", token):                            200,
		"Token " + token:                            401,
		token:                                       401,
	} {
		w := s.ask("/api/2.0/mlflow/runs/get", header)
		if w.Code != want {
			t.Errorf("%q: %d %s", header, w.Code, w.Body)
		}
		challenge := w.Header().Get("WWW-Authenticate")
		if (challenge != "") != (want == 401) || want == 401 && !strings.Contains(w.Body.String(), "UNAUTHENTICATED") {
			t.Errorf("%q: challenge %q, %s", header, challenge, w.Body)
		}
	}
	if w := s.ask("/api?token="+token, ""); w.Code != 401 {
		t.Errorf("a token in the URL: %d", w.Code)
	}
	for path, want := range map[string]int{"/open": 200, "/open/x": 401, "/health": 200, "/health/../api": 401, "/": 401} {
		if w := s.ask(path, ""); w.Code != want {
			t.Errorf("%s without a user: %d", path, w.Code)
		}
	}
}

// TestRefusalsAreEqual checks that an answer does not tell which users exist.
func TestRefusalsAreEqual(t *testing.T) {
	t.Parallel()
	s := newServer(t, sqliteURI(t))
	s.stopClock()
	s.user(t, "ann", secret)
	known, unknown := s.ask("/x", basic("ann", other)), s.ask("/x", basic("bob", other))
	if known.Code != unknown.Code || known.Body.String() != unknown.Body.String() {
		t.Errorf("a wrong password: %s; an unknown user: %s", known.Body, unknown.Body)
	}
	for range freePerPair {
		s.ask("/x", basic("ann", other))
		s.ask("/x", basic("bob", other))
	}
	known, unknown = s.ask("/x", basic("ann", other)), s.ask("/x", basic("bob", other))
	if known.Code != 401 || unknown.Code != 401 || known.Header().Get("Retry-After") == "" ||
		known.Body.String() != unknown.Body.String() || !strings.Contains(known.Body.String(), "Too many logins") {
		t.Errorf("after many failures: %d %s; of an unknown user: %d %s", known.Code, known.Body, unknown.Code, unknown.Body)
	}
}

// TestGuessingDoesNotLockOut fails many logins of a user who is logged in already.
func TestGuessingDoesNotLockOut(t *testing.T) {
	t.Parallel()
	s := newServer(t, sqliteURI(t))
	s.stopClock()
	s.user(t, "ann", secret)
	if w := s.ask("/x", basic("ann", secret)); w.Code != 200 {
		t.Fatal(w.Body)
	}
	for range 2 * freePerPair {
		s.ask("/x", basic("ann", other))
	}
	if w := s.ask("/x", basic("ann", other)); w.Code != 401 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the guesser: %d %s", w.Code, w.Body)
	}
	if w := s.ask("/x", basic("ann", secret)); w.Code != 200 {
		t.Errorf("the user: %d %s", w.Code, w.Body)
	}
}

// TestChanges makes changes by this server, which are seen at once, and by another server
// on the same database, which are seen within two seconds.
func TestChanges(t *testing.T) {
	t.Parallel()
	uri := sqliteURI(t)
	s := newServer(t, uri)
	elsewhere := open(t, uri)
	ctx := t.Context()
	for name, by := range map[string]*accounts.Store{"this server": s.Store, "another server": elsewhere} {
		user := "user of " + name
		s.user(t, user, secret)
		id, token := s.token(t, user, accounts.Scope{}, 0)
		_, kept := s.token(t, user, accounts.Scope{}, 0)
		old, fresh := basic(user, secret), basic(user, other)
		seen := func(change, header string, want int, body string) {
			t.Helper()
			deadline := time.Now().Add(2 * time.Second)
			for {
				w := s.ask("/x", header)
				if w.Code == want && (want != 200 || w.Body.String() == user+" "+body) {
					return
				}
				if by == s.Store || time.Now().After(deadline) {
					t.Fatalf("%s by %s: %d %s, want %d %s", change, name, w.Code, w.Body, want, body)
				}
				time.Sleep(50 * time.Millisecond)
			}
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		seen("nothing", old, 200, "")
		seen("nothing", "Bearer "+token, 200, "")
		must(by.SetGrant(ctx, user, access.Experiment, "7", access.Read))
		seen("a grant", old, 200, "7")
		must(by.Revoke(ctx, user, access.Experiment, "7"))
		seen("a revocation", "Bearer "+token, 200, "")
		must(by.RevokeToken(ctx, id))
		seen("the revocation of a token", "Bearer "+token, 401, "")
		seen("the other token", "Bearer "+kept, 200, "")
		must(by.SetPassword(ctx, user, other))
		seen("a new password", fresh, 200, "")
		seen("a new password, the old one", old, 401, "")
		must(by.DeleteUser(ctx, user))
		seen("the deletion of the user", fresh, 401, "")
		seen("the deletion of the user, its token", "Bearer "+kept, 401, "")
		_, err := by.CreateUser(ctx, user, other, false)
		must(err)
		seen("a new user with the name", fresh, 200, "")
		seen("a new user with the name, the old token", "Bearer "+kept, 401, "")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := newServer(t, sqliteURI(t))
	s.user(t, "ann", secret)
	for _, id := range []string{"7", "8"} {
		if err := s.SetGrant(t.Context(), "ann", access.Experiment, id, access.Edit); err != nil {
			t.Fatal(err)
		}
	}
	id, all := s.token(t, "ann", accounts.Scope{}, 0)
	_, one := s.token(t, "ann", accounts.Scope{ExperimentIDs: []string{"8", "9"}}, 0)
	_, short := s.token(t, "ann", accounts.Scope{}, time.Now().Add(3*time.Second).UnixMilli())
	for token, want := range map[string]string{all: "ann 7,8", one: "ann 8", short: "ann 7,8"} {
		if w := s.ask("/x", "Bearer "+token); w.Body.String() != want {
			t.Errorf("%s, want %s", w.Body, want)
		}
	}
	time.Sleep(3100 * time.Millisecond)
	if w := s.ask("/x", "Bearer "+short); w.Code != 401 {
		t.Errorf("an expired token: %d", w.Code)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		k, err := s.Token(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if k.LastUsedMS != 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the last use of the token is not stored")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
