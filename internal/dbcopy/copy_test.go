package dbcopy_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/dbcopy"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/storetest"
)

func run(t *testing.T, uri string, statements ...string) {
	t.Helper()
	sqlDB, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	for _, st := range statements {
		if _, err := sqlDB.ExecContext(t.Context(), st); err != nil {
			t.Fatalf("%s: %v", st, err)
		}
	}
}

// every kind of value in every place where databases hold it differently.
var copied = []string{
	`INSERT INTO experiments VALUES (7, 'seven ü 🚀', 'file:///x', 'active', 1, 2, 'default'), (41, 'deleted', NULL, 'deleted', NULL, NULL, 'default')`,
	`UPDATE experiments SET name = 'renamed' WHERE experiment_id = 0`,
	`INSERT INTO runs (run_uuid, name, status, lifecycle_stage, start_time, experiment_id) VALUES ('r1', 'it''s', 'RUNNING', 'active', 9007199254740993, 7), ('R1', '', 'FAILED', 'deleted', -1, 0)`,
	`INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES
		('loss', 0.1, 1, 'r1', 1, 0), ('loss', 5e-324, 1, 'r1', 2, 0), ('loss', -1.7976931348623157e308, 1, 'r1', 3, 0), ('Loss', 0, 1, 'r1', 3, 1), ('Loss', 0, 1, 'r1', 3, 0),
		('loss', 3, 9223372036854775807, 'r1', -9223372036854775808, 0), ('a/ü b', 1e100, 1, 'R1', 1, 0)`,
	`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
		INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) SELECT 'many', i / 7.0, i % 50, 'r1', i, 0 FROM n`,
	`INSERT INTO params VALUES ('p', char(9, 10, 13, 8232) || '\ "quoted" ''x'' ?', 'r1'), ('p', '', 'R1'), ('q', printf('%.8000c', 'x'), 'r1')`,
	`INSERT INTO secrets (secret_id, secret_name, encrypted_value, wrapped_dek, kek_version, masked_value, created_at, last_updated_at) VALUES ('s', 's', x'00ff27', x'', 1, '', 1, 1)`,
	`INSERT INTO evaluation_datasets (dataset_id, name) VALUES ('d', 'd')`,
	`INSERT INTO evaluation_dataset_records (dataset_record_id, dataset_id, inputs, expectations, tags, input_hash) VALUES
		('a', 'd', '{"b": [1.50, 1e2, null], "a": "ü<&"}', '12', NULL, 'h1'), ('b', 'd', '"text"', '1.0', '[]', 'h2')`,
	`INSERT INTO sql_assessment_daily_rollups (id, experiment_id, rollup_day, metric_name, grouping_set, sample_count) VALUES (5, 7, '2026-02-28', 'm', 'g', 3)`,
	`INSERT INTO sql_trace_rollup_rebuild_queue VALUES (7, '2026-02-28', 'f'), (7, '2026-03-01', 'f'), (8, '2025-03-01', 'f')`,
	`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('t', 7, 1, 'OK')`,
	`INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value, created_timestamp, last_updated_timestamp, source_type, valid, is_numeric_value, aggregate_value)
		VALUES ('a', 't', 'n', 'feedback', 'true', 1, 1, 'HUMAN', 1, 0, 0.1)`,
	`INSERT INTO spans (trace_id, experiment_id, span_id, name, status, start_time_unix_nano, end_time_unix_nano, content) VALUES ('t', 7, 's', 'n', 'OK', 1700000000000000000, 1700000000000000009, '{}')`,
	`INSERT INTO millrace_registry_log (id, model, kind, from_value, to_value, alias, user_email, comment, timestamp_ms) VALUES (12, 'm', 'stage', '', '', '', '', '', 1)`,
	`INSERT INTO millrace_settings VALUES ('k', 'v')`,
	`CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(255))`,
}

// source is a database with something of everything.
func source(t *testing.T) (uri string) {
	t.Helper()
	uri = dbtest.NewFile(t)
	storetest.Open(t, uri)
	run(t, uri, copied...)
	return uri
}

