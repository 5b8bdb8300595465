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

// TokenStore is where the middleware finds the access tokens.
type TokenStore interface {
	// EachToken calls f for every token that was ever made. It is valid until
	// validUntilMS in Unix milliseconds, for ever if that is 0; of a revoked
	// token that is when it was revoked.
	EachToken(ctx context.Context, f func(id, email string, hash [sha256.Size]byte, validUntilMS int64)) error
}

// Probes are the paths by which a load balancer or an orchestrator asks after the
// server. They need no user and may be addressed to any host.
var Probes = []string{"/health", "/livez", "/readyz", "/version"}

// alwaysPublic are the paths that need no user; one that ends in a slash stands
// for everything below it.
var alwaysPublic = append([]string{"/.well-known/"}, Probes...)

// Middleware lets a request through once it knows its user. As long as no token
// was ever made that is everybody, as the machine's user. From the first token
// on, a request must carry a valid one, as bearer token or as the password of
// Basic authentication; a revoked or expired last token does not open the
// server again. Public lists more paths that need no user, such as the pages'
// own files; one that ends in a slash stands for everything below it.
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

func isPublic(public []string, asked string) bool {
	if clean := path.Clean(asked); clean != asked && clean+"/" != asked {
		return false // "/static-files/../api/": wherever that leads
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

// presented returns the token that a request carries, or "".
func presented(r *http.Request) string {
	header := r.Header.Get("Authorization")
	if scheme, token, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	_, password, _ := r.BasicAuth()
	return password
}
