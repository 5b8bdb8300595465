package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/accounts/login"
	"github.com/millrace-ml/millrace/internal/accounts/oidc"
	api "github.com/millrace-ml/millrace/internal/api/users"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/mlflow"
)

// users are the users of a server with --app-name basic-auth.
type users struct {
	accounts *accounts.Store
	login    *login.Authenticator
	config   *config.Users
	sso      *api.SSO // nil without a provider of single sign-on
	forms    *signedurl.Signer
	// generated is the password of an administrator that this start created, or "".
	generated string
}

// openUsers opens the database of users and creates the first administrator. It returns
// nil if the server has no users.
func (s *Server) openUsers(ctx context.Context) (*users, error) {
	c := s.config.Users
	if c == nil {
		return nil, nil //nolint:nilnil // A server without users has none.
	}
	store, err := accounts.Open(ctx, accounts.Options{
		URI: c.DatabaseURI, PoolSize: s.config.DBPoolSize, SlowStatement: s.config.Log.SlowStatement, Log: s.log,
	})
	if err != nil {
		return nil, fmt.Errorf("database of users: %w", err)
	}
	key, err := s.store.Secret(ctx, signingKey)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	u := &users{accounts: store, config: c, sso: s.openSSO(key), forms: signedurl.New(key, "forms")}
	options := login.Options{
		Accounts: store, Default: c.DefaultPermission, Log: s.log, Public: []string{
			"/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info", api.LoginPath, api.SessionPath,
			api.OIDCPath, api.OIDCLoginPath, api.OIDCCallbackPath,
		},
		Cookie: cookieOf("session", key[:]), Prefix: s.config.StaticPrefix, ProxyUserHeader: s.config.SSO.ProxyUserHeader,
	}
	if u.sso != nil {
		options.Verifier = u.sso.Provider
	}
	u.login = login.New(options)
	if err := u.createAdmin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the first administrator: %w", err), store.Close())
	}
	return u, nil
}

// openSSO returns the provider of single sign-on, or nil if there is none. key is the key
// of signed URLs.
func (s *Server) openSSO(key [sha256.Size]byte) *api.SSO {
	c := s.config.SSO
	if c.Issuer == "" {
		return nil
	}
	return &api.SSO{
		Provider: oidc.New(oidc.Options{
			Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, DeviceClientID: c.DeviceClientID,
			Scopes: c.Scopes, Audiences: c.Audiences, UsernameClaim: c.UsernameClaim, GroupsClaim: c.GroupsClaim,
			AdminGroup: c.AdminGroup, AllowedDomains: c.AllowedDomains, Name: c.Name,
			Signer: signedurl.New(key, "oidc"), Log: s.log,
		}),
		Cookie: cookieOf("oidc", key[:]), Prefix: s.config.StaticPrefix,
	}
}

// cookieOf returns the name of a cookie, which differs between servers on other
// databases.
func cookieOf(purpose string, key []byte) string {
	sum := sha256.Sum256(append([]byte(purpose+" cookie "), key...))
	return "millrace_" + purpose + "_" + hex.EncodeToString(sum[:4])
}

// handlers returns the routes of users, or nil on a server without users.
func (u *users) handlers(prefix string, log *slog.Logger) *api.Handlers {
	if u == nil {
		return nil
	}
	return &api.Handlers{
		Accounts: u.accounts, Default: u.config.DefaultPermission, Login: u.login, SSO: u.sso, Forms: u.forms,
		Prefix: prefix, Log: log,
	}
}

func (u *users) close() error {
	if u == nil {
		return nil
	}
	return u.accounts.Close()
}

// earlierDefault is the password of the first administrator in MLflow up to 3.5.
const earlierDefault = "password1234"

// createAdmin creates the configured administrator if that user does not exist. Without
// a configured password, it generates one for the first user of a database.
func (u *users) createAdmin(ctx context.Context) error {
	name := u.config.AdminUsername
	_, err := u.accounts.User(ctx, name)
	if !errors.Is(err, mlflow.ResourceDoesNotExist) {
		return err
	}
	password := u.config.AdminPassword
	if password == earlierDefault {
		return fmt.Errorf("the password %s was the default of MLflow, which everybody knows; configure another one", password)
	}
	if password == "" {
		if has, err := u.accounts.HasUsers(ctx); err != nil || has {
			return err
		}
		password = rand.Text()
	}
	_, err = u.accounts.CreateUser(ctx, name, password, true)
	switch {
	case errors.Is(err, mlflow.ResourceAlreadyExists): // Another server was faster.
		return nil
	case err == nil && u.config.AdminPassword == "":
		u.generated = password
	}
	return err
}

// pruneEvery is how often old entries of the audit log are deleted.
const pruneEvery = 6 * time.Hour

// prune deletes old entries of the audit log until ctx ends.
func (u *users) prune(ctx context.Context, retention time.Duration, log *slog.Logger) {
	if u == nil || retention == 0 {
		return
	}
	for ctx.Err() == nil {
		if err := u.accounts.PruneAudit(ctx, time.Now().Add(-retention).UnixMilli()); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "cannot delete old entries of the audit log", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pruneEvery):
		}
	}
}

// announce prints the password of a new administrator. Nobody can read it again.
func (u *users) announce(out io.Writer) {
	if u == nil || u.generated == "" {
		return
	}
	fmt.Fprintf(out, "Created the administrator %s with the password %s\n"+
		"It is not shown again. Change it with `millrace users set-password %s`.\n",
		u.config.AdminUsername, u.generated, u.config.AdminUsername)
}

// announceSSO prints how users can log in by single sign-on.
func (s *Server) announceSSO(out io.Writer) {
	c := s.config.SSO
	if c.Issuer != "" {
		fmt.Fprintf(out, "Users can log in by %s. Its redirect URI is the public address of the server, followed by %s\n",
			c.Issuer, s.config.StaticPrefix+api.OIDCCallbackPath)
	}
	if c.ProxyUserHeader != "" {
		fmt.Fprintf(out, "The reverse proxies of --forwarded-allow-ips name the user in the header %s.\n", c.ProxyUserHeader)
	}
}

// authenticated returns the middleware that authenticates requests: by users, or by
// access tokens on a server without users.
func (s *Server) authenticated() func(http.Handler) http.Handler {
	if s.users != nil {
		return s.users.login.Middleware
	}
	return auth.Middleware(s.store)
}

// keeper returns what keeps the grants on resources.
func (u *users) keeper() permit.Keeper {
	if u == nil {
		return permit.NoKeeper{}
	}
	return keeper{u.accounts}
}

// keeper keeps the grants in the database of users.
type keeper struct{ accounts *accounts.Store }

// Created implements [permit.Keeper].
func (k keeper) Created(ctx context.Context, t access.Type, id string) error {
	u, _ := auth.FromContext(ctx)
	ctx = context.WithoutCancel(ctx) // The resource exists now. The grant must follow even if the client hangs up.
	if t == access.Experiment {
		// SQLite gives the number of the newest experiment again after `gc` has removed it.
		if err := k.accounts.Forget(ctx, t, id); err != nil {
			return err
		}
	}
	return k.accounts.SetGrant(ctx, u.Name, t, id, access.Manage)
}

// Renamed implements [permit.Keeper].
func (k keeper) Renamed(ctx context.Context, t access.Type, from, to string) error {
	return k.accounts.Rename(ctx, t, from, to)
}

// Deleted implements [permit.Keeper].
func (k keeper) Deleted(ctx context.Context, t access.Type, id string) error {
	return k.accounts.Forget(ctx, t, id)
}
