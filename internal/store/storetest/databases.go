package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
)

// Servers are the database servers that tests may make databases on, by the
// environment variable that holds the URI of one of their databases.
var Servers = []string{"MILLRACE_TEST_POSTGRES", "MILLRACE_TEST_MYSQL"}

// NewDatabase makes an empty database on the server that an environment variable
// names, and returns its URI. It is dropped when the test ends. Without the
// variable the test is skipped.
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
	db, _, err := store.OpenSQL(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		drop(t, db, variable, name)
		db.Close()
	})
	u.Path = "/" + name
	return u.String()
}

func drop(t *testing.T, db *sql.DB, variable, name string) {
	statement := "DROP DATABASE " + name
	if variable == Servers[0] {
		statement += " WITH (FORCE)"
	}
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Error(err)
	}
}
