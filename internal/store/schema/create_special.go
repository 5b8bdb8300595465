package schema

import (
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// mysqlTypes are the types of columns on MySQL that do not follow the general rules.
var mysqlTypes = map[string]string{
	"budget_policies.budget_amount":   "FLOAT",
	"endpoint_model_mappings.weight":  "FLOAT",
	"spans.content":                   "LONGTEXT",
	"datasets.dataset_schema":         "MEDIUMTEXT",
	"datasets.dataset_profile":        "MEDIUMTEXT",
	"experiment_tags.value":           "MEDIUMTEXT",
	"model_version_tags.value":        "TEXT",
	"logged_model_params.param_value": "TEXT",
	"logged_model_tags.tag_value":     "TEXT",
	"issues.metadata":                 "LONGTEXT",
	"skill_tags.value":                "MEDIUMTEXT",
	"skill_version_tags.value":        "MEDIUMTEXT",
}

// casedCollation is the collation of the columns for which MLflow specifies one on
// MySQL. The other columns have the collation of their table.
const casedCollation = "utf8mb4_bin"

func mysqlColumnType(table, name, kind, tail string) (newKind, newTail string) {
	switch special := mysqlTypes[table+"."+name]; {
	case special != "":
		kind = special
	case name == "id" && slices.Contains(numbered, table):
		kind = "BIGINT"
	case table == "jobs" && name == "job_name": // MLflow lost the NOT NULL when it renamed the column.
		tail = strings.TrimPrefix(tail, "NOT NULL")
	case kind == "FLOAT":
		kind = "DOUBLE"
	case kind == "BOOLEAN":
		tail = strings.ReplaceAll(tail, "DEFAULT '0'", "DEFAULT 0")
	}
	return kind, tail
}

// mysqlIndexes remain from foreign keys of earlier releases of MLflow.
var mysqlIndexes = []string{
	"CREATE INDEX name ON registered_model_tags (`name`)",
	"CREATE INDEX name ON model_version_tags (`name`, `version`)",
}

// costIndexes are partial covering indexes on PostgreSQL.
var costIndexes = []string{"idx_spans_cost_trace_time_cover", "idx_spans_cost_exp_time_cover"}

// createIndexFor translates a CREATE INDEX of a release's file for a database.
func createIndexFor(f db.Flavor, statement, name, _, columns string) string {
	switch {
	case f == db.PostgreSQL && slices.Contains(costIndexes, name):
		return statement + " INCLUDE (input_cost, output_cost, total_cost, model_name, model_provider)" +
			" WHERE input_cost IS NOT NULL OR output_cost IS NOT NULL OR total_cost IS NOT NULL"
	case f.IsMySQL() && name == "idx_span_cost_rollups_lookup": // The columns exceed the maximum length of a key.
		return strings.NewReplacer("model_name", "model_name(64)", "model_provider", "model_provider(64)").Replace(statement)
	case f != db.SQLite && strings.Contains(columns, "key"):
		words := strings.Split(columns, ", ")
		for i, w := range words {
			words[i] = QuoteColumn(f, w)
		}
		return strings.Replace(statement, "("+columns+")", "("+strings.Join(words, ", ")+")", 1)
	}
	return statement
}

// createTrigger returns the statements that create the trigger that protects the
// names of secrets. MLflow encrypts secrets with their names.
func createTrigger(f db.Flavor) []string {
	const changed = "OLD.secret_id != NEW.secret_id OR OLD.secret_name != NEW.secret_name"
	const message = "secret_id and secret_name are immutable (used as AAD in encryption)"
	const head = "CREATE TRIGGER prevent_secrets_aad_mutation BEFORE UPDATE ON secrets FOR EACH ROW "
	switch f {
	case db.PostgreSQL:
		return []string{
			"CREATE OR REPLACE FUNCTION prevent_secrets_aad_mutation() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN IF " +
				"" + changed +
				" THEN RAISE EXCEPTION '" + message + "'; END IF; RETURN NEW; END; $$",
			head + "EXECUTE FUNCTION prevent_secrets_aad_mutation()",
		}
	case db.MySQL, db.MariaDB:
		return []string{
			head + "BEGIN IF " + changed + " THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '" + message + "'; END IF; END",
		}
	default:
		return []string{head + "WHEN " + changed + " BEGIN SELECT RAISE(ABORT, '" + message + "'); END"}
	}
}
