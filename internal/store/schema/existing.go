package schema

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// OpenExisting opens a database for a command that changes it without a server. Unlike a server, it creates no
// database. It returns an error for a database of another release.
func OpenExisting(ctx context.Context, uri string, log *slog.Logger) (*db.DB, error) {
	if strings.HasPrefix(uri, "sqlite:") {
		path, err := db.SQLitePath(uri)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("there is no database: %w", err)
		}
	}
	return db.Open(ctx, db.Options{URI: uri, PoolSize: 2, Log: log, Prepare: func(ctx context.Context, c *db.Conn) error {
		revision, err := RevisionOf(ctx, c, c.Flavor())
		if err != nil {
			return err
		}
		if revision == "" {
			return errors.New("it has no tables")
		}
		return Prepare(ctx, c, Newest(), log, nil)
	}})
}
