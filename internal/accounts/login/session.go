package login

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// sessionIdle is how long a session lasts after its last request, and sessionMax
	// after its login.
	sessionIdle = 12 * time.Hour
	sessionMax  = 7 * 24 * time.Hour
	// extendEvery is how exactly the last request of a session is stored.
	extendEvery = 10 * time.Minute

	// CSRFHeader is the header with the token that a request of a session must have if it
	// changes something. Pages of other sites cannot read the token.
	CSRFHeader = "X-Csrf-Token"
)

var errCSRF = mlflow.Errorf(mlflow.PermissionDenied,
	"The request has no valid CSRF token, which the pages send in the header X-CSRF-Token. Reload the page.")

// session returns the user of the session whose cookie a request has. It returns false
// without a valid one.
func (a *Authenticator) session(r *http.Request) (u auth.User, found bool, err error) {
	secret := a.cookie(r)
	if secret == "" {
		return auth.User{}, false, nil
	}
	session, account, err := a.valid(r.Context(), secret)
	if err != nil || session == nil {
		return auth.User{}, false, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead &&
		subtle.ConstantTimeCompare([]byte(r.Header.Get(CSRFHeader)), []byte(CSRFToken(secret))) != 1 {
		return auth.User{}, false, errCSRF
	}
	a.extend(r.Context(), secret, session)
	return account.user, true, nil
}

// valid returns the session with a secret and its user, or nil if it is not valid any
// more.
func (a *Authenticator) valid(ctx context.Context, secret string) (*accounts.Session, *member, error) {
	hash := sessionHash(secret)
	session, err := a.sessions.get(ctx, string(hash[:]))
	if errors.Is(err, mlflow.ResourceDoesNotExist) || err == nil && time.Now().UnixMilli() >= session.ExpiresMS {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	account, err := a.users.get(ctx, session.Username)
	if errors.Is(err, mlflow.ResourceDoesNotExist) || err == nil &&
		(account.ID != session.UserID || accounts.PasswordDigest(account.PasswordHash) != session.PasswordDigest) {
		return nil, nil, nil
	}
	return session, account, err
}

// extend stores that a session was used. Best effort: the request does not depend on it.
func (a *Authenticator) extend(ctx context.Context, secret string, session *accounts.Session) {
	now := time.Now()
	expires := min(now.Add(sessionIdle).UnixMilli(), time.UnixMilli(session.CreatedMS).Add(sessionMax).UnixMilli())
	if expires-session.ExpiresMS < extendEvery.Milliseconds() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookUpTime)
		defer cancel()
		if err := a.accounts.ExtendSession(ctx, sessionHash(secret), expires); err != nil {
			a.log.WarnContext(ctx, "cannot extend a session", "user", session.Username, "error", err)
		}
	}()
}

// Login begins a session of a user with a password, in a cookie of the response. It
// returns the user and the CSRF token of the session. The session that the browser had
// ends.
func (a *Authenticator) Login(
	w http.ResponseWriter, r *http.Request, name, password string,
) (u auth.User, csrf string, err error) {
	if u, err = a.byPassword(r, name, password); err != nil {
		if wait := new(waitError); errors.As(err, &wait) {
			w.Header().Set("Retry-After", wait.seconds())
		}
		return auth.User{}, "", err
	}
	if csrf, err = a.begin(w, r, name); err == nil {
		a.audit(r, name, "session/begin", "OK")
	}
	return u, csrf, err
}

// begin begins a session of a user who has proved its identity.
func (a *Authenticator) begin(w http.ResponseWriter, r *http.Request, name string) (csrf string, err error) {
	ctx := r.Context()
	account, err := a.users.fetch(ctx, name)
	if err != nil {
		return "", err
	}
	if err := a.end(r); err != nil {
		return "", err
	}
	secret := rand.Text()
	now := time.Now()
	err = a.accounts.CreateSession(ctx, accounts.Session{
		Username: account.Username, UserID: account.ID, CreatedMS: now.UnixMilli(),
		ExpiresMS: now.Add(sessionIdle).UnixMilli(), PasswordDigest: accounts.PasswordDigest(account.PasswordHash),
	}, sessionHash(secret))
	if err != nil {
		return "", err
	}
	http.SetCookie(w, a.newCookie(r, secret, sessionMax))
	return CSRFToken(secret), nil
}

// Logout ends the session of a request, if it has one.
func (a *Authenticator) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := a.end(r); err != nil {
		return err
	}
	if u, known := auth.FromContext(r.Context()); known {
		a.audit(r, u.Name, "session/end", "OK")
	}
	http.SetCookie(w, a.newCookie(r, "", -time.Second))
	return nil
}

func (a *Authenticator) end(r *http.Request) error {
	secret := a.cookie(r)
	if secret == "" {
		return nil
	}
	return a.accounts.DeleteSession(r.Context(), sessionHash(secret))
}

// Session returns the user of a request to a public path, and the CSRF token if the user
// has a session. It returns false if the request has no valid user.
func (a *Authenticator) Session(r *http.Request) (u auth.User, csrf string, found bool, err error) {
	_, named, err := a.proxyUser(r)
	if err == nil && !named && r.Header.Get("Authorization") == "" {
		u, found, err = a.session(r)
		if found {
			csrf = CSRFToken(a.cookie(r))
		}
		return u, csrf, found, err
	}
	u, err = a.user(r)
	if errors.Is(err, mlflow.Unauthenticated) {
		return u, "", false, nil
	}
	return u, "", err == nil, err
}

// cookie returns the secret of the session in a request, or "".
func (a *Authenticator) cookie(r *http.Request) string {
	c, err := r.Cookie(a.cookieName)
	if err != nil {
		return ""
	}
	return c.Value
}

func (a *Authenticator) newCookie(r *http.Request, secret string, age time.Duration) *http.Cookie {
	return NewCookie(r, a.cookieName, secret, forwarded.Prefix(r)+a.prefix+"/", age)
}

// NewCookie returns a cookie that pages cannot read and that other sites cannot send in
// requests that change something. It is deleted if age is negative.
func NewCookie(r *http.Request, name, value, path string, age time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure depends on how the browser reaches the server.
		Name: name, Value: value, Path: path, MaxAge: int(age.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(forwarded.Base(r), "https:"),
	}
}

// CSRFToken returns the CSRF token of a session.
func CSRFToken(secret string) string {
	sum := sha256.Sum256([]byte("csrf " + secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func sessionHash(secret string) [sha256.Size]byte { return sha256.Sum256([]byte("session " + secret)) }
