package schema_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	store "github.com/millrace-ml/millrace/internal/store/schema"
)

var discard = slog.New(slog.DiscardHandler)

func open(ctx context.Context, uri string) (*db.DB, error) {
	return db.Open(ctx, db.Options{URI: uri, Prepare: func(ctx context.Context, c *db.Conn) error {
		return schema.Prepare(ctx, c, discard)
	}})
}

// opened opens a database for a test.
func opened(t *testing.T, uri string) *db.DB {
	t.Helper()
	d, err := open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// execute executes statements in a database.
func execute(t *testing.T, uri string, statements ...string) {
	t.Helper()
	sqlDB, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	for _, s := range statements {
		if _, err := sqlDB.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// TestPrepareTwice checks that the tables are created once, opened as they are, and hold
// what they must.
func TestPrepareTwice(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		t.Helper()
		for i := range 2 {
			d := opened(t, uri)
			err := d.Write(t.Context(), func(tx db.Tx) error {
				return fill(tx, i)
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// fill adds a user and a role. Names that differ in case or trailing spaces are different
// names.
func fill(tx db.Tx, i int) error {
	for _, suffix := range []string{"", " ", "A", "a", "é", "e\u0301"} {
		name := strings.Repeat("x", i) + "name" + suffix
		user, err := tx.InsertID("id", `INSERT INTO users (username, password_hash, is_admin) VALUES (?, ?, ?)`,
			name, "hash", true)
		if err != nil {
			return err
		}
		role, err := tx.InsertID("id", `INSERT INTO roles (name, workspace) VALUES (?, ?)`, name, "default")
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO user_role_assignments (user_id, role_id) VALUES (?, ?)`, user, role); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO millrace_access_tokens (id, user_id, username, name, hash, scope, created_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, name, user, name, name, name, "{}", 1)
		if err != nil {
			return err
		}
	}
	return nil
}

// TestPrepareAtOnce starts several servers on an empty database at the same time.
func TestPrepareAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		t.Helper()
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				d, err := open(t.Context(), uri)
				if err == nil {
					err = d.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		opened(t, uri)
	})
}

// TestPrepareBesideRuns checks that the tables share a database with those of runs and
// models, whichever are created first.
func TestPrepareBesideRuns(t *testing.T) {
	t.Parallel()
	runs := func(ctx context.Context, c *db.Conn) error {
		return store.Prepare(ctx, c, store.Newest(), discard, nil)
	}
	users := func(ctx context.Context, c *db.Conn) error { return schema.Prepare(ctx, c, discard) }
	for _, order := range [][]func(context.Context, *db.Conn) error{{runs, users, runs}, {users, runs, users}} {
		dbtest.OnAll(t, func(t *testing.T, uri string) {
			t.Helper()
			for _, prepare := range order {
				d, err := db.Open(t.Context(), db.Options{URI: uri, Prepare: prepare})
				if err != nil {
					t.Fatal(err)
				}
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
			sqlDB, f, err := db.OpenSQL(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			defer sqlDB.Close()
			names, err := store.Tables(t.Context(), sqlDB, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range slices.Concat(schema.Tables(), schema.OwnTables(), store.Newest().Tables(), store.OwnTables()) {
				if !names[name] {
					t.Errorf("the table %s is missing", name)
				}
			}
		})
	}
}

// TestPrepareRefuses checks that a database with other tables is refused and stays as it is.
func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	const version = "CREATE TABLE alembic_version_auth (version_num VARCHAR(32) NOT NULL)"
	for _, c := range []struct {
		statements []string
		message    string
	}{
		{[]string{"CREATE TABLE roles (id INTEGER)"}, "it has the table roles"},
		{[]string{"CREATE TABLE users (id INTEGER)"}, "it has the table users"},
		{[]string{version}, "alembic_version_auth is empty"},
		{[]string{version, "CREATE TABLE millrace_copy (id INTEGER)"}, "unfinished copy"},
		{[]string{version, "INSERT INTO alembic_version_auth VALUES ('0965eb92f5f0')"}, "millrace db upgrade"},
		{[]string{version, "INSERT INTO alembic_version_auth VALUES ('0123456789ab')"}, "0123456789ab, which this release"},
		{
			[]string{
				"CREATE TABLE users (id INTEGER)", "CREATE TABLE experiment_permissions (id INTEGER)",
				"CREATE TABLE registered_model_permissions (id INTEGER)",
			},
			"8606fa83a998, of an older MLflow",
		},
	} {
		dbtest.OnAll(t, func(t *testing.T, uri string) {
			t.Helper()
			execute(t, uri, c.statements...)
			d, err := open(t.Context(), uri)
			if err == nil {
				_ = d.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%q: %v", c.statements, err)
			}
			sqlDB, f, err := db.OpenSQL(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			defer sqlDB.Close()
			if names, err := store.Tables(t.Context(), sqlDB, f); err != nil || names["millrace_access_tokens"] {
				t.Errorf("tables: %v, %v", names, err)
			}
		})
	}
}

// TestUpgradeOnMySQL checks that tables that MLflow cannot have made are refused.
func TestUpgradeOnMySQL(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewDatabase(t, dbtest.Servers[1])
	opened(t, uri)
	execute(t, uri, "UPDATE alembic_version_auth SET version_num = 'c3d4e5f6a7b8'")
	sqlDB, f, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	err = schema.Upgrade(t.Context(), sqlDB, f, false, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "no release of MLflow makes such tables on") {
		t.Error(err)
	}
}
