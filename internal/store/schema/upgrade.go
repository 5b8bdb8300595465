package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
)

// Upgrade upgrades a database to the revision of a release. It calls report before
// each step. If dry is set, it changes nothing. On SQLite and PostgreSQL, the upgrade
// is one transaction. MariaDB cannot roll back DDL; there, another call continues an
// interrupted upgrade. A SQLite file is copied first, and the name of the copy is
// reported.
func Upgrade(ctx context.Context, sqlDB *sql.DB, f db.Flavor, to *Release, dry bool, report func(step string)) error {
	conn, err := sqlDB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	revision, err := existingRevision(ctx, conn)
	switch {
	case err != nil:
		return err
	case revision == to.Revision:
		report("The schema is at revision " + revision + "; there is nothing to do.")
		return nil
	case before(to.Revision, revision):
		return fmt.Errorf(
			"its schema is at revision %s, which is newer than %s's, %s; a database goes to newer releases only. Restore a "+
				"backup from before its upgrade",
			revision, to, to.Revision,
		)
	case !CanUpgrade(revision, to):
		return WrongRevision(revision)
	case f == db.MySQL:
		return errors.New(
			"databases of MySQL 8 are not upgraded by Millrace, which was tried on MariaDB only; use `mlflow db upgrade` " +
				"of MLflow " + to.Name,
		)
	}
	steps, err := plan(ctx, conn, f, revision, to)
	if err != nil {
		return err
	}
	if dry {
		for _, s := range steps {
			report(s.Text)
		}
		return nil
	}
	if f == db.SQLite {
		if err := BackUp(ctx, conn, revision, report); err != nil {
			return fmt.Errorf("copying the file first: %w", err)
		}
	}
	return Apply(ctx, conn, f, steps, report)
}

func existingRevision(ctx context.Context, q db.Querier) (revision string, err error) {
	err = q.QueryRowContext(ctx, `SELECT version_num FROM alembic_version`).Scan(&revision)
	if err != nil {
		return "", fmt.Errorf("it is not a database of MLflow's, or an empty one: %w", err)
	}
	return revision, nil
}

func plan(ctx context.Context, conn *sql.Conn, f db.Flavor, revision string, to *Release) ([]Step, error) {
	have, err := Inspect(ctx, conn, f)
	if err != nil {
		return nil, err
	}
	head, err := to.inspect(ctx, conn, f)
	if err != nil {
		return nil, fmt.Errorf("making the tables of revision %s to compare with: %w", to.Revision, err)
	}
	p := &planner{f: f, revision: revision, to: to, have: have, head: head, collation: f.Collation()}
	if f.IsMySQL() { // A foreign key needs the same collation on both sides.
		err = conn.QueryRowContext(
			ctx,
			`SELECT table_collation FROM information_schema.tables WHERE table_schema = database()
				AND table_name = 'alembic_version'`,
		).Scan(&p.collation)
		if err != nil {
			return nil, fmt.Errorf("asking how text is compared: %w", err)
		}
	}
	steps := p.plan()
	if isOpened(have) { // Tables that were made anew have lost the indexes of Millrace.
		steps = append(steps, Step{
			Text: "make the missing tables and indexes of Millrace",
			Run:  func(ctx context.Context, q db.Querier) error { return createOwnTables(ctx, db.NewConn(q, f)) },
		})
	}
	return steps, nil
}

// BackUp copies a SQLite database at a revision to a file in the same folder, and reports
// the name of the file.
func BackUp(ctx context.Context, conn *sql.Conn, revision string, report func(string)) error {
	var path string
	if err := conn.QueryRowContext(ctx, `SELECT file FROM pragma_database_list
		WHERE name = 'main'`).Scan(&path); err != nil {
		return err
	}
	path = fmt.Sprintf("%s.before-upgrade-%s-%s", path, revision, time.Now().UTC().Format("20060102T150405.000000"))
	if _, err := conn.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return err
	}
	report("The database as it was is in " + path)
	return nil
}

