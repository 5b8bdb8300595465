package dbcopy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// sourceDB is one snapshot of the database that the rows are copied from.
type sourceDB struct {
	sql    *sql.DB
	flavor db.Flavor
	name   string // for messages
	tx     *sql.Tx
	tables tables
}

// openSource opens the source and begins the transaction in which all rows are
// read.
func openSource(ctx context.Context, uri string) (*sourceDB, error) {
	sqlDB, flavor, err := db.OpenSQLReadOnly(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("the source: %w", err)
	}
	s := &sourceDB{sql: sqlDB, flavor: flavor, name: databaseName(uri)}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the source %s: %w", s.name, err), s.close())
	}
	return s, nil
}

func (s *sourceDB) begin(ctx context.Context) (err error) {
	options := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if s.flavor == db.SQLite {
		options = nil // A transaction of SQLite always reads one snapshot.
	}
	if s.tx, err = s.sql.BeginTx(ctx, options); err != nil {
		return err
	}
	s.tables, err = tablesOf(ctx, s.tx, s.flavor)
	return err
}

func (s *sourceDB) close() error {
	if s.tx != nil {
		if err := s.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			return errors.Join(err, s.sql.Close())
		}
	}
	return s.sql.Close()
}

// reader returns a Tx that reads the snapshot.
func (s *sourceDB) reader(ctx context.Context) db.Tx { return db.NewConn(s.tx, s.flavor).Tx(ctx) }

// note returns what the user must know about programs that write to the source.
func (s *sourceDB) note(ctx context.Context) (string, error) {
	if s.flavor != db.SQLite {
		return "", nil
	}
	var mode string
	err := s.tx.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
	if err != nil || mode == "wal" {
		return "", err
	}
	return "The source's journal mode is " + mode +
		", not wal: programs that write to it have to wait until the copy is done.", nil
}

func (s *sourceDB) count(ctx context.Context, table string) (n int64, err error) {
	err = s.reader(ctx).QueryRow("SELECT count(*) FROM `" + table + "`").Scan(&n)
	return n, err
}

// batch is a list of rows in the order of the primary key.
type batch struct {
	rows [][]any
	size int
}

// maxBatchBytes bounds the size of a batch of long texts.
const maxBatchBytes = 8 << 20

// read calls flush with batches of the rows after a key, or of all rows if after is
// nil.
func (s *sourceDB) read(ctx context.Context, t *tablePlan, after []any, limit int, flush func(batch) error) error {
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
		query += " WHERE (" + quoted(key) + ") > (" + db.Placeholders(len(key)) + ")"
	}
	var b batch
	err := scanRows(s.reader(ctx), t, query+" ORDER BY "+quoted(key), args, func(row []any) error {
		size, err := t.check(row, t.flavorOfTarget)
		if err != nil {
			return err
		}
		b.rows, b.size = append(b.rows, row), b.size+size
		if len(b.rows) < limit && b.size < maxBatchBytes {
			return nil
		}
		full := b
		b = batch{}
		return flush(full)
	})
	if err != nil || len(b.rows) == 0 {
		return err
	}
	return flush(b)
}

// scanRows calls use with the normalized values of each row.
func scanRows(q db.Tx, t *tablePlan, query string, args []any, use func(row []any) error) error {
	into := make([]any, len(t.columns))
	return q.EachUncached(query, args, func(rows *sql.Rows) error {
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

// check returns the size of a row. It returns an error if the target cannot store a
// value.
func (t *tablePlan) check(row []any, f db.Flavor) (size int, err error) {
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

// databaseName returns the URI of a database without user and password.
func databaseName(uri string) string {
	scheme, _, _ := strings.Cut(uri, ":")
	scheme, _, _ = strings.Cut(scheme, "+")
	if path, err := db.SQLitePath(uri); err == nil {
		return "sqlite:///" + path
	}
	u, err := url.Parse(uri)
	if err != nil {
		return db.RedactURI(uri)
	}
	q := u.Query()
	for _, option := range []string{"user", "password", "sslpassword"} {
		q.Del(option)
	}
	u.Scheme, u.User, u.RawQuery = scheme, nil, q.Encode()
	return u.String()
}
