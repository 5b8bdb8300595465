package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Token is an access token. The database has only a hash of its secret. Times are in
// Unix milliseconds; 0 means that there is none.
type Token struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"user"`
	CreatedMS int64  `json:"created_ms"`
	ExpiresMS int64  `json:"expires_ms,omitempty"`
	RevokedMS int64  `json:"revoked_ms,omitempty"`
}

// CreateToken stores the hash of a new token. If expiresMS is 0, the token does not
// expire.
func (s *Store) CreateToken(
	ctx context.Context,
	email, name string,
	hash [sha256.Size]byte,
	expiresMS int64,
) (*Token, error) {
	out := &Token{ID: uuid.NewString(), Name: name, Email: email, CreatedMS: base.NowMS(), ExpiresMS: expiresMS}
	err := s.Update(ctx, func(t tx) error {
		_, err := t.Exec(
			"INSERT INTO millrace_tokens (id, name, user_email, hash, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)",
			out.ID, out.Name, out.Email,
			hex.EncodeToString(hash[:]),
			out.CreatedMS,
			sql.NullInt64{Int64: expiresMS, Valid: expiresMS != 0},
		)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// RevokeToken revokes a token. It may be called again for the same token.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	return s.Update(ctx, func(t tx) error {
		n, err := t.Exec("UPDATE millrace_tokens SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?", base.NowMS(), id)
		if err == nil && n == 0 {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No access token with id '%s'", id)
		}
		return err
	})
}

// Tokens returns all tokens, including revoked ones, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	list, err := s.tokens(ctx)
	tokens := make([]Token, len(list))
	for i := range list {
		tokens[i] = list[i].Token
	}
	return tokens, err
}

// EachToken calls f for every token with the end of its validity. The validity of a
// revoked token ends with its revocation. 0 means that the token does not expire.
func (s *Store) EachToken(
	ctx context.Context,
	f func(id, email string, hash [sha256.Size]byte, validUntilMS int64),
) error {
	list, err := s.tokens(ctx)
	if err != nil {
		return err
	}
	for _, token := range list {
		until := token.ExpiresMS
		if token.RevokedMS != 0 && (until == 0 || token.RevokedMS < until) {
			until = token.RevokedMS
		}
		f(token.ID, token.Email, token.hash, until)
	}
	return nil
}

type hashedToken struct {
	Token
	hash [sha256.Size]byte
}

func (s *Store) tokens(ctx context.Context) (list []hashedToken, err error) {
	err = s.View(ctx, func(t tx) error {
		list, err = db.Collect(
			t.Tx,
			"SELECT id, name, user_email, hash, created_ms, expires_ms, revoked_ms FROM millrace_tokens ORDER BY created_ms, id",
			nil, scanToken,
		)
		return err
	})
	return list, err
}

func scanToken(rows *sql.Rows, token *hashedToken) error {
	var hexHash string
	var expires, revoked sql.NullInt64
	if err := rows.Scan(&token.ID, &token.Name, &token.Email, &hexHash, &token.CreatedMS, &expires, &revoked); err != nil {
		return err
	}
	token.ExpiresMS, token.RevokedMS = expires.Int64, revoked.Int64
	hash, err := hex.DecodeString(hexHash)
	if err == nil && len(hash) != sha256.Size {
		err = fmt.Errorf("its hash has %d bytes", len(hash))
	}
	if err != nil {
		return fmt.Errorf("token %s: %w", token.ID, err)
	}
	token.hash = [sha256.Size]byte(hash)
	return nil
}
