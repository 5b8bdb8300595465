package accounts

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/mlflow"
)

// The limits of tokens in characters: those of the columns, on every database.
const (
	maxTokenName  = 250
	maxTokenScope = 2000
)

// Scope limits what a token permits, beside the grants of its user.
type Scope struct {
	// ReadOnly permits only requests that change nothing.
	ReadOnly bool `json:"read_only,omitempty"`
	// ExperimentIDs permits only requests that concern these experiments. nil permits
	// all.
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
}

// parse reads a scope. It refuses a limit that it does not know, because the token would
// permit more without it.
func (s *Scope) parse(text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(s)
}

// Token is an access token of a user. The database has only a hash of its secret. Times
// are in Unix milliseconds; 0 means that there is none.
type Token struct {
	ID         string `json:"id"`
	UserID     int64  `json:"user_id"`
	Username   string `json:"user"`
	Name       string `json:"name"`
	Scope      Scope  `json:"scope"`
	CreatedMS  int64  `json:"created_ms"`
	ExpiresMS  int64  `json:"expires_ms,omitempty"`
	LastUsedMS int64  `json:"last_used_ms,omitempty"`
	RevokedMS  int64  `json:"revoked_ms,omitempty"`
}

// ValidAt reports whether the token is neither revoked nor expired at a time.
func (k *Token) ValidAt(ms int64) bool {
	return k.RevokedMS == 0 && (k.ExpiresMS == 0 || ms < k.ExpiresMS)
}

// CreateToken stores the hash of a new token of a user. If expiresMS is 0, the token
// does not expire.
func (s *Store) CreateToken(
	ctx context.Context,
	username, name string,
	scope Scope,
	expiresMS int64,
	hash [sha256.Size]byte,
) (*Token, error) {
	token := &Token{
		ID: uuid.NewString(), Username: username, Name: name, Scope: scope, CreatedMS: nowMS(), ExpiresMS: expiresMS,
	}
	encoded, err := token.check()
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(t tx) error {
		user, err := t.lockUser(username)
		if err != nil {
			return err
		}
		token.UserID = user.ID
		_, err = t.Exec(
			`INSERT INTO millrace_access_tokens (id, user_id, username, name, hash, scope, created_ms, expires_ms)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			token.ID, token.UserID, username, name, hex.EncodeToString(hash[:]), encoded, token.CreatedMS,
			sql.NullInt64{Int64: expiresMS, Valid: expiresMS != 0},
		)
		return err
	})
	if err != nil {
		return nil, err
	}
	return token, nil
}

// check returns the JSON of the scope of a new token, or an error if the token cannot
// be stored or would permit nothing.
func (k *Token) check() (scope string, err error) {
	if err := checkText("The name of the token", k.Name, maxTokenName); err != nil {
		return "", err
	}
	if k.ExpiresMS != 0 && k.ExpiresMS <= k.CreatedMS {
		return "", invalid("The expiry of the token must be in the future.")
	}
	if k.Scope.ExperimentIDs != nil && len(k.Scope.ExperimentIDs) == 0 {
		return "", invalid("The list of experiments of the token cannot be empty.")
	}
	if slices.Contains(k.Scope.ExperimentIDs, "") {
		return "", invalid("The id of an experiment of the token cannot be empty.")
	}
	encoded, err := json.Marshal(k.Scope)
	if err == nil && utf8.RuneCount(encoded) > maxTokenScope {
		err = invalid("The token names too many experiments: their ids have more than %d characters.", maxTokenScope)
	}
	return string(encoded), err
}

// TokensOf returns the tokens of a user, including revoked ones, oldest first.
func (s *Store) TokensOf(ctx context.Context, username string) (list []Token, err error) {
	err = s.read(ctx, func(t tx) error {
		user, _, err := t.user(username)
		if err != nil {
			return err
		}
		list, err = t.tokens("WHERE k.user_id = ?", user.ID)
		return err
	})
	return list, err
}

// Tokens returns the tokens of all users, including revoked ones, oldest first.
func (s *Store) Tokens(ctx context.Context) (list []Token, err error) {
	err = s.read(ctx, func(t tx) error {
		list, err = t.tokens("")
		return err
	})
	return list, err
}

// TokenByHash returns the valid token with some hash.
func (s *Store) TokenByHash(ctx context.Context, hash [sha256.Size]byte) (token *Token, err error) {
	err = s.read(ctx, func(t tx) error {
		list, err := t.tokens("WHERE k.hash = ?", hex.EncodeToString(hash[:]))
		if err != nil {
			return err
		}
		if len(list) == 0 || !list[0].ValidAt(nowMS()) {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "There is no valid access token with this secret")
		}
		token = &list[0]
		return nil
	})
	return token, err
}

// Token returns a token, which may be revoked.
func (s *Store) Token(ctx context.Context, id string) (token *Token, err error) {
	err = s.read(ctx, func(t tx) error {
		list, err := t.tokens("WHERE k.id = ?", id)
		if err == nil && len(list) == 0 {
			err = noToken(id)
		}
		if err == nil {
			token = &list[0]
		}
		return err
	})
	return token, err
}

func noToken(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No access token with id '%s'", id)
}

// tokens returns the tokens k that a clause selects. It leaves out those whose user does
// not exist: MLflow deletes users without their tokens, and SQLite gives the id of a
// deleted user to another one.
func (t tx) tokens(clause string, args ...any) ([]Token, error) {
	list := []Token{}
	err := t.Each(
		`SELECT k.id, k.user_id, k.username, u.username, k.name, k.scope, k.created_ms, k.expires_ms, k.last_used_ms,
			k.revoked_ms FROM millrace_access_tokens k JOIN users u ON u.id = k.user_id `+clause+
			` ORDER BY k.created_ms, k.id`,
		args,
		func(rows *sql.Rows) error {
			var k Token
			var owner sql.NullString
			var scope string
			var expires, used, revoked sql.NullInt64
			if err := rows.Scan(
				&k.ID, &k.UserID, &k.Username, &owner, &k.Name, &scope, &k.CreatedMS, &expires, &used, &revoked,
			); err != nil {
				return err
			}
			if owner.String != k.Username {
				return nil
			}
			if err := k.Scope.parse(scope); err != nil {
				return fmt.Errorf("scope of the token %s: %w", k.ID, err)
			}
			k.ExpiresMS, k.LastUsedMS, k.RevokedMS = expires.Int64, used.Int64, revoked.Int64
			list = append(list, k)
			return nil
		},
	)
	return list, err
}

// RevokeToken revokes a token. It may be called again for the same token.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	return s.write(ctx, func(t tx) error {
		list, err := t.tokens("WHERE k.id = ?", id)
		if err == nil && len(list) == 0 {
			err = noToken(id)
		}
		if err != nil || list[0].RevokedMS != 0 {
			return err
		}
		_, err = t.Exec("UPDATE millrace_access_tokens SET revoked_ms = ? WHERE id = ?", nowMS(), id)
		return err
	})
}

// TouchToken stores that a token was used at a time, unless a later one is stored. It
// does nothing for a token that does not exist.
func (s *Store) TouchToken(ctx context.Context, id string, ms int64) error {
	return s.writeUncounted(ctx, func(t tx) error {
		_, err := t.Exec(
			"UPDATE millrace_access_tokens SET last_used_ms = ? WHERE id = ? AND (last_used_ms IS NULL OR last_used_ms < ?)",
			ms, id, ms,
		)
		return err
	})
}
