package auth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

type token struct {
	id, email, secret string
	validUntilMS      int64
}

// table is a token table in memory.
type table struct {
	mu     sync.Mutex
	tokens []token
	err    error
	loads  int
}

func (s *table) EachToken(_ context.Context, f func(id, email string, hash [sha256.Size]byte, validUntilMS int64)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	for _, t := range s.tokens {
		f(t.id, t.email, auth.TokenHash(t.secret), t.validUntilMS)
	}
	return s.err
}

func (s *table) set(tokens ...token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = tokens
}

// whoami responds with the authenticated user.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if u, ok := auth.FromContext(r.Context()); ok {
		w.Header().Set("User", u.Email+" "+u.Token)
	}
})

func ask(h http.Handler, method, path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestOpenServer(t *testing.T) {
	t.Parallel()
	h := auth.Middleware(&table{})(whoami)
	want := auth.MachineUser().Email + " "
	for _, authorization := range []string{"", "Bearer anything", basic("a", "b"), "nonsense"} {
		if w := ask(h, "GET", "/api/2.0/mlflow/runs/get", authorization); w.Code != 200 || w.Header().Get("User") != want {
			t.Errorf("%q: %d, user %q, want %q", authorization, w.Code, w.Header().Get("User"), want)
		}
	}
	if !regexp.MustCompile(`^[^@]+@[^@]+$`).MatchString(strings.TrimSpace(want)) {
		t.Errorf("the machine's user is %q", want)
	}
}

func TestClosedServer(t *testing.T) {
	t.Parallel()
	now := time.Now().UnixMilli()
	store := &table{tokens: []token{
		{"1", "me@example.org", "mlr_good", 0},
		{"2", "you@example.org", "mlr_later", now + 3_600_000},
		{"3", "old@example.org", "mlr_expired", now - 1},
	}}
	h := auth.Middleware(store, "/", "/static-files/")(whoami)
	for name, c := range map[string]struct {
		path, authorization string
		status              int
		user                string
	}{
		"bearer":              {"/api/x", "Bearer mlr_good", 200, "me@example.org 1"},
		"bearer, any case":    {"/api/x", "bearer mlr_good", 200, "me@example.org 1"},
		"not yet expired":     {"/api/x", "Bearer mlr_later", 200, "you@example.org 2"},
		"basic":               {"/api/x", basic("whoever", "mlr_good"), 200, "me@example.org 1"},
		"basic without user":  {"/get-artifact", basic("", "mlr_later"), 200, "you@example.org 2"},
		"nothing":             {"/api/x", "", 401, ""},
		"expired":             {"/api/x", "Bearer mlr_expired", 401, ""},
		"unknown":             {"/api/x", "Bearer mlr_goof", 401, ""},
		"prefix":              {"/api/x", "Bearer mlr_goo", 401, ""},
		"hash as token":       {"/api/x", "Bearer " + string(hash("mlr_good")), 401, ""},
		"empty bearer":        {"/api/x", "Bearer ", 401, ""},
		"empty password":      {"/api/x", basic("me@example.org", ""), 401, ""},
		"token as user":       {"/api/x", basic("mlr_good", ""), 401, ""},
		"broken basic":        {"/api/x", "Basic ???", 401, ""},
		"other scheme":        {"/api/x", "Digest mlr_good", 401, ""},
		"ajax":                {"/ajax-api/2.0/mlflow/x", "", 401, ""},
		"graphql":             {"/graphql", "", 401, ""},
		"artifact":            {"/get-artifact", "", 401, ""},
		"unknown path":        {"/whatever", "", 401, ""},
		"like health":         {"/health/x", "", 401, ""},
		"like version":        {"/versions", "", 401, ""},
		"health":              {"/health", "", 200, ""},
		"version":             {"/version", "", 200, ""},
		"version, bad token":  {"/version", "Bearer no", 200, ""},
		"well-known":          {"/.well-known/databricks-config", "", 200, ""},
		"page":                {"/", "", 200, ""},
		"page's files":        {"/static-files/a/b.js", "", 200, ""},
		"way out of public":   {"/static-files/../api/x", "", 401, ""},
		"double slash":        {"/static-files//api", "", 401, ""},
		"like a page's files": {"/static-files-x", "", 401, ""},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "OPTIONS"} {
			w := ask(h, method, c.path, c.authorization)
			if w.Code != c.status || w.Header().Get("User") != c.user {
				t.Errorf("%s, %s: %d, user %q, want %d, %q", name, method, w.Code, w.Header().Get("User"), c.status, c.user)
			}
			if w.Code != 401 {
				continue
			}
			var body struct {
				Code    string `json:"error_code"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Code != "UNAUTHENTICATED" || body.Message == "" {
				t.Errorf("%s: body %s", name, w.Body)
			}
			if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, `Basic realm="`) {
				t.Errorf("%s: WWW-Authenticate %q", name, got)
			}
		}
	}
}

