// Package login authenticates the requests of users: by a password or an access token in
// the header Authorization, or by the cookie of a session of the pages. A provider of
// single sign-on may prove who a user is, see [Authenticator.SignOn] and [Verifier].
//
// The Authenticator asks package accounts for a user at most once a second, so that a
// request costs no query and a change by another server is seen within a second. A change
// by this server is seen at once.
package login

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/mlflow"
)

// Options configure an Authenticator.
type Options struct {
	Accounts *accounts.Store
	// Default is the permission on resources without a grant.
	Default access.Permission
	// Public lists paths that need no user, see [auth.IsPublic].
	Public []string
	// Cookie is the name of the cookie of sessions. Servers on other ports of a machine get
	// the same cookies.
	Cookie string
	// Prefix is the path prefix of the server, or "".
	Prefix string
	// Verifier checks bearer tokens that are not access tokens of this server. It may be nil.
	Verifier Verifier
	// ProxyUserHeader is the header by which a trusted reverse proxy names the user of a
	// request, or "".
	ProxyUserHeader string
	// Log may be nil.
	Log *slog.Logger
}

// Authenticator finds the user of a request.
type Authenticator struct {
	accounts  *accounts.Store
	public    []string
	log       *slog.Logger
	users     *cache[*member]
	tokens    *cache[*accounts.Token]
	sessions  *cache[*accounts.Session]
	passwords *passwords
	limiter   *limiter
	touched   *touched
	verifier  Verifier
	verified  *verified

	cookieName, prefix, proxyHeader string
}

// New returns an Authenticator.
func New(o Options) *Authenticator {
	log := cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	a := &Authenticator{
		accounts: o.Accounts, public: o.Public, log: log,
		passwords: newPasswords(log), limiter: newLimiter(time.Now), touched: newTouched(),
		verifier: o.Verifier, verified: newVerified(), cookieName: o.Cookie, prefix: o.Prefix,
		proxyHeader: o.ProxyUserHeader,
	}
	a.users = newCache(o.Accounts.Changes, func(ctx context.Context, name string) (*member, error) {
		account, err := o.Accounts.Account(ctx, name, o.Default)
		if err != nil {
			return nil, err
		}
		return &member{account, a.userOf(account)}, nil
	})
	a.tokens = newCache(o.Accounts.Changes, func(ctx context.Context, hash string) (*accounts.Token, error) {
		return o.Accounts.TokenByHash(ctx, [32]byte([]byte(hash)))
	})
	a.sessions = newCache(o.Accounts.Changes, func(ctx context.Context, hash string) (*accounts.Session, error) {
		return o.Accounts.SessionByHash(ctx, [32]byte([]byte(hash)))
	})
	return a
}

// member is a user with what its requests have in common.
type member struct {
	*accounts.Account

	user auth.User
}

// Middleware authenticates every request that is not public and calls next with its user
// in the context.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if auth.IsPublic(r.URL.Path, a.public...) {
			next.ServeHTTP(w, r)
			return
		}
		u, err := a.user(r)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), u)))
	})
}

// errNobody and errWrong are the errors of requests without a user and with a wrong one.
// They do not tell whether the user exists.
var (
	errNobody = mlflow.Errorf(mlflow.Unauthenticated,
		"You are not authenticated. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.")
	errWrong = mlflow.Errorf(mlflow.Unauthenticated,
		"You are not authenticated: the user name and the password do not belong together.")
	errToken = mlflow.Errorf(mlflow.Unauthenticated,
		"You are not authenticated: the access token is unknown, expired or revoked.")
)

func (a *Authenticator) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := mlflow.AsError(err)
	if e == nil {
		a.log.WarnContext(r.Context(), "cannot authenticate a request", "error", err)
		e = &mlflow.Error{
			Code:    mlflow.TemporarilyUnavailable,
			Message: "The users cannot be checked at the moment. Try again.",
		}
	}
	wait := new(waitError)
	if tooEarly := errors.As(err, &wait); tooEarly {
		w.Header().Set("Retry-After", wait.seconds())
		// Clients of MLflow would wait for minutes after a 429, although the password is wrong.
		e = &mlflow.Error{Code: mlflow.Unauthenticated, Message: e.Message}
	}
	// A browser asks for a password if it gets a challenge. The pages have a form.
	if mode := r.Header.Get("Sec-Fetch-Mode"); e.Code == mlflow.Unauthenticated && (mode == "" || mode == "navigate") {
		w.Header().Set("WWW-Authenticate", `Basic realm="mlflow", charset="UTF-8"`)
	}
	apierror.Write(w, e)
}

// user returns the user of a request.
func (a *Authenticator) user(r *http.Request) (auth.User, error) {
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	name, named, err := a.proxyUser(r)
	switch {
	case err != nil:
		return auth.User{}, err
	case named:
		return a.byProxy(r, name)
	case strings.EqualFold(scheme, "Bearer"):
		return a.byToken(r, strings.TrimSpace(credentials))
	case strings.EqualFold(scheme, "Basic"):
		name, password, ok := r.BasicAuth()
		switch {
		case !ok:
			return auth.User{}, errNobody
		case strings.HasPrefix(password, auth.TokenPrefix):
			return a.byToken(r, password)
		}
		return a.byPassword(r, name, password)
	case r.Header.Get("Authorization") != "":
		return auth.User{}, errNobody
	}
	u, found, err := a.session(r)
	if err == nil && !found {
		err = errNobody
	}
	return u, err
}

