package schema

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// Report is the result of [Check].
type Report struct {
	Database   string `json:"database"`
	Revision   string `json:"revision"`
	RevisionIs string `json:"revision_is"`
	// Faults are damages of the file or of indexes, and rows with broken references.
	Faults []string `json:"faults"`
	// Differences are tables, columns, keys and indexes that differ from those of
	// MLflow. At an unknown revision, only the tables that Millrace uses are compared.
	// At an older revision, no tables are compared.
	Differences []string `json:"differences"`
	// Opened is whether a server of Millrace has opened the database. Own are tables and
	// indexes of Millrace that it lacks nevertheless.
	Opened     bool             `json:"opened"`
	Own        []string         `json:"own"`
	Collations []string         `json:"collations"`
	Rows       map[string]int64 `json:"rows"`

	// opens is whether a server opens a database at that revision.
	opens bool
}

// OK reports whether a server opens the database, no fault or difference was found, and
// nothing of Millrace is missing.
func (r *Report) OK() bool {
	return r.opens && len(r.Faults) == 0 && len(r.Differences) == 0 && len(r.Own) == 0
}

// Check checks a database without changing it. On MySQL and MariaDB, it creates a
// temporary database to compare with. runs is whether the database has the tables of runs
// and models; otherwise, their revision is "", and no tables are compared.
func Check(ctx context.Context, sqlDB *sql.DB, f db.Flavor, runs bool) (*Report, error) {
	conn, err := sqlDB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := &Report{Database: f.String(), RevisionIs: "not one that this release knows", Rows: map[string]int64{}}
	if runs {
		if r.Revision, err = existingRevision(ctx, conn); err != nil {
			return nil, err
		}
	}
	have, err := Inspect(ctx, conn, f)
	if err != nil {
		return nil, err
	}
	if r.Faults, err = faults(ctx, conn, f, have); err != nil {
		return nil, err
	}
	if r.Collations, err = Collations(ctx, conn, f); err != nil {
		return nil, err
	}
	for name := range have {
		var n int64
		if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM "+name).Scan(&n); err != nil {
			return nil, err
		}
		r.Rows[name] = n
	}
	if !runs {
		r.RevisionIs, r.opens = "no tables of runs and models", true
		return r, nil
	}
	r.Opened = isOpened(have)
	if err := r.compare(ctx, conn, f); err != nil || !r.opens || !r.Opened {
		return r, err
	}
	r.Own, err = ownDifferences(ctx, conn, f)
	return r, err
}

// ownDifferences returns what is missing of the tables and indexes of Millrace.
func ownDifferences(ctx context.Context, q db.Querier, f db.Flavor) (list []string, err error) {
	missing, err := missingOwn(ctx, q, f)
	for _, own := range missing {
		what := "the table " + own.table + " is missing"
		if own.index != "" {
			what = own.table + " lacks the index " + own.index
		}
		list = append(list, what+"; the next start of a server makes it")
	}
	return list, err
}

// compare compares the tables with those of MLflow at the revision.
func (r *Report) compare(ctx context.Context, conn *sql.Conn, f db.Flavor) (err error) {
	switch release, known := ReleaseOf(r.Revision); {
	case known:
		r.RevisionIs, r.opens = "of "+release.String()+"; a server opens it as it is", true
		r.Differences, err = Differences(ctx, conn, f, release.Tables(), release.Create(f))
		return err
	case CanUpgrade(r.Revision, Newest()):
		r.RevisionIs = "of an older MLflow; `millrace db upgrade` brings it up to date"
	default:
		have, err := inspectUsed(ctx, conn, f)
		if err != nil {
			return err
		}
		r.Differences = unusable(have, readUsed(f))
		if r.opens = len(r.Differences) == 0; r.opens {
			r.RevisionIs += "; the tables that it uses are as in " + Newest().String() + ", so a server opens it"
		}
	}
	return nil
}

