package login

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/recent"
	"github.com/millrace-ml/millrace/mlflow"
)

// Verifier checks bearer tokens of a provider of single sign-on.
type Verifier interface {
	// Verify returns who the user of a token is, and when the token expires.
	Verify(ctx context.Context, token string) (accounts.Identity, time.Time, error)
}

// SignOn begins a session of the user of an identity that a provider has proved, in a
// cookie of the response. It creates the user if there is none.
func (a *Authenticator) SignOn(w http.ResponseWriter, r *http.Request, identity accounts.Identity) error {
	user, err := a.signOn(r, identity)
	if err != nil {
		return err
	}
	if _, err := a.begin(w, r, user.Username); err != nil {
		return err
	}
	a.audit(r, user.Username, "session/begin", "OK")
	return nil
}

// signOn returns the user of an identity and creates it if there is none.
func (a *Authenticator) signOn(r *http.Request, identity accounts.Identity) (*accounts.User, error) {
	user, created, err := a.accounts.SignOn(r.Context(), identity)
	if err != nil {
		if e := mlflow.AsError(err); e != nil {
			a.log.WarnContext(r.Context(), "a single sign-on failed", "user", identity.Username, "error", err)
			a.audit(r, identity.Username, "login", string(e.Code))
		}
		return nil, err
	}
	if created {
		a.log.InfoContext(r.Context(), "single sign-on has created a user", "user", user.Username)
		a.audit(r, user.Username, "users/create", "OK")
	}
	return user, nil
}

// verified remembers whose the tokens of a provider are, so that a token is checked once.
type verified struct {
	mu     sync.Mutex
	tokens *recent.Map[[sha256.Size]byte, verifiedToken]
}

type verifiedToken struct {
	username string
	userID   int64
	expires  time.Time
}

func newVerified() *verified {
	return &verified{tokens: recent.New[[sha256.Size]byte, verifiedToken](maxEntries)}
}

// get returns the user of a token that was checked before and has not expired.
func (v *verified) get(hash [sha256.Size]byte, now time.Time) (t verifiedToken, found bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t, found = v.tokens.Get(hash)
	return t, found && now.Before(t.expires)
}

func (v *verified) put(hash [sha256.Size]byte, t verifiedToken) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tokens.Put(hash, t)
}

// byJWT authenticates by a token that a provider of single sign-on has signed. A token
// whose user was deleted is checked again, as it would be on another server.
func (a *Authenticator) byJWT(r *http.Request, token string) (auth.User, error) {
	ctx, hash := r.Context(), sha256.Sum256([]byte(token))
	if t, found := a.verified.get(hash, time.Now()); found {
		account, err := a.users.get(ctx, t.username)
		if err == nil && account.ID == t.userID {
			return account.user, nil
		}
		if err != nil && !errors.Is(err, mlflow.ResourceDoesNotExist) {
			return auth.User{}, err
		}
	}
	identity, expires, err := a.verifier.Verify(ctx, token)
	if err != nil {
		return auth.User{}, err
	}
	user, err := a.signOn(r, identity)
	if err != nil {
		return auth.User{}, err
	}
	account, err := a.users.fetch(ctx, user.Username)
	if err != nil {
		return auth.User{}, err
	}
	a.verified.put(hash, verifiedToken{user.Username, user.ID, expires})
	a.audit(r, user.Username, "login", "OK")
	return account.user, nil
}
