package schema_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

func open(ctx context.Context, uri string) (*db.DB, error) {
	log := slog.New(slog.DiscardHandler)
	return db.Open(ctx, db.Options{URI: uri, Log: log, Prepare: func(ctx context.Context, c *db.Conn) error {
		return schema.Prepare(ctx, c, log)
	}})
}

// TestPrepareTwice checks that the tables are created once, and opened as they are.
func TestPrepareTwice(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		t.Helper()
		for range 2 {
			d, err := open(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
