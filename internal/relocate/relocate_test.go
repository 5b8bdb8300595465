package relocate_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact"
	_ "github.com/millrace-ml/millrace/internal/artifact/all"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/relocate"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/schema/schematest"
)

// withLocations adds the locations that fill.py does not write, and moves the traces of the dump into the bucket.
var withLocations = []string{
	"UPDATE trace_tags SET value = REPLACE(value, 'mlflow-artifacts:/', 's3://bucket/') " +
		"WHERE value LIKE 'mlflow-artifacts:/%'",
	"UPDATE experiments SET artifact_location = REPLACE(artifact_location, 'mlflow-artifacts:/', 's3://bucket/') " +
		"WHERE artifact_location LIKE 'mlflow-artifacts:/%'",
	"UPDATE workspaces SET default_artifact_root = 's3://bucket', trace_archival_location = 's3://bucket/archive'",
	"UPDATE datasets SET dataset_source = '{\"uri\": \"s3://bucket/data/a b.csv\", \"n\": 1}'",
	"INSERT INTO millrace_version_files (location, model_id, run_server, created_ms) " +
		"VALUES ('s3://bucket/model-versions/1', '', '', 1), ('s3://bucket/model-versions/2', '', '', 1)",
	"INSERT INTO millrace_deleted_traces (request_id, experiment_id, experiment_location, deleted_ms) " +
		"VALUES ('tr-1', 1, 's3://bucket/1', 1)",
	"UPDATE model_versions SET storage_location = 's3://bucket/model-versions/1' WHERE version = 1",
	"INSERT INTO registered_model_tags (workspace, name, {key}, value) " +
		"VALUES ('default', 'model', 'report', 's3://bucket/report.html')",
	"UPDATE model_version_tags SET value = 's3://bucket/v'",
	"UPDATE logged_model_tags SET tag_value = 's3://bucket/t'",
	"INSERT INTO trace_request_metadata (request_id, {key}, value) " +
		"SELECT MIN(request_id), 'where', 's3://bucket/m' FROM trace_info",
	"INSERT INTO tags (run_uuid, {key}, value) SELECT MIN(run_uuid), 'plot', 's3://bucket/plot.png' FROM runs",
	"INSERT INTO experiment_tags (experiment_id, {key}, value) " +
		"SELECT MIN(experiment_id), 'home', 's3://bucket' FROM experiments",
}

