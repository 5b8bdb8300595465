package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/millrace-ml/millrace/internal/store/schema"
)

// copyProgressTable is in a target until its copy is whole. Its row "" names the
// source; the others say how far each table is. While it is there,
// alembic_version is empty, so that no server takes the database.
const copyProgressTable = "millrace_copy"

const createProgress = `CREATE TABLE millrace_copy (table_name VARCHAR(128) NOT NULL PRIMARY KEY, last_key TEXT, row_count BIGINT NOT NULL)`

// copyTarget is the database that is filled.
type copyTarget struct {
	target
	name    string
	conn    *sql.Conn
	release *schema.Release
	// at is how far each table is; nil before the copy has begun.
	at map[string]copyPosition
}

type copyPosition struct {
	key  []any
	rows int64
}

// openCopyTarget makes the tables where there are none.
func openCopyTarget(ctx context.Context, uri string, source *copySource, restart bool) (*copyTarget, error) {
	t, err := connectTarget(ctx, uri, source.release)
	if err != nil {
		return nil, err
	}
	err = t.loadProgress(ctx, source.name)
	switch {
	case err != nil:
	case t.at != nil && restart:
		err = t.clear(ctx)
	case t.at == nil:
		if err = errors.Join(t.close(), makeTables(ctx, uri, source.release)); err != nil {
			return nil, err
		}
		// Again, since the collation of a connection to MySQL follows the tables.
		if t, err = connectTarget(ctx, uri, source.release); err != nil {
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

func connectTarget(ctx context.Context, uri string, release *schema.Release) (*copyTarget, error) {
	open, err := openTarget(ctx, uri, "full")
	if err != nil {
		return nil, fmt.Errorf("the target: %w", err)
	}
	t := &copyTarget{target: open, name: copyName(uri), release: release}
	if t.conn, err = open.db.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the target %s: %w", t.name, err), open.db.Close())
	}
	return t, nil
}

func (t *copyTarget) close() error { return errors.Join(t.conn.Close(), t.db.Close()) }

func (t *copyTarget) on(ctx context.Context, q querier) tx {
	return tx{ctx, newConn(q, t.flavor)}
}

func makeTables(ctx context.Context, uri string, release *schema.Release) error {
	s, err := Open(ctx, Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/", PoolSize: 2, release: release})
	if err != nil {
		return err
	}
	return s.Close()
}

// loadProgress reads how far an unfinished copy got, and refuses one of another
// source.
func (t *copyTarget) loadProgress(ctx context.Context, source string) error {
	tables, err := schema.Tables(ctx, t.conn, t.flavor)
	if err != nil || !tables[copyProgressTable] {
		return err
	}
	at := map[string]copyPosition{}
	from := ""
	err = t.on(ctx, t.conn).eachOnce("SELECT table_name, last_key, row_count FROM millrace_copy", nil, func(rows *sql.Rows) error {
		var table, key string
		var p copyPosition
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
	})
	switch {
	case err != nil || from == "":
		return err // Without a source nothing was copied yet.
	case from != source:
		return fmt.Errorf("it holds an unfinished copy of %s, not of %s. Name that source to finish it, or make a new database", from, source)
	}
	for _, table := range t.release.Tables() {
		if !tables[table] {
			return fmt.Errorf("it holds an unfinished copy, which was begun with tables of another release than %s: it lacks %s. Copy into a new database", t.release, table)
		}
	}
	t.at = at
	return nil
}

// empty refuses a database that holds more than a new one of the source's
// release does.
func (t *copyTarget) empty(ctx context.Context) error {
	revision, err := schemaRevision(ctx, newConn(t.conn, t.flavor))
	if err == nil && revision != t.release.Revision {
		err = fmt.Errorf("its schema is at revision %s, and the source's at %s, of %s. Copy into a new database", revision, t.release.Revision, t.release)
	}
	if err != nil {
		return err
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

// holds returns 1 if a table has rows that a new database does not have.
func (t *copyTarget) holds(ctx context.Context, table string) (n int, err error) {
	if table == "alembic_version" || table == "alembic_version_auth" || table == copyProgressTable {
		return 0, nil
	}
	query := "SELECT count(*) FROM (SELECT 1 FROM `" + table + "`"
	switch table {
	case "experiments":
		query += " WHERE experiment_id <> 0"
	case "workspaces":
		query += " WHERE name <> 'default'"
	}
	err = t.on(ctx, t.conn).queryRow(query + " LIMIT 1) AS one_row").Scan(&n)
	return n, err
}

// start notes the source and takes away what a new database has.
func (t *copyTarget) start(ctx context.Context, source string) error {
	tables, err := schema.Tables(ctx, t.conn, t.flavor)
	if err != nil {
		return err
	}
	if !tables[copyProgressTable] {
		if _, err := t.conn.ExecContext(ctx, ourDDL(t.flavor, createProgress)); err != nil {
			return err
		}
	}
	t.at = map[string]copyPosition{}
	return t.inTx(ctx, func(q tx) error {
		for _, statement := range []string{"DELETE FROM alembic_version", "DELETE FROM experiments", "DELETE FROM workspaces"} {
			if _, err := q.exec(statement); err != nil {
				return err
			}
		}
		_, err := q.exec("INSERT INTO millrace_copy (table_name, last_key, row_count) VALUES ('', ?, 0)", source)
		return err
	})
}

// clear takes an unfinished copy back to its beginning.
func (t *copyTarget) clear(ctx context.Context) error {
	c, err := readCatalog(ctx, t.conn, t.flavor)
	if err != nil {
		return err
	}
	order := c.parentsFirst()
	return t.inTx(ctx, func(q tx) error {
		for i := len(order) - 1; i >= 0; i-- {
			if _, ok := t.at[order[i]]; !ok {
				continue
			}
			if _, err := q.exec("DELETE FROM `" + order[i] + "`"); err != nil {
				return err
			}
		}
		t.at = map[string]copyPosition{}
		_, err := q.exec("DELETE FROM millrace_copy WHERE table_name <> ''")
		return err
	})
}

func (t *copyTarget) inTx(ctx context.Context, fn func(tx) error) error {
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

// finish sets the counters, marks the database as whole and takes the progress
// away.
func (t *copyTarget) finish(ctx context.Context, plan []*copyTable) error {
	err := t.inTx(ctx, func(q tx) error {
		for _, table := range plan {
			if err := t.setCounters(q, table); err != nil {
				return err
			}
		}
		if _, err := q.exec("DELETE FROM alembic_version"); err != nil {
			return err
		}
		if _, err := q.exec("INSERT INTO alembic_version (version_num) VALUES (?)", t.release.Revision); err != nil {
			return err
		}
		_, err := q.exec("DROP TABLE millrace_copy")
		return err
	})
	if err != nil || t.flavor != schema.PostgreSQL {
		return err
	}
	// Without it the first searches would be planned for empty tables.
	_, err = t.conn.ExecContext(ctx, "ANALYZE")
	return err
}

// setCounters makes PostgreSQL count on from the highest number copied; the
// other databases do that by themselves.
func (t *copyTarget) setCounters(q tx, table *copyTable) error {
	for _, c := range table.target {
		if !c.serial || t.flavor != schema.PostgreSQL {
			continue
		}
		name := pgx.Identifier{table.name}.Sanitize()
		_, err := q.exec("SELECT setval(pg_get_serial_sequence(?, ?), greatest(coalesce(max(`"+c.name+"`), 0), 1), coalesce(max(`"+c.name+"`), 0) > 0) FROM `"+table.name+"`", name, c.name)
		if err != nil {
			return err
		}
	}
	return nil
}
