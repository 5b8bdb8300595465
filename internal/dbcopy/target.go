package dbcopy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// createProgress creates [schema.CopyProgressTable]. Its row "" names the source; each
// of the others holds the progress of a table. While it exists, the tables of versions
// are empty, so that no server opens the database.
const createProgress = `CREATE TABLE millrace_copy (
	table_name VARCHAR(128) NOT NULL PRIMARY KEY,
	last_key TEXT,
	row_count BIGINT NOT NULL
)`

// targetDB is the database that the rows are copied to.
type targetDB struct {
	sql    *sql.DB
	flavor db.Flavor
	name   string // for messages
	conn   *sql.Conn
	tables tables
	// at is the progress of each table; nil before the copy has begun.
	at map[string]position
}

// position is the progress of a table: the key of the last row that was copied and
// the number of rows.
type position struct {
	key  []any
	rows int64
}

// openTarget opens the target. It creates the tables if there are none, and finds
// out how far a copy that was interrupted got.
func openTarget(ctx context.Context, uri string, source *sourceDB, restart bool) (*targetDB, error) {
	t, err := connectTarget(ctx, uri, source.tables)
	if err != nil {
		return nil, err
	}
	err = t.loadProgress(ctx, source.name)
	switch {
	case err != nil:
	case t.at != nil && restart:
		err = t.clear(ctx)
	case t.at == nil:
		if err = errors.Join(t.close(), makeTables(ctx, uri, source.tables)); err != nil {
			return nil, err
		}
		// Connect again, since the collation of a connection to MySQL depends on the tables.
		if t, err = connectTarget(ctx, uri, source.tables); err != nil {
			return nil, err
		}
		if err = t.empty(ctx); err == nil {
			err = t.start(ctx, source.name)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the target %s: %w", t.name, err), t.close())
	}
	return t, nil
}

func connectTarget(ctx context.Context, uri string, tables tables) (*targetDB, error) {
	sqlDB, flavor, err := db.OpenSQL(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("the target: %w", err)
	}
	t := &targetDB{sql: sqlDB, flavor: flavor, name: databaseName(uri), tables: tables}
	if t.conn, err = sqlDB.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the target %s: %w", t.name, err), sqlDB.Close())
	}
	return t, nil
}

func (t *targetDB) close() error { return errors.Join(t.conn.Close(), t.sql.Close()) }

func (t *targetDB) on(ctx context.Context, q db.Querier) db.Tx {
	return db.NewConn(q, t.flavor).Tx(ctx)
}

var discard = slog.New(slog.DiscardHandler)

func makeTables(ctx context.Context, uri string, tables tables) error {
	d, err := db.Open(ctx, db.Options{URI: uri, PoolSize: 2, Prepare: tables.prepare})
	if err != nil {
		return err
	}
	return d.Close()
}

// loadProgress reads the progress of an unfinished copy. It returns an error if that
// has another source.
func (t *targetDB) loadProgress(ctx context.Context, source string) error {
	tables, err := schema.Tables(ctx, t.conn, t.flavor)
	if err != nil || !tables[schema.CopyProgressTable] {
		return err
	}
	at := map[string]position{}
	from := ""
	err = t.on(ctx, t.conn).EachUncached(
		"SELECT table_name, last_key, row_count FROM millrace_copy",
		nil,
		func(rows *sql.Rows) error {
			var table, key string
			var p position
			if err := rows.Scan(&table, &key, &p.rows); err != nil {
				return err
			}
			if table == "" {
				from = key
				return nil
			}
			p.key, err = decodeKey(key)
			at[table] = p
			return err
		},
	)
	switch {
	case err != nil || from == "":
		return err // Without a source, nothing was copied.
	case from != source:
		return fmt.Errorf(
			"it holds an unfinished copy of %s, not of %s. Name that source to finish it, or make a new database",
			from, source,
		)
	}
	for _, table := range t.tables.mlflows() {
		if !tables[table] {
			return fmt.Errorf(
				"it holds an unfinished copy, which was begun with other tables than the source has: it lacks %s. Copy into "+
					"a new database",
				table,
			)
		}
	}
	t.at = at
	return nil
}

