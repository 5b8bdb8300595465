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
)

// User is the user who sends a request.
type User struct {
	Email string
	// ID is a number derived from the email. Clients for Databricks expect a number.
	ID string
	// Token is the ID of the access token of the request. It is "" on a server without
	// tokens, where every request comes from the machine's user.
	Token string
}

type contextKey struct{}

// NewContext returns a copy of ctx with the user of the request.
func NewContext(ctx context.Context, u User) context.Context {
	return context.WithValue(ctx, contextKey{}, u)
}

// FromContext returns the user of the request. It returns false if the request is not
// authenticated or the route is public.
func FromContext(ctx context.Context) (User, bool) {
	u, ok := ctx.Value(contextKey{}).(User)
	return u, ok
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