func loaded(t *testing.T, uri string) (*sql.DB, db.Flavor, *db.DB) {
	t.Helper()
	raw, f := schematest.Load(t, uri, "3.17.2", "3.18")
	d, err := schema.OpenExisting(t.Context(), uri, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	key := strings.NewReplacer("{key}", schema.QuoteColumn(f, "key"))
	for _, statement := range withLocations {
		if _, err := raw.ExecContext(t.Context(), key.Replace(statement)); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return raw, f, d
}

func apply(t *testing.T, d *db.DB, from, to string, folders ...string) *relocate.Report {
	t.Helper()
	m, err := relocate.NewMove(from, to, folders)
	if err != nil {
		t.Fatal(err)
	}
	planned, err := m.Check(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Apply(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if planned.Total() != r.Total() {
		t.Errorf("%d changes were planned, and %d were made", planned.Total(), r.Total())
	}
	return r
}

// TestThereAndBack moves all locations of a database that the Python client has filled. No column may be forgotten.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		raw, f, d := loaded(t, uri)
		before := schematest.All(t, raw, f)
		r := apply(t, d, "s3://bucket/", "file:///srv/new%20place")
		for _, line := range schematest.All(t, raw, f) {
			if strings.Contains(line, "s3://bucket") {
				t.Errorf("a location was forgotten: %s", line)
			}
		}
		if len(r.Changed) != 17 {
			t.Errorf("%d columns have locations: %v", len(r.Changed), r.Changed)
		}
		apply(t, d, "/srv/new place", "s3://bucket")
		if after := schematest.All(t, raw, f); !slices.Equal(before, after) {
			for _, line := range after {
				if !slices.Contains(before, line) {
					t.Errorf("changed: %s", line)
				}
			}
		}
	})
}

// notLocations are columns whose names suggest locations, and that contain none.
var notLocations = []string{
	"assessments.source_id", "assessments.source_type", "datasets.dataset_source_type", "entity_associations.source_id",
	"entity_associations.source_type", "evaluation_dataset_records.source", "evaluation_dataset_records.source_id",
	"evaluation_dataset_records.source_type", "inputs.source_id", "inputs.source_type", "issues.source_run_id",
	"logged_models.source_run_id", "runs.source_name", "runs.source_type", "runs.source_version",
	"budget_policies.target_value", "endpoint_bindings.resource_id", "endpoint_bindings.resource_type",
	"issues.root_causes",
	// These are addresses of other servers and repositories.
	"mcp_access_endpoints.url", "mcp_server_versions.source", "skill_versions.source", "skill_versions.source_type",
	"skill_versions.subpath", "webhooks.url",
}

// TestEveryColumn fails if a new release of MLflow, or a new table of Millrace, has a column that may contain locations.
func TestEveryColumn(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	raw, f, d := loaded(t, uri)
	changed := apply(t, d, "s3://bucket", "/elsewhere").Changed
	tables, err := schema.Inspect(t.Context(), raw, f)
	if err != nil {
		t.Fatal(err)
	}
	suspicious := regexp.MustCompile(`loc|uri|url|source|path|root|folder|dir|artifact|^value$|_value$`)
	numbers := regexp.MustCompile(`(?i)INT|FLOAT|DOUBLE|BOOL`)
	values := regexp.MustCompile(`^(metrics|latest_metrics|logged_model_metrics|trace_metrics|span_metrics)\.|` +
		// Parameters and assessments are records of what the user passed. Settings, tokens and the log of the registry
		// contain no locations, and neither do entries for other tools.
		`^(params|logged_model_params|assessments|endpoint_tags|evaluation_dataset_tags|mcp_server_tags|` +
		`mcp_server_version_tags|skill_tags|skill_version_tags|input_tags|millrace_settings|millrace_registry_log|` +
		`job_locks|secrets|guardrails|scorer_versions)\.`)
	for name, table := range tables {
		for _, c := range table.Columns {
			column := name + "." + c.Name
			if !suspicious.MatchString(c.Name) || numbers.MatchString(c.Definition) || values.MatchString(column) ||
				slices.Contains(notLocations, column) || changed[column] > 0 {
				continue
			}
			t.Errorf("%s (%s) may contain locations: change it in columns.go, or add it to notLocations", column, c.Definition)
		}
	}
}

// TestBorders has locations that are in the store, in any spelling, and others that only look so.
func TestBorders(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := artifact.FilePath(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, recorded, want string }{
		{"/a/b", "s3://b", "/a/b", "s3://b"},
		{"/a/b", "s3://b", "/a/b/", "s3://b"},
		{"/a/b/", "s3://b/", "/a/b/c", "s3://b/c"},
		{"/a/b", "s3://b", "/a/bc", "/a/bc"},
		{"/a/b", "s3://b", "/a", "/a"},
		{"/a/b", "s3://b", "/a/c/../b/d", "s3://b/d"},
		{"/a/b", "s3://b", "file:///a/b/c", "s3://b/c"},
		{"/a/b", "s3://b", "file:/a/b/c", "s3://b/c"},
		{"/a/b", "s3://b", "file://localhost/a/b/c", "s3://b/c"},
		{"/a/b", "s3://b", "file:///a/b/c%20d", "s3://b/c d"},
		{"/a/b", "s3://b", "/a/b/c%20d", "/a/b/c%20d -> s3://b/c%20d"},
		{"file:///a/b", "file:///x%20y", "/a/b/c d+ü", "file:///x%20y/c%20d%2B%C3%BC"},
		{"./mlruns", "s3://b", here + "/mlruns/0", "s3://b/0"},
		{here + "/mlruns", "s3://b", "./mlruns/0", "s3://b/0"},
		{here + "/mlruns", "s3://b", "mlruns/0", "s3://b/0"},
		{here, "s3://b", "dummy-source", "dummy-source"},
		{"s3://b/x", "/a", "s3://b/x/y", "/a/y"},
		{"s3://b/x", "/a", "s3://b/xy", "s3://b/xy"},
		{"s3://b", "/a", "s3://bc/x", "s3://bc/x"},
		{"s3://b", "/a", "gs://b/x", "gs://b/x"},
		{"s3://b", "/a", "runs:/b/x", "runs:/b/x"},
		{"s3://b", "/a", "models:/b/x", "models:/b/x"},
		{"s3://b", "/a", "mlflow-artifacts:/b/x", "mlflow-artifacts:/b/x"},
		{"s3://b", "./mlruns", "s3://b/0/1", "./mlruns/0/1"},
		{"wasbs://c@acc.blob.core.windows.net/p", "/a", "abfss://c@acc.dfs.core.windows.net/p/x%20y", "/a/x y"},
		{"wasbs://c@acc.blob.core.windows.net/p", "/a", "wasbs://d@acc.blob.core.windows.net/p/x", ""},
		{"/a", "abfss://c@acc.dfs.core.windows.net/p", "/a/x y", "abfss://c@acc.dfs.core.windows.net/p/x%20y"},
	} {
		want := test.want
		if _, after, found := strings.Cut(want, " -> "); found {
			want = after
		}
		if want == "" {
			want = test.recorded
		}
		m, err := relocate.NewMove(test.from, test.to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.New(test.recorded); got != want {
			t.Errorf("%s to %s: %s became %s, want %s", test.from, test.to, test.recorded, got, want)
		}
	}
}

// TestTooLong changes nothing if one location does not fit.
func TestTooLong(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		raw, f, d := loaded(t, uri)
		before := schematest.All(t, raw, f)
		m, err := relocate.NewMove("s3://bucket", "/"+strings.Repeat("x", 180), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Apply(t.Context(), d); err == nil || !strings.Contains(err.Error(), "runs.artifact_uri: ") {
			t.Errorf("got %v", err)
		}
		if !slices.Equal(before, schematest.All(t, raw, f)) {
			t.Error("the database was changed")
		}
	})
}

func TestExperiment(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	raw, f, d := loaded(t, uri)
	e, err := relocate.FindExperiment(t.Context(), d, "s3://bucket", "", "iris")
	if err != nil || e.Proxied || !slices.Equal(e.Folders, []string{"iris"}) {
		t.Fatalf("%+v, %v", e, err)
	}
	apply(t, d, "s3://bucket", "gs://other", e.Folders...)
	for _, line := range schematest.All(t, raw, f) {
		if strings.Contains(line, "s3://bucket/iris") || strings.Contains(line, "gs://other") &&
			!strings.Contains(line, "gs://other/iris") {
			t.Error(line)
		}
	}
	for _, test := range []struct{ store, id, name, want string }{
		{"s3://bucket", "", "nobody", "no such experiment"},
		{"s3://bucket", "x", "", "not a number"},
		{"s3://another", "", "gone", "which is not in"},
	} {
		_, err := relocate.FindExperiment(t.Context(), d, test.store, test.id, test.name)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// TestPages moves more runs than one page has.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		raw, f, d := loaded(t, uri)
		key := schema.QuoteColumn(f, "key")
		var values, tags []string
		for i := range 2500 {
			id := fmt.Sprintf("%032d", i)
			values = append(values, "('"+id+"', 1, 's3://bucket/n/"+id+"', 'active')")
			tags = append(tags, "('"+id+"', 'a', 's3://bucket/a'), ('"+id+"', 'b', 's3://bucket/b')")
		}
		for _, statement := range []string{
			"INSERT INTO runs (run_uuid, experiment_id, artifact_uri, lifecycle_stage) VALUES " + strings.Join(values, ", "),
			"INSERT INTO tags (run_uuid, " + key + ", value) VALUES " + strings.Join(tags, ", "),
		} {
			if _, err := raw.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		r := apply(t, d, "s3://bucket", "/new")
		if n := r.Changed["runs.artifact_uri"]; n != 2503 {
			t.Errorf("%d locations of runs were changed", n)
		}
		if n := r.Changed["tags.value"]; n != 5001 {
			t.Errorf("%d tags were changed", n)
		}
	})
}