// contents is all that a SQLite file holds, without help of the code under test.
func contents(t *testing.T, uri string) map[string][]string {
	t.Helper()
	sqlDB, f, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	tables, err := schema.Tables(t.Context(), sqlDB, f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for table := range tables {
		if table == "users" {
			continue
		}
		var columns string
		if err := sqlDB.QueryRowContext(t.Context(), `SELECT group_concat('quote("' || name || '")', ' || "," || ') FROM pragma_table_xinfo(?)`, table).Scan(&columns); err != nil {
			t.Fatal(err)
		}
		rows, err := sqlDB.QueryContext(t.Context(), "SELECT "+strings.ReplaceAll(columns, `","`, `','`)+" FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all[table] = append(all[table], row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(all[table])
	}
	return all
}

func sameContents(t *testing.T, a, b string) {
	t.Helper()
	want, got := contents(t, a), contents(t, b)
	for table := range want {
		if table != "evaluation_dataset_records" &&
			!slices.Equal(want[table], got[table]) { // JSON's spelling is the database's.
			t.Errorf("%s differs:\n%.2000s\n%.2000s", table, want[table], got[table])
		}
	}
	if len(got) != len(want) || len(want["metrics"]) != 707 || len(got["evaluation_dataset_records"]) != 2 {
		t.Errorf(
			"%d tables, %d metrics and %d records, want %d tables, 707 and 2",
			len(got),
			len(want["metrics"]),
			len(got["evaluation_dataset_records"]),
			len(want),
		)
	}
}

// There and back again, everything is as it was, and the numbers go on.
func TestCopy(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, target string) {
		from, back := source(t), dbtest.NewFile(t)
		report, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{BatchRows: 40})
		if err != nil {
			t.Fatal(err)
		}
		if report.Resumed || !slices.Equal(report.LeftOut, []string{"users"}) || report.Rows() < 720 {
			t.Errorf("report: %+v", report)
		}
		if _, err := dbcopy.Copy(t.Context(), target, back, dbcopy.Options{}); err != nil {
			t.Fatal(err)
		}
		sameContents(t, from, back)
		s := storetest.Open(t, target)
		if id, err := s.CreateExperiment(t.Context(), "next", "", nil); err != nil || id != 42 {
			t.Errorf("the next experiment is %d (%v), want 42", id, err)
		}
	})
}

// Wherever a copy is cut, the next call finishes it.
func TestCopyResumes(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, target string) {
		from, back := source(t), dbtest.NewFile(t)
		for _, calls := range []int{1, 2, 9, 17, 30, 40} {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := dbcopy.Copy(ctx, from, target, dbcopy.Options{BatchRows: 20, Progress: func(dbcopy.Progress) {
				if calls--; calls <= 0 {
					cancel()
				}
			}})
			cancel()
			if err == nil {
				break // The last bits can be done before the cut is noticed.
			}
			refusedByServers(t, target)
		}
		report, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{})
		if err != nil || !report.Resumed {
			t.Fatalf("the last call: %+v, %v", report, err)
		}
		if _, err := dbcopy.Copy(t.Context(), target, back, dbcopy.Options{}); err != nil {
			t.Fatal(err)
		}
		sameContents(t, from, back)
	})
}

// refusedByServers checks that no server works on what is not whole.
func refusedByServers(t *testing.T, uri string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URI: uri})
	if err == nil {
		t.Fatal("a server takes a copy that is not whole", s.Close())
	}
}

// cut copies a little and stops.
func cut(t *testing.T, from, target string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := dbcopy.Copy(ctx, from, target, dbcopy.Options{BatchRows: 10, Progress: func(p dbcopy.Progress) {
		if p.Table == "metrics" {
			cancel()
		}
	}})
	if err == nil {
		t.Fatal("the copy was not cut")
	}
}

// What is not the same in the end is found, and --restart mends it.
func TestCopyCompares(t *testing.T) {
	t.Parallel()
	changes := map[string]string{
		"runs":        `UPDATE runs SET start_time = 9007199254740992 WHERE run_uuid = 'r1' AND start_time = 9007199254740993`,
		"experiments": `UPDATE experiments SET name = 'seven u 🚀' WHERE experiment_id = 7`,
		"metrics":     `DELETE FROM metrics`,
	}
	dbtest.OnAll(t, func(t *testing.T, target string) {
		from := source(t)
		for table, change := range changes {
			cut(t, from, target)
			run(t, target, change)
			_, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{})
			if err == nil || !strings.Contains(err.Error(), "the table "+table) || !strings.Contains(err.Error(), "--restart") {
				t.Errorf("after a change in %s: %v", table, err)
			}
			refusedByServers(t, target)
			ctx, cancel := context.WithCancel(t.Context())
			_, err = dbcopy.Copy(ctx, from, target, dbcopy.Options{Restart: true, Progress: func(dbcopy.Progress) { cancel() }})
			cancel()
			if err == nil {
				t.Fatal("the copy was not cut")
			}
		}
		if _, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{}); err != nil {
			t.Error(err)
		}
	})
}

