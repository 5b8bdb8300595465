// Package auth says who sends a request and what they may do.
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

// User is who sends a request.
type User struct {
	Email string
	// ID is a number, as Databricks' clients expect, made from the e-mail.
	ID string
	// Token is the id of the access token that was presented; "" on a server
	// that has no tokens, where everybody is the machine's user.
	Token string
}

type contextKey struct{}

// NewContext returns ctx with the user who sends the request.
func NewContext(ctx context.Context, u User) context.Context {
	return context.WithValue(ctx, contextKey{}, u)
}

// FromContext returns the user who sends the request; false if nobody asked yet
// or the route needs none.
func FromContext(ctx context.Context) (User, bool) {
	u, ok := ctx.Value(contextKey{}).(User)
	return u, ok
}

// UserOf returns the user with an e-mail address.
func UserOf(email string) User {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return User{
		Email: email,
		ID:    strconv.FormatUint(binary.BigEndian.Uint64(sum[:])>>11, 10),
	} // 53 bits: exact in JavaScript
}

// MachineUser returns the account that runs the server, as an address.
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