func hash(s string) []byte {
	h := auth.TokenHash(s)
	return h[:]
}

func TestChangesAreNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &table{}
		h := auth.Middleware(store)(whoami)
		want := func(when, authorization string, status int) {
			t.Helper()
			if w := ask(h, "GET", "/api/x", authorization); w.Code != status {
				t.Errorf("%s: %d, want %d", when, w.Code, status)
			}
		}
		want("no tokens", "", 200)
		expires := time.Now().Add(time.Minute).UnixMilli()
		store.set(token{"1", "me@example.org", "mlr_a", expires})
		time.Sleep(2 * time.Second)
		want("first token made", "", 401)
		want("first token made", "Bearer mlr_a", 200)
		for range 100 {
			want("soon again", "Bearer mlr_a", 200)
		}
		if store.loads != 2 {
			t.Errorf("%d loads of the table, want 2", store.loads)
		}
		time.Sleep(57 * time.Second)
		want("before it expires", "Bearer mlr_a", 200)
		time.Sleep(time.Second)
		want("when it expires, from the cache", "Bearer mlr_a", 401)
		store.set(token{"1", "me@example.org", "mlr_a", time.Now().UnixMilli()})
		time.Sleep(2 * time.Second)
		want("last one revoked", "Bearer mlr_a", 401)
		want("last one revoked, still closed", "", 401)
		store.err = errors.New("database is gone")
		want("fresh copy", "", 401)
		time.Sleep(2 * time.Second)
		want("unreadable table, from the last copy", "Bearer mlr_a", 401)
		want("unreadable table, from the last copy", "", 401)
		time.Sleep(time.Minute)
		want("unreadable table", "Bearer mlr_a", 503)
		want("unreadable table", "", 503)
	})
}

// slowTable is a token table that does not respond until away is closed.
type slowTable struct {
	table
	away atomic.Pointer[chan struct{}]
}

func (s *slowTable) EachToken(ctx context.Context, f func(id, email string, hash [sha256.Size]byte, validUntilMS int64)) error {
	if away := s.away.Load(); away != nil {
		select {
		case <-*away:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.table.EachToken(ctx, f)
}

// TestTokensDuringOutage checks that, while the database does not respond, requests use
// the cached tokens for a while and then fail in time. No request waits for the lookup
// of another.
func TestTokensDuringOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &slowTable{}
		store.set(token{"1", "me@example.org", "mlr_a", 0})
		h := auth.Middleware(store)(whoami)
		storm := func(when string, within, limit time.Duration, status int) {
			t.Helper()
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), within)
					defer cancel()
					r := httptest.NewRequestWithContext(ctx, "GET", "/api/x", nil)
					r.Header.Set("Authorization", "Bearer mlr_a")
					w := httptest.NewRecorder()
					start := time.Now()
					h.ServeHTTP(w, r)
					if took := time.Since(start); took > limit || w.Code != status {
						t.Errorf("%s: %d after %s, want %d within %s", when, w.Code, took, status, limit)
					}
				})
			}
			wg.Wait()
		}
		storm("database answers", time.Minute, 0, 200)
		away := make(chan struct{})
		store.away.Store(&away)
		time.Sleep(2 * time.Second)
		storm("just away", time.Minute, time.Second, 200)
		time.Sleep(30 * time.Second)
		storm("away", time.Minute, time.Second, 200)
		time.Sleep(30 * time.Second)
		storm("long away", time.Minute, 5*time.Second, 503)
		storm("long away, little time", time.Second, time.Second, 503)
		close(away)
		synctest.Wait()
		storm("back", time.Minute, 0, 200)
		if store.loads != 2 {
			t.Errorf("%d loads of the table, want 2", store.loads)
		}
	})
}

func TestRequireUser(t *testing.T) {
	t.Parallel()
	if err := auth.RequireUser(auth.NewContext(t.Context(), auth.UserOf("me@example.org"))); err != nil {
		t.Errorf("a user: %v", err)
	}
	if err := auth.RequireUser(t.Context()); !errors.Is(err, mlflow.Unauthenticated) {
		t.Errorf("nobody: %v", err)
	}
}

func TestNewToken(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		tok := auth.NewToken()
		if !regexp.MustCompile(`^mlr_[A-Za-z0-9_-]{43}$`).MatchString(tok) || seen[tok] {
			t.Fatalf("token %q, seen before: %v", tok, seen[tok])
		}
		seen[tok] = true
	}
}

func TestUserOf(t *testing.T) {
	t.Parallel()
	a, b, c := auth.UserOf("me@example.org"), auth.UserOf("ME@example.org"), auth.UserOf("you@example.org")
	if a.ID != b.ID || a.ID == c.ID || !regexp.MustCompile(`^[0-9]{1,16}$`).MatchString(a.ID) {
		t.Errorf("ids %q, %q, %q", a.ID, b.ID, c.ID)
	}
}
