package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// logBatches logs batches of 1,000 metrics to a run. Each adds about a hundred pages to the
// write-ahead log.
func logBatches(t *testing.T, s *store.Store, run string, from, to int) {
	t.Helper()
	batch := make([]mlflow.Metric, 1000)
	for n := from; n < to; n++ {
		for i := range batch {
			batch[i] = mlflow.Metric{Key: "m" + string(rune('0'+i%10)), Value: float64(i), Step: int64(n*100 + i/10), Timestamp: 1}
		}
		if err := s.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// logState returns the pages of the write-ahead log and how many of them are copied.
func logState(t *testing.T, db *sql.DB) (frames, copied int) {
	t.Helper()
	var busy int
	err := db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &frames, &copied)
	if err != nil {
		t.Fatal(err)
	}
	return frames, copied
}

// waitForCheckpoint waits until the log is copied but for pages too few for a checkpoint.
func waitForCheckpoint(t *testing.T, db *sql.DB) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		frames, copied := logState(t, db)
		if frames == copied || frames < 1000 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d pages in the log, %d are copied", frames, copied)
		}
	}
}

// The log of a database that is written to for long does not keep growing, though no commit
// copies it. While a read needs its pages it grows, and shrinks after that.
func TestLogIsCopied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mlflow.db")
	s, err := store.Open(t.Context(), store.Options{URI: "sqlite:///" + path})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	run := storetest.NewRun(t, s)
	logBatches(t, s, run, 0, 30)
	waitForCheckpoint(t, db)

	reading, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var before, after int
	count := func(into *int) {
		t.Helper()
		if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM metrics").Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	count(&before)
	logBatches(t, s, run, 30, 60)
	if frames, copied := logState(t, db); frames < 1000 || copied == frames {
		t.Errorf("during a read, %d of %d pages are copied, although the read needs older ones", copied, frames)
	}
	if count(&after); before != 30_000 || after != before {
		t.Errorf("one snapshot has %d and %d rows, want 30,000 both times", before, after)
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	logBatches(t, s, run, 60, 61)
	waitForCheckpoint(t, db)

	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the log remains after the database is closed: %v", err)
	}
}
