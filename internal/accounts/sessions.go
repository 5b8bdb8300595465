package accounts

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"

	"github.com/millrace-ml/millrace/mlflow"
)

// Session is a login of a user in a browser. The database has only a hash of its secret.
// It ends when the password changes.
type Session struct {
	Username  string
	UserID    int64
	CreatedMS int64
	ExpiresMS int64
	// PasswordDigest is the [PasswordDigest] of the user at the login.
	PasswordDigest string
}

// PasswordDigest returns a text that changes with the hash of a password and does not
// help to guess it.
func PasswordDigest(passwordHash string) string {
	sum := sha256.Sum256([]byte("session " + passwordHash))
	return hex.EncodeToString(sum[:])
}

// CreateSession stores the hash of the secret of a new session, and deletes those that
// have expired.
func (s *Store) CreateSession(ctx context.Context, session Session, hash [sha256.Size]byte) error {
	return s.writeUncounted(ctx, func(t tx) error {
		if _, err := t.Exec("DELETE FROM millrace_sessions WHERE expires_ms < ?", nowMS()); err != nil {
			return err
		}
		_, err := t.Exec(
			`INSERT INTO millrace_sessions (hash, user_id, username, password_digest, created_ms, expires_ms)
				VALUES (?, ?, ?, ?, ?, ?)`,
			hex.EncodeToString(hash[:]), session.UserID, session.Username, session.PasswordDigest, session.CreatedMS,
			session.ExpiresMS,
		)
		return err
	})
}

// SessionByHash returns the session with the hash of its secret. It may have expired.
func (s *Store) SessionByHash(ctx context.Context, hash [sha256.Size]byte) (session *Session, err error) {
	err = s.read(ctx, func(t tx) error {
		session = nil
		return t.Each(
			`SELECT username, user_id, created_ms, expires_ms, password_digest FROM millrace_sessions WHERE hash = ?`,
			[]any{hex.EncodeToString(hash[:])},
			func(rows *sql.Rows) error {
				session = &Session{}
				return rows.Scan(
					&session.Username, &session.UserID, &session.CreatedMS, &session.ExpiresMS, &session.PasswordDigest,
				)
			},
		)
	})
	if err == nil && session == nil {
		err = mlflow.Errorf(mlflow.ResourceDoesNotExist, "There is no such session")
	}
	return session, err
}

// ExtendSession changes the time at which a session expires.
func (s *Store) ExtendSession(ctx context.Context, hash [sha256.Size]byte, expiresMS int64) error {
	return s.writeUncounted(ctx, func(t tx) error {
		_, err := t.Exec(
			"UPDATE millrace_sessions SET expires_ms = ? WHERE hash = ?", expiresMS, hex.EncodeToString(hash[:]),
		)
		return err
	})
}

// DeleteSession ends a session, which need not exist.
func (s *Store) DeleteSession(ctx context.Context, hash [sha256.Size]byte) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.Exec("DELETE FROM millrace_sessions WHERE hash = ?", hex.EncodeToString(hash[:]))
		return err
	})
}
