package search

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver that the store uses
)

// tables are those that searches read, with only the columns they read and the
// column types and keys of MLflow's schema.
const tables = `
CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(250), user_id VARCHAR(256),
	status VARCHAR(9), start_time BIGINT, end_time BIGINT, artifact_uri VARCHAR(200));
CREATE TABLE latest_metrics (` + "`key`" + ` VARCHAR(250) NOT NULL, value FLOAT NOT NULL, is_nan BOOLEAN NOT NULL,
	run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (` + "`key`" + `, run_uuid));
CREATE TABLE params (` + "`key`" + ` VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL,
	run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (` + "`key`" + `, run_uuid));
CREATE TABLE tags (` + "`key`" + ` VARCHAR(250) NOT NULL, value VARCHAR(8000),
	run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (` + "`key`" + `, run_uuid));
CREATE INDEX millrace_params_by_value ON params (` + "`key`" + `, substr(value, 1, 40), run_uuid);
CREATE INDEX millrace_tags_by_value ON tags (` + "`key`" + `, substr(value, 1, 40), run_uuid);
CREATE TABLE trace_info (request_id VARCHAR(50) NOT NULL PRIMARY KEY, experiment_id INTEGER NOT NULL, timestamp_ms BIGINT NOT NULL,
	execution_time_ms BIGINT, status VARCHAR(50) NOT NULL, client_request_id VARCHAR(50), trace_name VARCHAR(4096),
	session_id VARCHAR(250), input_tokens BIGINT, output_tokens BIGINT, total_tokens BIGINT, cache_read_input_tokens BIGINT,
	cache_creation_input_tokens BIGINT, cache_creation_input_tokens_above_1hr BIGINT, input_cost FLOAT, output_cost FLOAT,
	total_cost FLOAT);
CREATE TABLE trace_tags (` + "`key`" + ` VARCHAR(250) NOT NULL, value VARCHAR(8000), request_id VARCHAR(50) NOT NULL);
CREATE TABLE trace_request_metadata (` + "`key`" + ` VARCHAR(250) NOT NULL, value VARCHAR(8000), request_id VARCHAR(50) NOT NULL);
CREATE INDEX millrace_trace_tags_by_value ON trace_tags (` + "`key`" + `, substr(value, 1, 40), request_id);
CREATE INDEX millrace_trace_metadata_by_value ON trace_request_metadata (` + "`key`" + `, substr(value, 1, 40), request_id);
CREATE TABLE spans (trace_id VARCHAR(50) NOT NULL, experiment_id INTEGER NOT NULL, span_id VARCHAR(50) NOT NULL, name TEXT,
	type VARCHAR(500), status VARCHAR(50) NOT NULL, start_time_unix_nano BIGINT NOT NULL, end_time_unix_nano BIGINT, content TEXT,
	input_cost FLOAT, output_cost FLOAT, total_cost FLOAT, model_name VARCHAR(500), model_provider VARCHAR(500));
CREATE TABLE assessments (assessment_id VARCHAR(50) NOT NULL, trace_id VARCHAR(50) NOT NULL, name VARCHAR(250) NOT NULL,
	assessment_type VARCHAR(20) NOT NULL, value TEXT NOT NULL, valid BOOLEAN NOT NULL, assessment_metadata TEXT,
	experiment_id INTEGER, trace_timestamp_ms BIGINT, aggregate_value FLOAT, is_numeric_value BOOLEAN);
CREATE TABLE entity_associations (source_type VARCHAR(36) NOT NULL, source_id VARCHAR(36) NOT NULL,
	destination_type VARCHAR(36) NOT NULL, destination_id VARCHAR(36) NOT NULL);
CREATE TABLE datasets (dataset_uuid VARCHAR(36) NOT NULL, name VARCHAR(500) NOT NULL, digest VARCHAR(36) NOT NULL);
CREATE TABLE inputs (input_uuid VARCHAR(36) NOT NULL, source_type VARCHAR(36) NOT NULL, source_id VARCHAR(36) NOT NULL,
	destination_type VARCHAR(36) NOT NULL, destination_id VARCHAR(36) NOT NULL);
CREATE TABLE input_tags (input_uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL, value VARCHAR(500) NOT NULL,
	PRIMARY KEY (input_uuid, name));
CREATE TABLE experiments (experiment_id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256) NOT NULL,
	creation_time BIGINT, last_update_time BIGINT);
CREATE TABLE experiment_tags (` + "`key`" + ` VARCHAR(250) NOT NULL, value TEXT, experiment_id INTEGER NOT NULL,
	PRIMARY KEY (` + "`key`" + `, experiment_id));
CREATE TABLE logged_models (model_id VARCHAR(36) NOT NULL PRIMARY KEY, experiment_id INTEGER NOT NULL,
	name VARCHAR(500) NOT NULL, artifact_location VARCHAR(1000) NOT NULL, creation_timestamp_ms BIGINT NOT NULL,
	last_updated_timestamp_ms BIGINT NOT NULL, status INTEGER NOT NULL, lifecycle_stage VARCHAR(32),
	model_type VARCHAR(500), source_run_id VARCHAR(32), status_message VARCHAR(1000));
CREATE TABLE logged_model_metrics (model_id VARCHAR(36) NOT NULL, metric_name VARCHAR(500) NOT NULL,
	metric_timestamp_ms BIGINT NOT NULL, metric_step BIGINT NOT NULL, metric_value FLOAT, run_id VARCHAR(32) NOT NULL,
	dataset_name VARCHAR(500), dataset_digest VARCHAR(36),
	PRIMARY KEY (model_id, metric_name, metric_timestamp_ms, metric_step, run_id));
CREATE TABLE logged_model_params (model_id VARCHAR(36) NOT NULL, param_key VARCHAR(255) NOT NULL,
	param_value TEXT NOT NULL, PRIMARY KEY (model_id, param_key));
CREATE TABLE logged_model_tags (model_id VARCHAR(36) NOT NULL, tag_key VARCHAR(255) NOT NULL,
	tag_value TEXT NOT NULL, PRIMARY KEY (model_id, tag_key));
CREATE TABLE evaluation_datasets (dataset_id VARCHAR(36) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, created_time BIGINT,
	last_update_time BIGINT, created_by VARCHAR(255), last_updated_by VARCHAR(255));
CREATE TABLE evaluation_dataset_tags (dataset_id VARCHAR(36) NOT NULL, ` + "`key`" + ` VARCHAR(255) NOT NULL, value VARCHAR(5000),
	PRIMARY KEY (dataset_id, ` + "`key`" + `));
CREATE TABLE registered_models (name VARCHAR(256) NOT NULL, last_updated_time BIGINT, workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
	PRIMARY KEY (workspace, name));
CREATE TABLE registered_model_tags (` + "`key`" + ` VARCHAR(250) NOT NULL, value VARCHAR(5000), name VARCHAR(256) NOT NULL,
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, PRIMARY KEY (workspace, ` + "`key`" + `, name));
CREATE TABLE model_versions (name VARCHAR(256) NOT NULL, version INTEGER NOT NULL, creation_time BIGINT, last_updated_time BIGINT,
	source VARCHAR(500), run_id VARCHAR(32), workspace VARCHAR(63) DEFAULT 'default' NOT NULL, PRIMARY KEY (workspace, name, version));
CREATE TABLE model_version_tags (` + "`key`" + ` VARCHAR(250) NOT NULL, value TEXT, name VARCHAR(256) NOT NULL, version INTEGER NOT NULL,
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, PRIMARY KEY (workspace, ` + "`key`" + `, name, version));
`

