// Package signedurl signs the tokens of URLs that grant access without a login.
package signedurl

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// Signer signs tokens of one purpose. Tokens of another purpose or key are not valid.
type Signer struct {
	key     [sha256.Size]byte
	purpose string
}

// New returns a signer. All replicas must have the same key.
func New(key [sha256.Size]byte, purpose string) *Signer {
	return &Signer{key, purpose}
}

// token is the signed part of a token.
type token struct {
	Expires int64           `json:"x"` // Unix seconds
	Grant   json.RawMessage `json:"g"`
}

func (s *Signer) mac(payload string) []byte {
	h := hmac.New(sha256.New, s.key[:])
	h.Write([]byte(s.purpose + "." + payload))
	return h.Sum(nil)
}

// Sign returns a token for a grant, a value that marshals to JSON, that is valid for a time. The token contains only
// characters that need no escaping in URLs.
func (s *Signer) Sign(grant any, valid time.Duration) (string, error) {
	g, err := json.Marshal(grant)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(token{time.Now().Add(valid).Unix(), g})
	if err != nil {
		return "", err
	}
	payload := base64.RawURLEncoding.EncodeToString(b)
	return payload + "." + base64.RawURLEncoding.EncodeToString(s.mac(payload)), nil
}

var errInvalid error = &mlflow.Error{
	Code:    mlflow.PermissionDenied,
	Message: "The signed URL is not valid or has expired. Ask for a new one.",
}

// Open verifies a token and reads its grant. The error is PermissionDenied if it is not valid.
func (s *Signer) Open(text string, grant any) error {
	payload, sum, _ := strings.Cut(text, ".")
	mac, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(mac, s.mac(payload)) {
		return errInvalid
	}
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return errInvalid
	}
	var t token
	if json.Unmarshal(b, &t) != nil || time.Now().Unix() >= t.Expires || json.Unmarshal(t.Grant, grant) != nil {
		return errInvalid
	}
	return nil
}
