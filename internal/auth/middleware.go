package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// TokenStore provides the access tokens.
type TokenStore interface {
	// EachToken calls f for every token, including expired and revoked ones.
	// validUntilMS is the time of expiry or revocation in Unix milliseconds, or 0 for
	// none.
	EachToken(ctx context.Context, f func(id, email string, hash [sha256.Size]byte, validUntilMS int64)) error
}

// Probes lists the paths of the health checks. They need no user and accept any Host
// header.
var Probes = []string{"/health", "/livez", "/readyz", "/version"}

// alwaysPublic lists the paths that need no user. A path that ends in a slash includes
// everything below it.
var alwaysPublic = append([]string{"/.well-known/"}, Probes...)

// Middleware authenticates requests by an access token, as a bearer token or as the
// password of Basic authentication. Without any token in the store, all requests come
// from the machine's user; a store whose tokens are all expired or revoked does not
// count as empty. public lists additional paths that need no user; a path that ends in a
// slash includes everything below it.
func Middleware(tokens TokenStore, public ...string) func(http.Handler) http.Handler {
	c := &cache{store: tokens}
	public = append(append([]string(nil), alwaysPublic...), public...)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isPublic(public, r.URL.Path) {
				next.ServeHTTP(w, r)
				return
			}
			u, err := c.user(r)
			if err != nil {
				refuse(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), u)))
		})
	}
}

// IsPublic reports whether a path needs no user: one of the probes, below /.well-known/,
// or one of public, which end in a slash if they include what is below them.
func IsPublic(path string, public ...string) bool {
	return isPublic(alwaysPublic, path) || isPublic(public, path)
}

func isPublic(public []string, asked string) bool {
	if clean := path.Clean(asked); clean != asked && clean+"/" != asked {
		return false // such as "/static-files/../api/"
	}
	for _, p := range public {
		if asked == p || strings.HasSuffix(p, "/") && p != "/" && strings.HasPrefix(asked, p) {
			return true
		}
	}
	return false
}

func refuse(w http.ResponseWriter, err error) {
	e := mlflow.AsError(err)
	if e == nil {
		e = &mlflow.Error{
			Code:    mlflow.TemporarilyUnavailable,
			Message: "The access tokens cannot be checked at the moment. Try again.",
		}
	}
	if e.Code == mlflow.Unauthenticated {
		w.Header().Set("WWW-Authenticate", `Basic realm="Millrace", charset="UTF-8"`)
	}
	apierror.Write(w, e)
}

func (c *cache) user(r *http.Request) (User, error) {
	byHash, err := c.entries(r.Context())
	if err != nil {
		return User{}, err
	}
	if len(byHash) == 0 {
		return MachineUser(), nil
	}
	token := presented(r)
	if token == "" {
		return User{}, mlflow.Errorf(
			mlflow.Unauthenticated,
			"This server needs an access token. Set MLFLOW_TRACKING_TOKEN to one, "+
				"or send it as the password of Basic authentication; `millrace tokens create` makes one.",
		)
	}
	hash := TokenHash(token)
	e, ok := byHash[hash]
	if !ok || subtle.ConstantTimeCompare(e.hash[:], hash[:]) != 1 ||
		e.validUntilMS != 0 && time.Now().UnixMilli() >= e.validUntilMS {
		return User{}, mlflow.Errorf(
			mlflow.Unauthenticated,
			"The access token is not valid: it is unknown, expired or revoked.",
		)
	}
	return e.user, nil
}

// presented returns the token of a request, or "".
func presented(r *http.Request) string {
	header := r.Header.Get("Authorization")
	if scheme, token, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	_, password, _ := r.BasicAuth()
	return password
}