// CheckPassword returns an error unless a user has a password, for requests that need it
// a second time. The number of failures is limited as that of logins.
func (a *Authenticator) CheckPassword(r *http.Request, name, password string) error {
	_, err := a.byPassword(r, name, password)
	return err
}

// byPassword authenticates by a name and a password. A pair that was right before is
// accepted without delay, so that nobody can lock out a user by guessing.
func (a *Authenticator) byPassword(r *http.Request, name, password string) (auth.User, error) {
	ctx := r.Context()
	if strings.ContainsRune(password, 0) { // The hash functions ignore NUL characters at the end.
		return auth.User{}, errWrong
	}
	account, err := a.users.get(ctx, name)
	unknown := errors.Is(err, mlflow.ResourceDoesNotExist) || errors.Is(err, mlflow.InvalidParameterValue)
	if err != nil && !unknown {
		return auth.User{}, err
	}
	hash := ""
	if !unknown {
		hash = account.PasswordHash
	}
	if a.passwords.known(name, password, hash) {
		return account.user, nil
	}
	client := forwarded.Client(r)
	if err := a.limiter.allow(name, client); err != nil {
		return auth.User{}, err
	}
	right, err := a.passwords.check(ctx, name, password, hash)
	if err != nil {
		return auth.User{}, err
	}
	if !right {
		a.limiter.failed(name, client)
		a.log.WarnContext(ctx, "a login failed", "user", name, "client", client)
		a.audit(r, name, "login", string(mlflow.Unauthenticated))
		return auth.User{}, errWrong
	}
	a.limiter.succeeded(name, client)
	a.audit(r, name, "login", "OK")
	return account.user, nil
}

// audit records a login in the audit log. A login that was right before is not recorded
// again, because most clients log in with every request.
func (a *Authenticator) audit(r *http.Request, name, action, result string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), lookUpTime)
	defer cancel()
	err := a.accounts.Audit(ctx, accounts.AuditEntry{
		TimestampMS: time.Now().UnixMilli(), Username: name, Client: forwarded.Client(r), Action: action,
		Detail: "{}", Result: result,
	})
	if err != nil {
		a.log.ErrorContext(ctx, "cannot write the audit log", "user", name, "action", action, "error", err)
	}
}

// byToken authenticates by an access token. Tokens have too many bits to be guessed, but
// each wrong one costs a query.
func (a *Authenticator) byToken(r *http.Request, secret string) (auth.User, error) {
	ctx := r.Context()
	switch {
	case strings.HasPrefix(secret, auth.TokenPrefix):
	case a.verifier != nil:
		return a.byJWT(r, secret)
	default:
		return auth.User{}, errToken
	}
	hash := auth.TokenHash(secret)
	token, err := a.tokens.get(ctx, string(hash[:]))
	if errors.Is(err, mlflow.ResourceDoesNotExist) || err == nil && !token.ValidAt(time.Now().UnixMilli()) {
		return auth.User{}, errToken
	}
	if err != nil {
		return auth.User{}, err
	}
	account, err := a.users.get(ctx, token.Username)
	if errors.Is(err, mlflow.ResourceDoesNotExist) || err == nil && account.ID != token.UserID {
		return auth.User{}, errToken
	}
	if err != nil {
		return auth.User{}, err
	}
	if a.touched.due(token.ID, time.Now()) {
		go a.touch(context.WithoutCancel(ctx), token.ID)
	}
	u := account.user
	u.Token = token.ID
	limit := func(g *access.Grants) *access.Grants { return g }
	if s := token.Scope; s.ReadOnly || s.ExperimentIDs != nil {
		limit = func(g *access.Grants) *access.Grants { return g.Limited(s.ReadOnly, s.ExperimentIDs) }
	}
	u.Grants = limit(u.Grants)
	refresh := u.Refresh
	u.Refresh = func(ctx context.Context) (*access.Grants, error) {
		g, err := refresh(ctx)
		if err != nil {
			return nil, err
		}
		return limit(g), nil
	}
	return u, nil
}

// touch stores that a token was used. Best effort: the request does not depend on it.
func (a *Authenticator) touch(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	if err := a.accounts.TouchToken(ctx, id, time.Now().UnixMilli()); err != nil {
		a.log.WarnContext(ctx, "cannot store when an access token was used", "token", id, "error", err)
	}
}

func (a *Authenticator) userOf(account *accounts.Account) auth.User {
	u := auth.UserOf(account.Username)
	u.Name, u.AccountID, u.Grants = account.Username, account.ID, account.Grants
	u.Refresh = func(ctx context.Context) (*access.Grants, error) {
		current, err := a.users.fetch(ctx, account.Username)
		if err != nil {
			return nil, err
		}
		if current.ID != account.ID {
			return nil, errWrong
		}
		return current.Grants, nil
	}
	return u
}