// Differences compares tables of a database with those that statements create. It returns
// the tables, columns, keys and indexes that differ.
func Differences(
	ctx context.Context, conn *sql.Conn, f db.Flavor, tables, statements []string,
) (list []string, err error) {
	have, err := Inspect(ctx, conn, f)
	if err != nil {
		return nil, err
	}
	head, err := inspectNew(ctx, conn, f, statements)
	if err != nil {
		return nil, fmt.Errorf("making the tables to compare with: %w", err)
	}
	made := creations(tables, statements)
	for _, name := range tables {
		if have[name] == nil {
			list = append(list, "the table "+name+" is missing")
			continue
		}
		list = append(list, have[name].differences(f, head[name], made[name].indexes)...)
	}
	return list, nil
}

// differences returns what head has and the table does not.
func (t *Table) differences(f db.Flavor, head *Table, indexes map[string]string) (list []string) {
	for _, c := range head.Columns {
		if definition, found := t.column(c.Name); !found {
			list = append(list, fmt.Sprintf("%s lacks the column %s", t.Name, c.Name))
		} else if !sameColumn(definition, c.Definition) {
			list = append(list, fmt.Sprintf("%s.%s is %q, not %q", t.Name, c.Name, definition, c.Definition))
		}
	}
	for _, constraint := range head.Constraints {
		if !slices.Contains(t.Constraints, constraint) {
			list = append(list, fmt.Sprintf("%s lacks %s", t.Name, constraint))
		}
	}
	if !sameForeignKeys(t, head) {
		list = append(list, "the foreign keys of "+t.Name+" are others")
	}
	// MySQL adds and removes indexes for foreign keys, so that those of head do not count.
	for _, index := range slices.Sorted(maps.Keys(indexes)) {
		if f.IsMySQL() && strings.HasPrefix(indexes[index], "CREATE UNIQUE") {
			continue // MySQL lists it as a constraint.
		}
		if _, found := t.Indexes[index]; !found {
			list = append(list, fmt.Sprintf("%s lacks the index %s", t.Name, index))
		}
	}
	return list
}

// faults returns damages of a SQLite file, invalid indexes of PostgreSQL, and rows
// with broken references.
func faults(ctx context.Context, q db.Querier, f db.Flavor, have map[string]*Table) (list []string, err error) {
	add := func(v []string) { list = append(list, v[0]) }
	switch f {
	case db.SQLite:
		err = eachRow(ctx, q, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`, 1, add)
		if err != nil {
			return nil, err
		}
		broken, err := brokenReferences(ctx, q)
		if broken != "" {
			list = append(list, "rows refer to nothing: "+broken)
		}
		return list, err
	case db.PostgreSQL:
		err = eachRow(
			ctx, q,
			`SELECT 'the index ' || c.relname || ' is invalid; REINDEX it' FROM pg_index i
				JOIN pg_class c ON c.oid = i.indexrelid
			WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace`,
			1, add,
		)
	}
	if err != nil {
		return nil, err
	}
	// Such rows can be inserted while foreign keys are disabled.
	for _, r := range []struct{ child, column, parent, key string }{
		{"runs", "experiment_id", "experiments", "experiment_id"},
		{"tags", "run_uuid", "runs", "run_uuid"},
		{"params", "run_uuid", "runs", "run_uuid"},
		{"latest_metrics", "run_uuid", "runs", "run_uuid"},
		{"role_permissions", "role_id", "roles", "id"},
		{"user_role_assignments", "role_id", "roles", "id"},
		{"user_role_assignments", "user_id", "users", "id"},
	} {
		if have[r.child] == nil || have[r.parent] == nil {
			continue
		}
		err := eachRow(ctx, q, fmt.Sprintf(`SELECT concat(count(*), ' rows of %[1]s refer to no row of %[3]s') FROM %[1]s c
			WHERE c.%[2]s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %[3]s p
			WHERE p.%[4]s = c.%[2]s) HAVING count(*) > 0`, r.child, r.column, r.parent, r.key), 1, add)
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}
