package login

import (
	"errors"
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/mlflow"
)

var errTwoNames = mlflow.Errorf(mlflow.Unauthenticated,
	"You are not authenticated: the reverse proxy names more than one user. It must remove the header that clients send.")

// proxyUser returns the user that a trusted reverse proxy names. The header of any other
// sender has no effect. An access token of this server goes before the header, because it
// may permit less than its user may do.
func (a *Authenticator) proxyUser(r *http.Request) (name string, named bool, err error) {
	if a.proxyHeader == "" || !forwarded.Trusted(r) {
		return "", false, nil
	}
	values := r.Header.Values(a.proxyHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" || hasAccessToken(r) {
		return "", false, nil
	}
	if len(values) > 1 { // The proxy has added its own to that of the client.
		return "", false, errTwoNames
	}
	return values[0], true, nil
}

func hasAccessToken(r *http.Request) bool {
	if _, password, ok := r.BasicAuth(); ok {
		return strings.HasPrefix(password, auth.TokenPrefix)
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(strings.TrimSpace(credentials), auth.TokenPrefix)
}

// byProxy returns the user that a trusted reverse proxy names, and creates it if there is
// none.
func (a *Authenticator) byProxy(r *http.Request, name string) (auth.User, error) {
	account, err := a.users.get(r.Context(), name)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		var user *accounts.User
		if user, err = a.signOn(r, accounts.Identity{Username: name, Adopts: true}); err == nil {
			account, err = a.users.fetch(r.Context(), user.Username)
		}
	}
	if err != nil {
		return auth.User{}, err
	}
	return account.user, nil
}
