// Package auth authenticates requests and checks permissions.
package auth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// User is the user who sends a request.
type User struct {
	Email string
	// ID is a number derived from the email. Clients for Databricks expect a number.
	ID string
	// Token is the ID of the access token of the request. It is "" on a server without
	// tokens, where every request comes from the machine's user.
	Token string
	// Name is the name of the account, and AccountID its number in the database of users.
	// They are "" and 0 on a server without users.
	Name      string
	AccountID int64
	// Grants are what the user may do. They are nil, which permits everything, on a server
	// without users.
	Grants *access.Grants
	// Refresh reads the grants again. It is nil on a server without users.
	Refresh func(context.Context) (*access.Grants, error)
}

type contextKey struct{}

// NewContext returns a copy of ctx with the user of the request.
func NewContext(ctx context.Context, u User) context.Context {
	return access.NewContext(context.WithValue(ctx, contextKey{}, u), u.Grants, u.Refresh)
}

// FromContext returns the user of the request. It returns false if the request is not
// authenticated or the route is public.
func FromContext(ctx context.Context) (User, bool) {
	u, ok := ctx.Value(contextKey{}).(User)
	return u, ok
}

// RequireUser returns an error if the request is not authenticated.
func RequireUser(ctx context.Context) error {
	if _, ok := FromContext(ctx); !ok {
		return mlflow.Errorf(
			mlflow.Unauthenticated,
			"This route needs a user. Send an access token as a bearer token; `millrace tokens create` makes one.",
		)
	}
	return nil
}

// UserOf returns the user with the given email.
func UserOf(email string) User {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return User{
		Email: email,
		ID:    strconv.FormatUint(binary.BigEndian.Uint64(sum[:])>>11, 10),
	} // 53 bits are exact in JavaScript.
}

// MachineUser returns the user for the operating system account of the server.
var MachineUser = sync.OnceValue(func() User {
	name := "millrace"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username[strings.LastIndexByte(u.Username, '\\')+1:] // DOMAIN\name on Windows
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	return UserOf(name + "@" + host)
})
