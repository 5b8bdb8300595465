package search

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// registryRows are the registered models and versions that testdata/registry.tsv
// was recorded with.
const registryRows = `
INSERT INTO registered_models (name, last_updated_time) VALUES ('alpha', 3), ('Beta', 4), ('gamma 100%', 5), ('it''s', 1), ('prompt', 2);
INSERT INTO registered_model_tags (name, ` + "`key`" + `, value) VALUES ('alpha', 'team', 'x'), ('alpha', 'a', '1'), ('Beta', 'team', 'y'), ('it''s', 'team', ''), ('prompt', 'mlflow.prompt.is_prompt', 'true');
INSERT INTO model_versions (name, version, creation_time, last_updated_time, source, run_id) VALUES
	('alpha', 1, 1, 1, 's3://b/a', 'r1'), ('alpha', 2, 2, 2, 's3://B/A', ''), ('Beta', 1, 3, 3, 's3://b/k', 'r2'), ('prompt', 1, 4, 4, 'dummy-source', ''), ('gamma 100%', 1, 5, 5, 'dbfs:/x', 'r1');
INSERT INTO model_version_tags (name, version, ` + "`key`" + `, value) VALUES ('alpha', 1, 'q', '1'), ('alpha', 2, 'q', '2'), ('alpha', 2, 'x y', 'z'), ('prompt', 1, 'mlflow.prompt.is_prompt', 'true');
`

// registryOurs is where Millrace words a refusal in another way.
var registryOurs = map[string]string{
	"versions name = 5": "! Expected a quoted string value or a list of quoted string values for attributes. Got value 5",
}

func TestRegistryRecorded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/registry.tsv")
	if err != nil {
		t.Fatal(err)
	}
	db := openDB(t)
	if _, err := db.ExecContext(t.Context(), registryRows); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(strings.TrimRight(line, "\n"), "\t")
		entity, filter, want := parts[0], parts[1], parts[3]
		if ours, ok := registryOurs[entity+" "+filter]; ok {
			want = ours
		}
		var orderBy []string
		if err := json.Unmarshal([]byte(parts[2]), &orderBy); err != nil {
			t.Fatal(err)
		}
		asked++
		got := db.askRegistry(t, entity, filter, orderBy)
		if want == "500" {
			if !strings.HasPrefix(got, "! ") {
				t.Errorf("%s: %q, want an error", line, got)
			}
		} else if strings.TrimSpace(got) != want {
			t.Errorf("%s got %q", line, got)
		}
	}
	if asked < 100 {
		t.Errorf("only %d questions", asked)
	}
}

func (d testDB) askRegistry(t *testing.T, entity, filter string, orderBy []string) string {
	t.Helper()
	compile, table, alias, id := RegisteredModels, "registered_models", "rm", "name"
	if entity == "versions" {
		compile, table, alias, id = ModelVersions, "model_versions", "mv", "name || ' ' || mv.version"
	}
	q, err := compile(SQLite, filter, orderBy)
	if err != nil {
		if e := mlflow.AsError(err); e == nil || e.HTTPStatus() != 400 {
			t.Fatalf("not a 400: %v", err)
		}
		return "! " + mlflow.AsError(err).Message
	}
	query, args := selectSQL(q, table, alias, id)
	rows, err := d.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return "= " + strings.Join(names, ", ")
}
