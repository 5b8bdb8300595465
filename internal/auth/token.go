package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// TokenPrefix is the prefix of every access token. Secret scanners can search for it.
const TokenPrefix = "mlr_"

// NewToken returns a new access token with 32 random bytes.
func NewToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // It never fails.
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// TokenHash returns the stored form of a token. A fast hash is sufficient for 256 random
// bits.
func TokenHash(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }
