package search

import "regexp"

// The search of logged models has a grammar of its own: prefixes are exact,
// comparators may be in lower case, values need no quotes.
var modelGrammar = &grammar{
	table:    "lm",
	id:       "model_id",
	prefixes: map[string]entity{"attributes": entAttribute, "metrics": entMetric, "params": entParam, "tags": entTag},
	attrs: []attr{
		{name: "model_id", column: "model_id"},
		{name: "experiment_id", column: "experiment_id", kind: attrID},
		{name: "name", column: "name"},
		{name: "artifact_location", column: "artifact_location"},
		{name: "creation_timestamp_ms", aliases: []string{"creation_time", "creation_timestamp"}, column: "creation_timestamp_ms", kind: attrNumber},
		{name: "last_updated_timestamp_ms", aliases: []string{"last_updated_timestamp"}, column: "last_updated_timestamp_ms", kind: attrNumber},
		{name: "status", column: "status", kind: attrID},
		{name: "lifecycle_stage", column: "lifecycle_stage"},
		{name: "model_type", column: "model_type"},
		{name: "source_run_id", column: "source_run_id"},
		{name: "status_message", column: "status_message"},
	},
	keyed: map[entity]keyed{
		entParam: {table: "logged_model_params", owner: "model_id", key: "param_key", value: "param_value"},
		entTag:   {table: "logged_model_tags", owner: "model_id", key: "tag_key", value: "tag_value"},
	},
}

// Comparators of logged models in the order in which messages print them.
var (
	modelOpsNumber = []string{"<", "<=", ">", ">=", "=", "!="}
	modelOpsString = []string{"=", "!=", opLike, opILike, opIn, opNotIn}
)

var modelName = regexp.MustCompile(`^([a-z]+)\.(.+)`)
