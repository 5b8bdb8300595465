package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/mlflow"
)

// Token is an access token without its secret, of which only a hash is kept.
// Times are Unix milliseconds; 0 where there is none.
type Token struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"user"`
	CreatedMS int64  `json:"created_ms"`
	ExpiresMS int64  `json:"expires_ms,omitempty"`
	RevokedMS int64  `json:"revoked_ms,omitempty"`
}

// CreateToken keeps a new token's hash. ExpiresMS 0 means never.
func (s *Store) CreateToken(ctx context.Context, email, name string, hash [sha256.Size]byte, expiresMS int64) (*Token, error) {
	out := &Token{ID: uuid.NewString(), Name: name, Email: email, CreatedMS: nowMS(), ExpiresMS: expiresMS}
	err := s.inTx(ctx, func(t tx) error {
		_, err := t.exec("INSERT INTO millrace_tokens (id, name, user_email, hash, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)",
			out.ID, out.Name, out.Email, hex.EncodeToString(hash[:]), out.CreatedMS, sql.NullInt64{Int64: expiresMS, Valid: expiresMS != 0})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// RevokeToken ends a token's validity now. Revoking again changes nothing.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	return s.inTx(ctx, func(t tx) error {
		n, err := t.exec("UPDATE millrace_tokens SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?", nowMS(), id)
		if err == nil && n == 0 {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No access token with id '%s'", id)
		}
		return err
	})
}

// Tokens lists every token that was ever made, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	byID := map[string]Token{}
	err := s.eachToken(ctx, func(token Token, _ []byte) error {
		byID[token.ID] = token
		return nil
	})
	tokens := slices.AppendSeq([]Token{}, maps.Values(byID))
	slices.SortFunc(tokens, func(a, b Token) int { return cmp.Or(cmp.Compare(a.CreatedMS, b.CreatedMS), cmp.Compare(a.ID, b.ID)) })
	return tokens, err
}

// EachToken calls f for every token that was ever made, with the time until
// which it is valid (0 for ever); of a revoked one that is when it was revoked.
func (s *Store) EachToken(ctx context.Context, f func(id, email string, hash [sha256.Size]byte, validUntilMS int64)) error {
	return s.eachToken(ctx, func(token Token, hash []byte) error {
		if len(hash) != sha256.Size {
			return fmt.Errorf("token %s: its hash has %d bytes", token.ID, len(hash))
		}
		until := token.ExpiresMS
		if token.RevokedMS != 0 && (until == 0 || token.RevokedMS < until) {
			until = token.RevokedMS
		}
		f(token.ID, token.Email, [sha256.Size]byte(hash), until)
		return nil
	})
}

func (s *Store) eachToken(ctx context.Context, f func(Token, []byte) error) error {
	return s.read(ctx, func(t tx) error {
		return t.each("SELECT id, name, user_email, hash, created_ms, expires_ms, revoked_ms FROM millrace_tokens", nil, func(rows *sql.Rows) error {
			var token Token
			var hexHash string
			var expires, revoked sql.NullInt64
			if err := rows.Scan(&token.ID, &token.Name, &token.Email, &hexHash, &token.CreatedMS, &expires, &revoked); err != nil {
				return err
			}
			token.ExpiresMS, token.RevokedMS = expires.Int64, revoked.Int64
			hash, err := hex.DecodeString(hexHash)
			if err != nil {
				return fmt.Errorf("token %s: %w", token.ID, err)
			}
			return f(token, hash)
		})
	})
}