// testDB is a fresh database file.
type testDB struct {
	testing.TB
	*sql.DB
}

func openDB(t testing.TB) testDB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "search.db")+"?_pragma=case_sensitive_like(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d := testDB{t, db}
	d.exec(tables)
	return d
}

func (d testDB) exec(query string, args ...any) {
	d.Helper()
	if _, err := d.ExecContext(context.Background(), query, args...); err != nil {
		d.Fatal(err)
	}
}

// selectSQL is the statement that a store would make of q.
func selectSQL(q *Query, table, alias, id string) (string, []any) {
	var s strings.Builder
	s.WriteString("SELECT " + alias + "." + id + " FROM " + table + " " + alias)
	if q.Joins.SQL != "" {
		s.WriteString(" " + q.Joins.SQL)
	}
	if q.Where.SQL != "" {
		s.WriteString(" WHERE " + q.Where.SQL)
	}
	s.WriteString(" ORDER BY " + q.OrderBy.SQL)
	var args []any
	for _, f := range []Fragment{q.Joins, q.Where, q.OrderBy} {
		args = append(args, f.Args...)
	}
	return s.String(), args
}

// ids runs q and returns the ids of the rows that it finds.
func (d testDB) ids(q *Query, table, alias, id string) []string {
	d.Helper()
	query, args := selectSQL(q, table, alias, id)
	rows, err := d.QueryContext(context.Background(), query, args...)
	if err != nil {
		d.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			d.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		d.Fatalf("%v\n%s", err, query)
	}
	return ids
}
