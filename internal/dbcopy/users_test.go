package dbcopy_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	users "github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/dbcopy"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/schema/schematest"
	"github.com/millrace-ml/millrace/internal/store/storetest"
)

// openUsers opens the tables of users of a database as a server does.
func openUsers(ctx context.Context, uri string) (*db.DB, error) {
	return db.Open(ctx, db.Options{URI: uri, Prepare: func(ctx context.Context, c *db.Conn) error {
		return users.Prepare(ctx, c, slog.New(slog.DiscardHandler))
	}})
}

// usersSource is a database with tables of users that MLflow filled. runs is whether it has
// runs too.
func usersSource(t *testing.T, runs bool) (uri string) {
	t.Helper()
	uri = dbtest.NewFile(t)
	sqlDB, _ := schematest.Load(t, uri, "auth/"+users.Revision, "")
	if err := sqlDB.Close(); err != nil {
		t.Fatal(err)
	}
	if runs {
		storetest.Open(t, uri)
		run(t, uri, slices.DeleteFunc(slices.Clone(copied), func(s string) bool { return strings.Contains(s, "TABLE users") })...)
	}
	d, err := openUsers(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, uri, `INSERT INTO millrace_access_tokens (id, user_id, username, name, hash, scope, created_ms)
		VALUES ('t', 2, 'alice', 'CI', 'abc', '{}', 1)`)
	return uri
}

// usersRows returns the rows of the tables of users.
func usersRows(t *testing.T, uri string) (lines []string) {
	t.Helper()
	sqlDB, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	for _, table := range slices.Concat(users.Tables(), users.OwnTables()) {
		lines = append(lines, schematest.Rows(t, sqlDB, table)...)
	}
	return lines
}

// TestCopyUsers copies tables of users, alone or beside those of runs, there and back, and
// checks that the numbers go on.
func TestCopyUsers(t *testing.T) {
	t.Parallel()
	for _, runs := range []bool{false, true} {
		dbtest.OnAll(t, func(t *testing.T, target string) {
			from, back := usersSource(t, runs), dbtest.NewFile(t)
			report, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{BatchRows: 3})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.LeftOut) > 0 || !slices.Contains(report.Tables, dbcopy.Table{Name: "users", Rows: 6}) {
				t.Errorf("report: %+v", report)
			}
			if _, err := dbcopy.Copy(t.Context(), target, back, dbcopy.Options{}); err != nil {
				t.Fatal(err)
			}
			if before, after := usersRows(t, from), usersRows(t, back); !slices.Equal(before, after) || len(before) < 70 {
				t.Errorf("the rows differ:\n%q\n%q", before, after)
			}
			if runs {
				sameRuns(t, from, back)
			}
			d, err := openUsers(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			var id int64
			err = d.Write(t.Context(), func(tx db.Tx) (err error) {
				id, err = tx.InsertID("id", `INSERT INTO users (username) VALUES (?)`, "next")
				return err
			})
			if err = errors.Join(err, d.Close()); err != nil || id != 7 {
				t.Errorf("the next user is %d (%v), want 7", id, err)
			}
		})
	}
}

// sameRuns compares the tables of runs and models.
func sameRuns(t *testing.T, a, b string) {
	t.Helper()
	want, got := contents(t, a), contents(t, b)
	for _, table := range schema.Newest().Tables() {
		if table != "evaluation_dataset_records" && !slices.Equal(want[table], got[table]) {
			t.Errorf("%s differs:\n%.2000s\n%.2000s", table, want[table], got[table])
		}
	}
}

// TestCopyUsersResumes checks that no server opens a part of a copy, and that the next call
// completes it.
func TestCopyUsersResumes(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, target string) {
		from := usersSource(t, false)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := dbcopy.Copy(ctx, from, target, dbcopy.Options{BatchRows: 1, Progress: func(p dbcopy.Progress) {
			if p.Done == 20 {
				cancel()
			}
		}})
		cancel()
		if err == nil {
			t.Fatal("the copy was not cut")
		}
		if d, err := openUsers(t.Context(), target); err == nil || !strings.Contains(err.Error(), "unfinished copy") {
			t.Fatalf("a server opens a part of a copy: %v, %v", d, err)
		}
		report, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{})
		if err != nil || !report.Resumed {
			t.Fatalf("%+v, %v", report, err)
		}
		if before, after := usersRows(t, from), usersRows(t, target); len(before) != len(after) {
			t.Errorf("%d rows of %d", len(after), len(before))
		}
	})
}

// TestCopyUsersRefuses checks that older tables of users are not left out of a copy, and
// that existing users are not mixed with others.
func TestCopyUsersRefuses(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, target string) {
		from := usersSource(t, true)
		refuse := func(want string) {
			t.Helper()
			if _, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{}); err == nil ||
				!strings.Contains(err.Error(), want) {
				t.Errorf("%v, want it to name %q", err, want)
			}
		}
		run(t, from, `UPDATE alembic_version_auth SET version_num = 'c3d4e5f6a7b8'`)
		refuse("its tables of users are at revision c3d4e5f6a7b8, of an older MLflow")
		run(t, from, `UPDATE alembic_version_auth SET version_num = '0123456789ab'`)
		refuse("0123456789ab, which this release of Millrace does not know")
		run(t, from, `UPDATE alembic_version_auth SET version_num = '`+users.Revision+`'`)
		d, err := openUsers(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		run(t, target, `INSERT INTO users (username) VALUES ('here')`)
		refuse("its table users holds rows")
		run(t, target, `DELETE FROM users`)
		if _, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{}); err != nil {
			t.Error(err)
		}
	})
}

func TestCopyUsersDryRun(t *testing.T) {
	t.Parallel()
	for _, runs := range []bool{false, true} {
		report, err := dbcopy.Copy(t.Context(), usersSource(t, runs), dbtest.NewFile(t), dbcopy.Options{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		has := func(name string) bool {
			return slices.ContainsFunc(report.Tables, func(t dbcopy.Table) bool { return t.Name == name })
		}
		if !has("users") || !has("millrace_access_tokens") || has("runs") != runs || has(schema.AuthVersionTable) ||
			len(report.LeftOut) > 0 {
			t.Errorf("%+v", report)
		}
	}
}

func TestBackupUsers(t *testing.T) {
	t.Parallel()
	for runs, revision := range map[bool]string{false: users.Revision, true: schema.Revision} {
		from, path := usersSource(t, runs), filepath.Join(t.TempDir(), "backup.db")
		report, err := dbcopy.Backup(t.Context(), from, path)
		if err != nil {
			t.Fatal(err)
		}
		if report.Revision != revision || report.Rows["users"] != 6 || report.Rows["millrace_access_tokens"] != 1 {
			t.Errorf("%+v", report)
		}
		if !slices.Equal(usersRows(t, from), usersRows(t, "sqlite:///"+path)) {
			t.Error("the rows of the backup differ")
		}
	}
}
