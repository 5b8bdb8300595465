package schema

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// ownTable is a table, or an index of a table.
type ownTable struct{ index, table, statement string }

// ownTables are the tables and indexes that Millrace adds to those of MLflow, which
// ignores them. A database can therefore be used by both, one after the other.
// index is "" for a table. {id} stands for the type of a generated id, {long} for that of
// texts of more than 64 KiB, {desc} for
// the descending order of a column with NULLs, {key} for the column of that name, {prefix:c}
// for the first 40 characters of the column c, {prefix} for those of the column value, and
// {known:c} for the restriction to rows in which the column c is not NULL, if the database has
// such indexes.
var ownTables = []ownTable{
	// These indexes find the runs with a value. Values of params and tags can be longer than
	// what an index takes, so the indexes have their beginnings.
	{
		"millrace_params_by_value", "params",
		`CREATE INDEX millrace_params_by_value ON params ({key}, {prefix}, run_uuid)`,
	},
	{"millrace_tags_by_value", "tags", `CREATE INDEX millrace_tags_by_value ON tags ({key}, {prefix}, run_uuid)`},
	{
		"millrace_latest_metrics_by_value", "latest_metrics",
		`CREATE INDEX millrace_latest_metrics_by_value ON latest_metrics ({key}, is_nan, value, run_uuid)`,
	},
	{"millrace_runs_by_status", "runs", `CREATE INDEX millrace_runs_by_status ON runs (status, run_uuid)`},
	// This index returns the newest runs of an experiment without a sort.
	{"millrace_runs_newest", "runs", `CREATE INDEX millrace_runs_newest ON runs
		(experiment_id, lifecycle_stage, start_time {desc}, run_uuid)`},
	// These indexes find the traces with a value, and those with a span of a name.
	{
		"millrace_trace_tags_by_value", "trace_tags",
		`CREATE INDEX millrace_trace_tags_by_value ON trace_tags ({key}, {prefix}, request_id)`,
	},
	{
		"millrace_trace_metadata_by_value", "trace_request_metadata",
		`CREATE INDEX millrace_trace_metadata_by_value ON trace_request_metadata ({key}, {prefix}, request_id)`,
	},
	{
		"millrace_traces_by_name", "trace_info",
		`CREATE INDEX millrace_traces_by_name ON trace_info ({prefix:trace_name}, request_id)`,
	},
	{"millrace_spans_by_name", "spans", `CREATE INDEX millrace_spans_by_name ON spans ({prefix:name}, trace_id)`},
	// These indexes have what the charts of the overview read, and the first of them what many
	// searches compare.
	{"millrace_traces_overview", "trace_info", `CREATE INDEX millrace_traces_overview ON trace_info
		(experiment_id, timestamp_ms, status, execution_time_ms, input_tokens, output_tokens, total_tokens,
		cache_read_input_tokens, cache_creation_input_tokens, request_id)`},
	{"millrace_spans_by_cost", "spans", `CREATE INDEX millrace_spans_by_cost ON spans
		(experiment_id, start_time_unix_nano, model_name, total_cost){known:total_cost}`},
	// This index returns the records of a dataset in the order of their pages.
	{
		"millrace_records_by_time", "evaluation_dataset_records", `CREATE INDEX millrace_records_by_time
		ON evaluation_dataset_records (dataset_id, created_time, dataset_record_id)`,
	},
	{"", "millrace_tokens", `CREATE TABLE millrace_tokens (
		id VARCHAR(36) NOT NULL PRIMARY KEY,
		name VARCHAR(250) NOT NULL,
		user_email VARCHAR(255) NOT NULL,
		hash VARCHAR(64) NOT NULL UNIQUE,
		created_ms BIGINT NOT NULL,
		expires_ms BIGINT,
		revoked_ms BIGINT
	)`},
	// These are the traces that were deleted by themselves and may have files, which gc removes.
	{"", "millrace_deleted_traces", `CREATE TABLE millrace_deleted_traces (
		request_id VARCHAR(50) NOT NULL PRIMARY KEY,
		experiment_id INTEGER NOT NULL,
		experiment_location VARCHAR(500) NOT NULL,
		deleted_ms BIGINT NOT NULL
	)`},
	// This index finds the newest version of each stage.
	{"millrace_versions_by_stage", "model_versions", `CREATE INDEX millrace_versions_by_stage ON model_versions
		(workspace, name, current_stage, version)`},
	// This index finds the versions that were created from a run.
	{"millrace_versions_by_run", "model_versions", `CREATE INDEX millrace_versions_by_run ON model_versions (run_id)`},
	{"", "millrace_registry_log", `CREATE TABLE millrace_registry_log (
		id {id},
		model VARCHAR(256) NOT NULL,
		version VARCHAR(20),
		kind VARCHAR(10) NOT NULL,
		from_value VARCHAR(256) NOT NULL,
		to_value VARCHAR(256) NOT NULL,
		alias VARCHAR(256) NOT NULL,
		user_email VARCHAR(255) NOT NULL,
		comment TEXT NOT NULL,
		timestamp_ms BIGINT NOT NULL
	)`},
	{
		"millrace_registry_log_model", "millrace_registry_log",
		`CREATE INDEX millrace_registry_log_model ON millrace_registry_log (model, id)`,
	},
	// These are the versions whose files the server stores and deletes itself. location
	// is their model_versions.storage_location, which a renamed model keeps.
	{"", "millrace_version_files", `CREATE TABLE millrace_version_files (
		location VARCHAR(500) NOT NULL PRIMARY KEY,
		model_id VARCHAR(100) NOT NULL,
		run_server VARCHAR(100) NOT NULL,
		created_ms BIGINT NOT NULL
	)`},
	// This index finds the versions that share files.
	{
		"millrace_versions_by_location", "model_versions",
		`CREATE INDEX millrace_versions_by_location ON model_versions (storage_location)`,
	},
	// These settings are shared by all servers on a database, such as the key of
	// signed URLs.
	{"", "millrace_settings", `CREATE TABLE millrace_settings (
		name VARCHAR(64) NOT NULL PRIMARY KEY,
		value VARCHAR(1024) NOT NULL
	)`},
	// These are the events of webhooks that MLflow does not have. Its own are in webhook_events.
	{"", "millrace_webhook_events", `CREATE TABLE millrace_webhook_events (
		webhook_id VARCHAR(256) NOT NULL,
		entity VARCHAR(50) NOT NULL,
		action VARCHAR(50) NOT NULL,
		PRIMARY KEY (webhook_id, entity, action)
	)`},
	// due_ms is when the next request of a pending delivery is sent, and NULL for the others.
	{"", "millrace_webhook_deliveries", `CREATE TABLE millrace_webhook_deliveries (
		id {id},
		delivery_id VARCHAR(36) NOT NULL UNIQUE,
		webhook_id VARCHAR(256) NOT NULL,
		entity VARCHAR(50) NOT NULL,
		action VARCHAR(50) NOT NULL,
		body {long} NOT NULL,
		created_ms BIGINT NOT NULL,
		state VARCHAR(10) NOT NULL,
		due_ms BIGINT,
		attempts INTEGER NOT NULL,
		last_ms BIGINT,
		duration_ms BIGINT,
		response_status INTEGER,
		error_message VARCHAR(1000)
	)`},
	{"millrace_webhook_deliveries_due", "millrace_webhook_deliveries", `CREATE INDEX millrace_webhook_deliveries_due
		ON millrace_webhook_deliveries (due_ms, webhook_id)`},
	{"millrace_webhook_deliveries_of", "millrace_webhook_deliveries", `CREATE INDEX millrace_webhook_deliveries_of
		ON millrace_webhook_deliveries (webhook_id, id)`},
	{"millrace_webhook_deliveries_old", "millrace_webhook_deliveries", `CREATE INDEX millrace_webhook_deliveries_old
		ON millrace_webhook_deliveries (created_ms)`},
}

