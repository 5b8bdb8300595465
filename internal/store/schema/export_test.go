package schema

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
)

// Recorded returns the content of used.txt.
func Recorded() string { return recorded }

// RecordUsed returns the description of the tables that Millrace uses, at the newest
// release.
func RecordUsed(ctx context.Context, sqlDB *sql.DB, f db.Flavor) (string, error) {
	for _, statement := range Newest().Create(f) {
		if _, err := sqlDB.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	all, err := inspectUsed(ctx, sqlDB, f)
	return record(f, all), err
}

// Used returns the tables that Millrace uses: those that it writes, and the others.
func Used() (filled, others []string) { return written, looked }
