package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

// Secret returns the secret with a name, 32 random bytes that all servers on the
// database share. It creates the secret on the first call.
func (s *Store) Secret(ctx context.Context, name string) (key [32]byte, err error) {
	var fresh [32]byte
	_, _ = rand.Read(fresh[:]) // Read never returns an error.
	err = s.Update(ctx, func(t tx) error {
		_, err := t.Exec(`INSERT INTO millrace_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`,
			name, hex.EncodeToString(fresh[:]))
		if err != nil {
			return err
		}
		var kept string
		err = t.QueryRow(`SELECT value FROM millrace_settings WHERE name = ?`, name).Scan(&kept)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("the setting %s was just made and is gone", name)
		}
		if err != nil {
			return err
		}
		if n, err := hex.Decode(key[:], []byte(kept)); err != nil || n != len(key) {
			return fmt.Errorf("the setting %s in millrace_settings is damaged; delete the row to have a new one made", name)
		}
		return nil
	})
	return key, err
}
