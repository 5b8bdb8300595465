package dbcopy

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"

	users "github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// BackupReport describes a backup.
type BackupReport struct {
	Path     string `json:"path"`
	Revision string `json:"revision"`
	Bytes    int64  `json:"bytes"`
	// Rows maps tables to their numbers of rows.
	Rows map[string]int64 `json:"rows"`
}

// TotalRows returns the number of rows in all tables.
func (r *BackupReport) TotalRows() (n int64) {
	for _, rows := range r.Rows {
		n += rows
	}
	return n
}

// Backup copies one snapshot of a SQLite database into a new file, while servers may
// read and write the database. The file gets its name after it is on the disk and
// was compared with the original. For other databases, Backup returns an error with
// the command that backs them up.
func Backup(ctx context.Context, uri, path string) (*BackupReport, error) {
	scheme, _, _ := strings.Cut(uri, ":")
	if name, _, _ := strings.Cut(scheme, "+"); name != "sqlite" {
		return nil, otherBackup(uri, path)
	}
	if err := isFree(path); err != nil {
		return nil, err
	}
	source, _, err := db.OpenSQLReadOnly(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	b := &backup{path: path, temporary: path + ".partial-" + rand.Text(), report: &BackupReport{Path: path}}
	err = b.run(ctx, source)
	if left := os.Remove(b.temporary); left != nil && !errors.Is(left, fs.ErrNotExist) {
		err = errors.Join(err, left)
	}
	if err := errors.Join(err, source.Close()); err != nil {
		return nil, fmt.Errorf("backing up %s: %w", db.RedactURI(uri), err)
	}
	return b.report, nil
}

func isFree(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already, and a backup overwrites nothing; name a new file", path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// backup is the state of one call of Backup.
type backup struct {
	path, temporary string
	report          *BackupReport
}

func (b *backup) run(ctx context.Context, sqlDB *sql.DB) error {
	conn, err := sqlDB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Count the rows and copy the pages in one transaction, which reads one snapshot.
	// With a write-ahead log, it does not block programs that write.
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }()
	if b.report.Revision, b.report.Rows, err = contents(ctx, conn); err != nil {
		return err
	}
	file, err := os.OpenFile(b.temporary, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // The file was synced, or is removed.
	if err := conn.Raw(func(driver any) error { return b.copyPages(ctx, driver) }); err != nil {
		return fmt.Errorf("copying its pages to %s: %w", b.temporary, err)
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := b.verify(ctx); err != nil {
		return fmt.Errorf("the backup was not kept, since it is not as the database: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	b.report.Bytes = info.Size()
	return b.publish()
}

// pagesAtOnce is the number of pages that are copied between two checks of the
// context.
const pagesAtOnce = 2000

func (b *backup) copyPages(ctx context.Context, driver any) (err error) {
	source, ok := driver.(interface {
		NewBackup(to string) (*sqlite.Backup, error)
	})
	if !ok {
		return errors.New("this driver of SQLite makes no backups")
	}
	// The file is not shared yet, and is synced at the end.
	pages, err := source.NewBackup(fileURI(b.temporary) + "?_pragma=journal_mode(off)&_pragma=synchronous(off)")
	if err != nil {
		return err
	}
	defer func() {
		if end := pages.Finish(); err == nil {
			err = end
		}
	}()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = pages.Step(pagesAtOnce); err != nil {
			return err
		}
	}
	return nil
}

// verify checks the whole copy and compares its tables with those of the original.
func (b *backup) verify(ctx context.Context) error {
	sqlDB, err := sql.Open("sqlite", fileURI(b.temporary)+"?mode=ro&immutable=1")
	if err != nil {
		return err
	}
	defer sqlDB.Close()
	var found string
	if err := sqlDB.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return errors.New(found)
	}
	conn, err := sqlDB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	revision, rows, err := contents(ctx, conn)
	if err != nil {
		return err
	}
	if revision != b.report.Revision || len(rows) != len(b.report.Rows) {
		return fmt.Errorf("it has %d tables at revision %s, not %d at %s",
			len(rows), revision, len(b.report.Rows), b.report.Revision)
	}
	for table, n := range b.report.Rows {
		if rows[table] != n {
			return fmt.Errorf("its table %s has %d rows, not %d", table, rows[table], n)
		}
	}
	return nil
}

// publish renames the file. It returns an error if the name exists.
func (b *backup) publish() error {
	if err := os.Link(b.temporary, b.path); errors.Is(err, fs.ErrExist) {
		return isFree(b.path)
	} else if err != nil { // The file system may not support hard links.
		if err := isFree(b.path); err != nil {
			return err
		}
		if err := os.Rename(b.temporary, b.path); err != nil {
			return err
		}
	}
	folder, err := os.Open(filepath.Dir(b.path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// contents returns the revision of a database and the number of rows of its tables. The
// revision is that of the tables of users if there are no others.
func contents(ctx context.Context, q *sql.Conn) (revision string, rows map[string]int64, err error) {
	found, err := users.Find(ctx, q, db.SQLite)
	if err != nil {
		return "", nil, err
	}
	revisionOf := schema.RevisionOf
	if found.Users && !found.Runs {
		revisionOf = users.RevisionOf
	}
	if revision, err = revisionOf(ctx, q, db.SQLite); err != nil {
		return "", nil, err
	}
	if revision == "" {
		return "", nil, errors.New("it holds no tables, so there is nothing to back up")
	}
	tables, err := schema.Tables(ctx, q, db.SQLite)
	if err != nil {
		return "", nil, err
	}
	rows = map[string]int64{}
	for table := range tables {
		var n int64
		if err := q.QueryRowContext(ctx, `SELECT count(*)
			FROM "`+strings.ReplaceAll(table, `"`, `""`)+`"`).Scan(&n); err != nil {
			return "", nil, err
		}
		rows[table] = n
	}
	return revision, rows, nil
}

func fileURI(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// otherBackup returns the error for a database that is not a SQLite file.
func otherBackup(uri, path string) error {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" && u.Path == "" {
		return errors.New("a backup is of a SQLite database, such as sqlite:///mlflow.db")
	}
	name, _, _ := strings.Cut(u.Scheme, "+")
	user := u.User.Username()
	switch name {
	case "postgresql", "postgres":
		u.Scheme, u.User = "postgresql", nil
		if user != "" {
			u.User = url.User(user)
		}
		q := u.Query()
		q.Del("password")
		u.RawQuery = q.Encode()
		return fmt.Errorf(
			"a backup of PostgreSQL is made by its own program, while servers use it: pg_dump --format=custom --file=%s "+
				"--dbname=%s",
			quoteShell(path),
			quoteShell(u.String()),
		)
	case "mysql", "mariadb":
		command := "mariadb-dump --single-transaction --routines --triggers --host=" + quoteShell(u.Hostname())
		if u.Port() != "" {
			command += " --port=" + u.Port()
		}
		return fmt.Errorf(
			"a backup of MySQL or MariaDB is made by its own program (mysqldump or mariadb-dump), while servers use it: %s "+
				"--user=%s --password %s > %s",
			command, quoteShell(user),
			quoteShell(strings.TrimPrefix(u.Path, "/")),
			quoteShell(path),
		)
	}
	return fmt.Errorf("a backup is of a SQLite database, such as sqlite:///mlflow.db, and not of %s", db.RedactURI(uri))
}

// quoteShell quotes a word for a shell if necessary.
func quoteShell(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
