// Package dbtest creates databases for tests.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
)

// Servers are the environment variables with the URIs of the database servers on
// which tests may create databases. Each URI names an existing database.
var Servers = []string{"MILLRACE_TEST_POSTGRES", "MILLRACE_TEST_MYSQL"}

// NewFile returns the URI of a SQLite database that does not exist yet.
func NewFile(t *testing.T) (uri string) {
	t.Helper()
	return "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
}

// NewDatabase creates an empty database on the server that an environment variable
// names, and returns its URI. The database is dropped when the test ends. The test
// is skipped if the variable is not set.
func NewDatabase(t *testing.T, variable string) (uri string) {
	t.Helper()
	server := os.Getenv(variable)
	if server == "" {
		t.Skipf("%s is not set to a database server's URI", variable)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	name := fmt.Sprintf("millrace_test_%d_%d", os.Getpid(), rand.Uint32())
	sqlDB, _, err := db.OpenSQL(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlDB.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		drop(t, sqlDB, variable, name)
		sqlDB.Close()
	})
	u.Path = "/" + name
	return u.String()
}

func drop(t *testing.T, sqlDB *sql.DB, variable, name string) {
	t.Helper()
	statement := "DROP DATABASE " + name
	if variable == Servers[0] {
		statement += " WITH (FORCE)"
	}
	if _, err := sqlDB.ExecContext(context.Background(), statement); err != nil {
		t.Error(err)
	}
}

// OnServers runs a test with an empty database on each server.
func OnServers(t *testing.T, test func(t *testing.T, uri string)) {
	t.Helper()
	for _, variable := range Servers {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			test(t, NewDatabase(t, variable))
		})
	}
}

// OnAll runs a test with an empty database of each kind.
func OnAll(t *testing.T, test func(t *testing.T, uri string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, NewFile(t))
	})
	OnServers(t, test)
}