// A source in use is copied as it was at the start.
func TestCopyOfLiveSource(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, from string) {
		s := storetest.Open(t, from)
		target, back := dbtest.NewFile(t), 0
		_, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{BatchRows: 1, Progress: func(dbcopy.Progress) {
			back++
			if _, err := s.CreateExperiment(context.Background(), fmt.Sprint("late ", back), "", nil); err != nil {
				t.Error(err)
			}
		}})
		if err != nil || back == 0 {
			t.Fatal(back, err)
		}
		if got := contents(t, target)["experiments"]; len(got) != 1 {
			t.Errorf("experiments: %q", got)
		}
	})
}

func TestCopyRefuses(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, target string) {
		from, other := source(t), source(t)
		refuse := func(from, to, want string) {
			t.Helper()
			if _, err := dbcopy.Copy(t.Context(), from, to, dbcopy.Options{}); err == nil ||
				!strings.Contains(err.Error(), want) {
				t.Errorf("%v, want it to name %q", err, want)
			}
		}
		refuse(from, from, "name two databases")
		refuse(dbtest.NewFile(t), target, "there is no database")
		cut(t, from, target)
		refuse(other, target, "an unfinished copy of")
		refuse(target, dbtest.NewFile(t), "an unfinished copy")
		if _, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{}); err != nil {
			t.Fatal(err)
		}
		refuse(from, target, "it is not empty: its table assessments holds rows")
		run(t, other, `UPDATE alembic_version SET version_num = 'c3d9e7f1a2b4'`)
		refuse(other, target, "millrace db upgrade")
	})
}

// A value that the target cannot hold is named.
func TestCopyNamesBadValues(t *testing.T) {
	t.Parallel()
	dbtest.OnServers(t, func(t *testing.T, target string) {
		bad := []struct{ insert, undo, want string }{
			{
				`INSERT INTO params VALUES ('k', printf('%.8001c', 'x'), 'r1')`, `DELETE FROM params WHERE key = 'k'`,
				`the table params, row key="k", run_uuid="r1", the column value: the text has 8001 characters and the target's column takes 8000`,
			},
			{
				`INSERT INTO params VALUES ('k', CAST(x'61ff62' AS TEXT), 'r1')`, `DELETE FROM params WHERE key = 'k'`,
				`the table params, row key="k", run_uuid="r1", the column value: the text is not valid UTF-8`,
			},
			{
				`INSERT INTO runs (run_uuid, start_time) VALUES ('r9', 'yesterday')`, `DELETE FROM runs WHERE run_uuid = 'r9'`,
				`the table runs, row run_uuid="r9": the column start_time: "yesterday" is no whole number`,
			},
			{
				`INSERT INTO model_versions (name, version, workspace) VALUES ('m', 3000000000, 'default')`, `DELETE FROM model_versions`,
				`version=3000000000, the column version: the number 3000000000 is beyond the 32 bits`,
			},
			{
				`INSERT INTO latest_metrics (key, value, step, is_nan, run_uuid) VALUES ('k', 1, 1, 0, 'no')`, `DELETE FROM latest_metrics`,
				`A row refers to one that the source does not have`,
			},
		}
		if strings.HasPrefix(target, "postgres") {
			bad = append(bad, struct{ insert, undo, want string }{
				`INSERT INTO tags VALUES ('k', 'a' || char(0) || 'b', 'r1')`, `DELETE FROM tags`,
				`the table tags, row key="k", run_uuid="r1", the column value: PostgreSQL cannot hold the NUL character that the text has at byte 1`,
			})
		}
		from := source(t)
		for _, b := range bad {
			withoutForeignKeys(t, from, b.insert)
			_, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{Restart: true})
			if err == nil || !strings.Contains(err.Error(), b.want) {
				t.Errorf("%s: %v, want %q", b.insert, err, b.want)
			}
			withoutForeignKeys(t, from, b.undo)
		}
		if _, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{Restart: true}); err != nil {
			t.Error(err)
		}
	})
}

func withoutForeignKeys(t *testing.T, uri, statement string) {
	t.Helper()
	sqlDB, err := sql.Open("sqlite", strings.TrimPrefix(uri, "sqlite:///"))
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	if _, err := sqlDB.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestCopyDryRun(t *testing.T) {
	t.Parallel()
	from, target := source(t), dbtest.NewFile(t)
	report, err := dbcopy.Copy(t.Context(), from, target, dbcopy.Options{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(report.Tables, dbcopy.Table{Name: "metrics", Rows: 707}) ||
		!slices.Equal(report.LeftOut, []string{"users"}) {
		t.Errorf("%+v", report)
	}
	if _, err := os.Stat(strings.TrimPrefix(target, "sqlite:///")); err == nil {
		t.Error("a dry run makes the target")
	}
}
