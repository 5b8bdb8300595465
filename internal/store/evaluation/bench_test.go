package evaluation_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/store"
)

// BenchmarkRecords reads pages of 1,000 of the 100,000 records that one request has added, on
// $MILLRACE_BENCH_DATABASE or a new SQLite file.
func BenchmarkRecords(b *testing.B) {
	uri := cmp.Or(os.Getenv("MILLRACE_BENCH_DATABASE"), "sqlite:///"+filepath.Join(b.TempDir(), "mlflow.db"))
	s, err := store.Open(b.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	d, err := s.CreateDataset(b.Context(), fmt.Sprint("dataset ", time.Now()), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	var records strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&records, `, {"inputs": {"question": "What is %d?"}, "expectations": {"answer": "It is %d."}}`, i, i)
	}
	parsed, err := s.ParseRecords("[" + records.String()[1:] + "]")
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := s.UpsertRecords(b.Context(), d.DatasetID, parsed); err != nil {
		b.Fatal(err)
	}
	token := ""
	for b.Loop() {
		if _, token, err = s.Records(b.Context(), d.DatasetID, 1000, token); err != nil {
			b.Fatal(err)
		}
	}
}
