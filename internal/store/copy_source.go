package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/millrace-ml/millrace/internal/store/schema"
)

// copySource is the database that is copied, in one state of it.
type copySource struct {
	target
	name string
	tx   *sql.Tx
	c    *conn
	// release is whose tables it has, and the target gets.
	release *schema.Release
}

// openSource begins the transaction in which everything is read. It does not
// make a file, nor change how it is written.
func openSource(ctx context.Context, uri string) (*copySource, error) {
	t, err := openForReading(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("the source: %w", err)
	}
	s := &copySource{target: t, name: copyName(uri)}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the source %s: %w", s.name, err), s.close())
	}
	return s, nil
}

func openForReading(ctx context.Context, uri string) (target, error) {
	scheme, rest, _ := strings.Cut(uri, ":")
	if name, driver, _ := strings.Cut(scheme, "+"); name != "sqlite" || driver != "" && driver != "pysqlite" {
		return openTarget(ctx, uri, "full")
	}
	path, err := sqlitePath("sqlite:" + rest)
	if err != nil {
		return target{}, err
	}
	if _, err := os.Stat(path); err != nil {
		return target{}, fmt.Errorf("there is no database: %w", err)
	}
	// mode=rw, since reading may have to undo what a crash left in the middle.
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=rw&_pragma=busy_timeout(10000)&_pragma=query_only(1)&_pragma=cache_size(-32000)")
	return target{flavor: schema.SQLite, path: path, db: db}, err
}

func (s *copySource) begin(ctx context.Context) (err error) {
	options := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if s.path != "" {
		options = nil // SQLite's transactions always see one state.
	}
	if s.tx, err = s.db.BeginTx(ctx, options); err != nil {
		return err
	}
	s.c = newConn(s.tx, s.flavor)
	revision, err := schemaRevision(ctx, s.c)
	switch {
	case err != nil:
		return err
	case revision == "":
		return errors.New("it holds no tables, so there is nothing to copy")
	}
	var known bool
	if s.release, known = schema.ReleaseOf(revision); !known {
		return schema.WrongRevision(revision)
	}
	return nil
}

func (s *copySource) close() error {
	if s.tx != nil {
		if err := s.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			return errors.Join(err, s.db.Close())
		}
	}
	return s.db.Close()
}

// note says what a source that is being written to has to know.
func (s *copySource) note(ctx context.Context) (string, error) {
	if s.path == "" {
		return "", nil
	}
	var mode string
	err := s.tx.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
	if err != nil || mode == "wal" {
		return "", err
	}
	return "The source's journal mode is " + mode + ", not wal: programs that write to it have to wait until the copy is done.", nil
}

func (s *copySource) count(ctx context.Context, table string) (n int64, err error) {
	err = tx{ctx, s.c}.queryRow("SELECT count(*) FROM `" + table + "`").Scan(&n)
	return n, err
}

// copyBatch is some rows in the order of the primary key.
type copyBatch struct {
	rows [][]any
	size int
}

// maxBatchBytes bounds a batch of long texts.
const maxBatchBytes = 8 << 20

// read calls flush for the rows behind a key, or for all, in batches.
func (s *copySource) read(ctx context.Context, t *copyTable, after []any, limit int, flush func(copyBatch) error) error {
	key := make([]string, len(t.key))
	args := make([]any, len(after))
	for i, column := range t.key {
		key[i] = t.columns[column]
		if after != nil {
			args[i] = driverValue(s.flavor, t.source[column].kind, after[i])
		}
	}
	query := "SELECT " + selected(s.flavor, t.source) + " FROM `" + t.name + "`"
	if after != nil {
		query += " WHERE (" + quoted(key) + ") > (" + placeholders(len(key)) + ")"
	}
	var b copyBatch
	err := scanRows(tx{ctx, s.c}, t, query+" ORDER BY "+quoted(key), args, func(row []any) error {
		size, err := t.check(row, t.flavorOfTarget)
		if err != nil {
			return err
		}
		b.rows, b.size = append(b.rows, row), b.size+size
		if len(b.rows) < limit && b.size < maxBatchBytes {
			return nil
		}
		full := b
		b = copyBatch{}
		return flush(full)
	})
	if err != nil || len(b.rows) == 0 {
		return err
	}
	return flush(b)
}

// scanRows reads the columns of a table as normal values.
func scanRows(q tx, t *copyTable, query string, args []any, use func(row []any) error) error {
	into := make([]any, len(t.columns))
	return q.eachOnce(query, args, func(rows *sql.Rows) error {
		row := make([]any, len(t.columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range row {
			var err error
			if row[i], err = normal(t.kinds[i], v); err != nil {
				return fmt.Errorf("the table %s, row %s: the column %s: %w", t.name, t.at(row), t.columns[i], err)
			}
		}
		return use(row)
	})
}

// check says which value of a row the target cannot hold, and how large the row
// is.
func (t *copyTable) check(row []any, f schema.Flavor) (size int, err error) {
	for i, v := range row {
		if err := t.target[i].fits(f, v); err != nil {
			return 0, fmt.Errorf("the table %s, row %s, the column %s: %w. Change it in the source and run the command again",
				t.name, t.at(row), t.columns[i], err)
		}
		switch v := v.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
		size += 16
	}
	return size, nil
}

// copyName names a database without its user and password.
func copyName(uri string) string {
	scheme, rest, _ := strings.Cut(uri, ":")
	scheme, _, _ = strings.Cut(scheme, "+")
	if scheme == "sqlite" {
		if path, err := sqlitePath("sqlite:" + rest); err == nil {
			return "sqlite:///" + path
		}
	}
	u, err := url.Parse(uri)
	if err != nil {
		return RedactURI(uri)
	}
	q := u.Query()
	for _, option := range []string{"user", "password", "sslpassword"} {
		q.Del(option)
	}
	u.Scheme, u.User, u.RawQuery = scheme, nil, q.Encode()
	return u.String()
}
