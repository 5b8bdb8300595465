package db_test

import (
	"context"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

// TestLists passes lists of every length to statements on every database.
func TestLists(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		d, err := db.Open(t.Context(), db.Options{
			URI: uri, Prepare: func(context.Context, *db.Conn) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		for n := range 4 {
			texts, numbers := []string{"a", "b", "c"}[:n], []int64{1, 2, 3}[:n]
			found := 0
			err := d.Read(t.Context(), func(tx db.Tx) error {
				return tx.QueryRow(`SELECT COUNT(*) FROM (SELECT 'a' AS x, 1 AS y) v WHERE x IN (?...) AND y IN (?...)`,
					texts, numbers).Scan(&found)
			})
			if err != nil || found != min(n, 1) {
				t.Errorf("%d values: found %d rows, %v", n, found, err)
			}
		}
	})
}
