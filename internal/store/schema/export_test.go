package schema

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
)

// Recorded is what used.txt says.
func Recorded() string { return recorded }

// RecordUsed writes what a database says of the tables of the newest release
// that Millrace uses.
func RecordUsed(ctx context.Context, sqlDB *sql.DB, f db.Flavor) (string, error) {
	for _, statement := range Newest().Create(f) {
		if _, err := sqlDB.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	all, err := inspectUsed(ctx, sqlDB, f)
	return record(f, all), err
}

// Used are the tables that Millrace uses: those that it fills, and the others.
func Used() (filled, others []string) { return written, looked }