// OwnTables returns the names of the tables that Millrace adds to those of MLflow.
func OwnTables() (names []string) {
	for _, own := range ownTables {
		if own.index == "" {
			names = append(names, own.table)
		}
	}
	return names
}

// createOwnTables creates those of ownTables that do not exist.
func createOwnTables(ctx context.Context, c *db.Conn) error {
	missing, err := missingOwn(ctx, c, c.Flavor())
	if err != nil {
		return err
	}
	for _, own := range missing {
		if _, err := c.ExecContext(ctx, TranslateOwn(c.Flavor(), own.statement)); err != nil {
			return err
		}
	}
	return nil
}

// missingOwn returns those of ownTables that do not exist.
func missingOwn(ctx context.Context, q db.Querier, f db.Flavor) (missing []ownTable, err error) {
	tables, err := Tables(ctx, q, f)
	if err != nil {
		return nil, err
	}
	indexes, err := Indexes(ctx, q, f)
	if err != nil {
		return nil, err
	}
	for _, own := range ownTables {
		if own.index == "" && !tables[own.table] || own.index != "" && !indexes[own.index] {
			missing = append(missing, own)
		}
	}
	return missing, nil
}

// isOpened reports whether a server of Millrace has opened a database, so that it has the tables
// of Millrace.
func isOpened(have map[string]*Table) bool {
	return slices.ContainsFunc(OwnTables(), func(name string) bool { return have[name] != nil })
}

var (
	ofPrefix = regexp.MustCompile(`\{prefix:(\w+)\}`)
	ofKnown  = regexp.MustCompile(`\{known:(\w+)\}`)
)

// TranslateOwn translates a statement that creates a table or an index of Millrace.
func TranslateOwn(f db.Flavor, statement string) string {
	id, desc, tail := "INTEGER NOT NULL PRIMARY KEY", "DESC", ""
	key, prefix, known, long := "key", "substr($1, 1, 40)", " WHERE $1 IS NOT NULL", "TEXT"
	switch f {
	case db.PostgreSQL:
		// The searches sort NULLs last. PostgreSQL uses the index only if it has the
		// same order.
		id, desc = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "DESC NULLS LAST"
		prefix = "left($1, 40)"
	case db.MySQL, db.MariaDB:
		id = "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY"
		key, prefix, known, long = "`key`", "$1(40)", "", "LONGTEXT"
		if strings.HasPrefix(statement, "CREATE TABLE") {
			tail = " CHARACTER SET utf8mb4 COLLATE " + f.Collation()
		}
	}
	statement = strings.NewReplacer(
		"{id}", id, "{long}", long, "{desc}", desc, "{key}", key, "{prefix}", "{prefix:value}",
	).Replace(statement)
	return ofKnown.ReplaceAllString(ofPrefix.ReplaceAllString(statement, prefix), known) + tail
}
