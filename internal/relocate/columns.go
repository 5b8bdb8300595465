package relocate

// column is a column that contains locations of artifacts.
type column struct {
	table string
	// key are the columns of the primary key.
	key  []string
	name string
	// length is the largest number of characters, 0 for none.
	length int
	// where selects the rows with locations, "" all.
	where string
	// tag is whether the values are texts of users, which are locations only if they are absolute.
	tag bool
	// json is whether the location is the member "uri" of a JSON object.
	json bool
}

// uncopied are the tags that are paths on the machine of the user and no locations of artifacts.
const uncopied = "`key` NOT IN ('mlflow.source.name', 'mlflow.docker.image.uri', 'mlflow.databricks.notebookPath')"

// columns has all columns with locations. TestEveryColumn compares it with the schema.
var columns = []column{
	{table: "experiments", key: []string{"experiment_id"}, name: "artifact_location", length: 256},
	{table: "runs", key: []string{"run_uuid"}, name: "artifact_uri", length: 200},
	{table: "logged_models", key: []string{"model_id"}, name: "artifact_location", length: 1000},
	{table: "model_versions", key: []string{"workspace", "name", "version"}, name: "source", length: 500},
	{table: "model_versions", key: []string{"workspace", "name", "version"}, name: "storage_location", length: 500},
	{table: "millrace_version_files", key: []string{"location"}, name: "location", length: 500},
	{table: "millrace_deleted_traces", key: []string{"request_id"}, name: "experiment_location", length: 500},
	{table: "workspaces", key: []string{"name"}, name: "default_artifact_root"},
	{table: "workspaces", key: []string{"name"}, name: "trace_archival_location"},
	{table: "datasets", key: []string{"experiment_id", "name", "digest"}, name: "dataset_source", json: true},
	// Traces have their location in the tag mlflow.artifactLocation, archived ones in mlflow.trace.archiveLocation.
	{table: "trace_tags", key: []string{"request_id", "key"}, name: "value", length: 8000, tag: true},
	{table: "trace_request_metadata", key: []string{"request_id", "key"}, name: "value", length: 8000, tag: true},
	{table: "experiment_tags", key: []string{"experiment_id", "key"}, name: "value", length: 5000, tag: true},
	{table: "tags", key: []string{"run_uuid", "key"}, name: "value", length: 8000, tag: true, where: uncopied},
	{table: "logged_model_tags", key: []string{"model_id", "tag_key"}, name: "tag_value", tag: true},
	{table: "registered_model_tags", key: []string{"workspace", "name", "key"}, name: "value", length: 5000, tag: true},
	{
		table: "model_version_tags", key: []string{"workspace", "name", "version", "key"}, name: "value", tag: true,
	},
}