// Apply takes the steps of an upgrade in one transaction, except on MariaDB. It calls
// report before each step.
func Apply(ctx context.Context, conn *sql.Conn, f db.Flavor, steps []Step, report func(string)) error {
	var begin, end, undo []string
	switch f {
	case db.SQLite:
		// References to a table must not follow when the table is renamed.
		begin = []string{"PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON", "BEGIN IMMEDIATE"}
		normal := []string{"PRAGMA foreign_keys = ON", "PRAGMA legacy_alter_table = OFF"}
		end, undo = append([]string{"COMMIT"}, normal...), append([]string{"ROLLBACK"}, normal...)
	case db.PostgreSQL:
		begin = []string{"BEGIN"}
		end, undo = []string{"DROP SCHEMA IF EXISTS " + oldTable + "schema CASCADE", "COMMIT"}, []string{"ROLLBACK"}
	}
	all := func(statements []string) error {
		for _, s := range statements {
			if _, err := conn.ExecContext(context.WithoutCancel(ctx), s); err != nil {
				return err
			}
		}
		return nil
	}
	if err := all(begin); err != nil {
		return err
	}
	for _, s := range steps {
		err := ctx.Err() // Check between steps only, since an interruption may close the connection.
		if err == nil {
			report(s.Text)
			err = s.Run(context.WithoutCancel(ctx), conn)
		}
		if err != nil {
			err = fmt.Errorf("to %s: %w", s.Text, err)
			if len(undo) == 0 {
				return fmt.Errorf("%w; what was done stays, and the same command goes on from here", err)
			}
			return errors.Join(err, all(undo))
		}
	}
	if f == db.SQLite {
		broken, err := brokenReferences(ctx, conn)
		if err == nil && broken != "" {
			err = fmt.Errorf("rows would refer to nothing (%s); nothing was changed", broken)
		}
		if err != nil {
			return errors.Join(err, all(undo))
		}
	}
	return all(end)
}

// brokenReferences lists the SQLite tables with rows with broken references.
func brokenReferences(ctx context.Context, q db.Querier) (string, error) {
	var found []string
	err := eachRow(
		ctx, q,
		`SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2`,
		3,
		func(v []string) {
			found = append(found, fmt.Sprintf("%s rows of %s to %s", v[2], v[0], v[1]))
		},
	)
	return strings.Join(found, ", "), err
}

// inspect describes the tables of the release as the database describes them.
func (r *Release) inspect(ctx context.Context, conn *sql.Conn, f db.Flavor) (head map[string]*Table, err error) {
	return inspectNew(ctx, conn, f, r.Create(f))
}

// inspectNew describes the tables that statements create. It creates them in a temporary
// schema or database.
func inspectNew(
	ctx context.Context, conn *sql.Conn, f db.Flavor, statements []string,
) (head map[string]*Table, err error) {
	const scratch = "millrace_head"
	var begin, end []string
	switch f {
	case db.SQLite:
		memory, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return nil, err
		}
		defer memory.Close()
		if conn, err = memory.Conn(ctx); err != nil {
			return nil, err
		}
		defer conn.Close()
	case db.PostgreSQL:
		begin, end = []string{"BEGIN", "CREATE SCHEMA " + scratch, "SET LOCAL search_path = " + scratch}, []string{"ROLLBACK"}
	default:
		var own string
		if err := conn.QueryRowContext(ctx, "SELECT database()").Scan(&own); err != nil {
			return nil, err
		}
		begin, end = []string{
			"CREATE DATABASE " + scratch + "_" + own,
			"USE " + scratch + "_" + own,
		}, []string{
			"USE " + own,
			"DROP DATABASE " + scratch + "_" + own,
		}
		_, _ = conn.ExecContext(ctx, "DROP DATABASE IF EXISTS "+scratch+"_"+own) // A call that was killed may have left it.
	}
	for _, statement := range append(begin, statements...) {
		if _, err = conn.ExecContext(ctx, statement); err != nil {
			break
		}
	}
	if err == nil {
		head, err = Inspect(ctx, conn, f)
	}
	for _, statement := range end {
		if _, failed := conn.ExecContext(context.WithoutCancel(ctx), statement); failed != nil {
			err = errors.Join(err, failed)
		}
	}
	return head, err
}