// empty returns an error for a database that has other rows than a new database of
// the release of the source.
func (t *targetDB) empty(ctx context.Context) error {
	if r := t.tables.release; r != nil {
		revision, err := schema.RevisionOf(ctx, t.conn, t.flavor)
		if err == nil && revision != r.Revision {
			err = fmt.Errorf("its schema is at revision %s, and the source's at %s, of %s. Copy into a new database",
				revision, r.Revision, r)
		}
		if err != nil {
			return err
		}
	}
	tables, err := schema.Tables(ctx, t.conn, t.flavor)
	if err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		if n, err := t.holds(ctx, table); err != nil {
			return err
		} else if n != 0 {
			return fmt.Errorf("it is not empty: its table %s holds rows. Copy into a new database", table)
		}
	}
	return nil
}

// holds returns 1 if a table has rows that a new database does not have, and 0
// otherwise.
func (t *targetDB) holds(ctx context.Context, table string) (n int, err error) {
	if isVersion(table) || table == schema.CopyProgressTable {
		return 0, nil
	}
	query := "SELECT count(*) FROM (SELECT 1 FROM `" + table + "`"
	switch table {
	case "experiments":
		query += " WHERE experiment_id <> 0"
	case "workspaces":
		query += " WHERE name <> 'default'"
	}
	err = t.on(ctx, t.conn).QueryRow(query + " LIMIT 1) AS one_row").Scan(&n)
	return n, err
}

// start records the source and deletes the rows of a new database.
func (t *targetDB) start(ctx context.Context, source string) error {
	tables, err := schema.Tables(ctx, t.conn, t.flavor)
	if err != nil {
		return err
	}
	if !tables[schema.CopyProgressTable] {
		if _, err := t.conn.ExecContext(ctx, schema.TranslateOwn(t.flavor, createProgress)); err != nil {
			return err
		}
	}
	t.at = map[string]position{}
	emptied := slices.Collect(maps.Keys(t.tables.revisions()))
	if t.tables.release != nil {
		emptied = append(emptied, "experiments", "workspaces")
	}
	return t.inTx(ctx, func(q db.Tx) error {
		for _, table := range emptied {
			if _, err := q.Exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		_, err := q.Exec("INSERT INTO millrace_copy (table_name, last_key, row_count) VALUES ('', ?, 0)", source)
		return err
	})
}

// clear deletes the rows of an unfinished copy.
func (t *targetDB) clear(ctx context.Context) error {
	c, err := readCatalog(ctx, t.conn, t.flavor)
	if err != nil {
		return err
	}
	order := c.parentsFirst()
	return t.inTx(ctx, func(q db.Tx) error {
		for i := len(order) - 1; i >= 0; i-- {
			if _, ok := t.at[order[i]]; !ok {
				continue
			}
			if _, err := q.Exec("DELETE FROM `" + order[i] + "`"); err != nil {
				return err
			}
		}
		t.at = map[string]position{}
		_, err := q.Exec("DELETE FROM millrace_copy WHERE table_name <> ''")
		return err
	})
}

func (t *targetDB) inTx(ctx context.Context, fn func(db.Tx) error) error {
	raw, err := t.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(t.on(ctx, raw)); err != nil {
		return errors.Join(err, ignoreDone(raw.Rollback()))
	}
	return raw.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// finish sets the sequences, writes the revisions and drops the progress table.
func (t *targetDB) finish(ctx context.Context, plan []*tablePlan) error {
	err := t.inTx(ctx, func(q db.Tx) error {
		for _, table := range plan {
			if err := t.setCounters(q, table); err != nil {
				return err
			}
		}
		for table, revision := range t.tables.revisions() {
			if _, err := q.Exec("DELETE FROM " + table); err != nil {
				return err
			}
			if _, err := q.Exec("INSERT INTO "+table+" (version_num) VALUES (?)", revision); err != nil {
				return err
			}
		}
		_, err := q.Exec("DROP TABLE millrace_copy")
		return err
	})
	if err != nil || t.flavor != db.PostgreSQL {
		return err
	}
	// Otherwise PostgreSQL would plan the first searches for empty tables.
	_, err = t.conn.ExecContext(ctx, "ANALYZE")
	return err
}

// setCounters sets the sequences of PostgreSQL to the highest number copied. The
// other databases need no such step.
func (t *targetDB) setCounters(q db.Tx, table *tablePlan) error {
	for _, c := range table.target {
		if !c.serial || t.flavor != db.PostgreSQL {
			continue
		}
		name := pgx.Identifier{table.name}.Sanitize()
		_, err := q.Exec(
			"SELECT setval(pg_get_serial_sequence(?, ?), greatest(coalesce(max(`"+c.name+"`), 0), 1), "+
				"coalesce(max(`"+c.name+"`), 0) > 0) FROM `"+table.name+"`",
			name, c.name,
		)
		if err != nil {
			return err
		}
	}
	return nil
}
