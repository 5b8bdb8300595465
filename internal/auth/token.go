package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// TokenPrefix starts every access token, so that one is recognised where it
// should not be.
const TokenPrefix = "mlr_"

// NewToken makes an access token: 32 random bytes as text.
func NewToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// TokenHash is what is kept of a token. The token is random enough that nobody
// can guess it from a fast hash.
func TokenHash(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }
