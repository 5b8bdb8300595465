package databricks_test

import (
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/databricks"
	"github.com/millrace-ml/millrace/mlflow"
)

const shown = "dbfs:/databricks/mlflow-tracking/"

func TestSpelling(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		"mlflow-artifacts:/1":                              shown + "1",
		"mlflow-artifacts:/1/abc/artifacts":                shown + "1/abc/artifacts",
		"mlflow-artifacts:/1/abc/artifacts/models/x":       shown + "1/abc/artifacts/models/x",
		"mlflow-artifacts:/1/models/m-1/artifacts":         shown + "1/logged_models/m-1/artifacts",
		"mlflow-artifacts:/own/place/abc/artifacts":        shown + "own/place/abc/artifacts",
		"mlflow-artifacts:/own/place/models/m-1/artifacts": shown + "own/place/models/m-1/artifacts",
		"mlflow-artifacts:/1/models":                       shown + "1/models",
		"mlflow-artifacts:/":                               "mlflow-artifacts:/",
		"mlflow-artifacts://host:5000/1/abc":               "mlflow-artifacts://host:5000/1/abc",
		"s3://bucket/1/abc/artifacts":                      "s3://bucket/1/abc/artifacts",
		"/data/1/abc/artifacts":                            "/data/1/abc/artifacts",
		"":                                                 "",
	} {
		if got := databricks.Shown(stored); got != want {
			t.Errorf("Shown(%q) = %q, want %q", stored, got, want)
		}
		if got := databricks.Stored(want); got != stored {
			t.Errorf("Stored(%q) = %q, want %q", want, got, stored)
		}
	}
	for _, other := range []string{shown, "dbfs:/databricks/mlflow-registry/1", "dbfs:/x", "models:/m/1"} {
		if got := databricks.Stored(other); got != other {
			t.Errorf("Stored(%q) = %q", other, got)
		}
	}
}

func TestFilesPath(t *testing.T) {
	t.Parallel()
	const root = "/WorkspaceInternal/Mlflow/Artifacts/"
	for raw, want := range map[string]string{
		root + "1/Runs/abc/artifacts/a b/c.txt":      "1/abc/artifacts/a b/c.txt",
		root + "1/Runs/abc/artifacts":                "1/abc/artifacts",
		root + "1/Runs/abc/artifacts/":               "1/abc/artifacts",
		root + "1/Runs/abc":                          "1/abc",
		root[1:] + "1/Runs/abc/artifacts":            "1/abc/artifacts",
		root + "1/LoggedModels/m-1/artifacts/data/x": "1/models/m-1/artifacts/data/x",
		root + "own/Runs/place/abc/artifacts/x":      "own/place/abc/artifacts/x",
		// paths outside of the artifact store
		root + "1/Runs": "", root + "1": "", root: "", "/": "", root + "1/Other/abc/x": "", "/Volumes/a/b/c": "", "/WorkspaceInternal/x": "",
		// invalid paths
		root + "1/Runs/../../2/abc": "!", root + "1/Runs//abc": "!", root + "1/Runs/a\\b": "!", "//" + root: "!", root + "%2e%2e/Runs/x": "!",
	} {
		got, ok, err := databricks.FilesPath(raw)
		if err != nil {
			got = "!"
		}
		if got != want || ok != (want != "" && want != "!") {
			t.Errorf("FilesPath(%q) = %q, %v, %v, want %q", raw, got, ok, err, want)
		}
	}
}

// TestOnePlace translates URIs and paths as a client does and checks that they refer to
// the file in the proxy.
func TestOnePlace(t *testing.T) {
	t.Parallel()
	for stored, asked := range map[string]string{
		"1/abc/artifacts":         "1/Runs/abc/artifacts",
		"1/models/m-1/artifacts":  "1/LoggedModels/m-1/artifacts",
		"own/place/abc/artifacts": "own/Runs/place/abc/artifacts",
	} {
		got, ok, err := databricks.FilesPath("/WorkspaceInternal/Mlflow/Artifacts/" + asked)
		if err != nil || !ok || databricks.Stored(databricks.Shown("mlflow-artifacts:/"+got)) != "mlflow-artifacts:/"+stored {
			t.Errorf("%s: %q, %v, %v", asked, got, ok, err)
		}
	}
}

func TestRespell(t *testing.T) {
	t.Parallel()
	answer := func() *mlflow.SearchRunsResponse {
		return &mlflow.SearchRunsResponse{Runs: []mlflow.Run{
			{Info: mlflow.RunInfo{RunName: "mlflow-artifacts:/1", ArtifactURI: "mlflow-artifacts:/1/abc/artifacts"}},
			{Info: mlflow.RunInfo{ArtifactURI: "s3://b/1"}, Data: mlflow.RunData{Tags: []mlflow.Tag{{Key: "k", Value: "mlflow-artifacts:/1"}}}},
		}}
	}
	for agent, want := range map[string]string{
		"unknown/0.0.0 databricks-sdk-py/0.156.0 python/3.11.7 os/linux auth/pat": shown + "1/abc/artifacts",
		"mlflow-python-client/3.17.2": "mlflow-artifacts:/1/abc/artifacts",
		"":                            "mlflow-artifacts:/1/abc/artifacts",
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		r.Header.Set("Authorization", "Bearer x") // both doors send one
		r.Header.Set("User-Agent", agent)
		got, expected := answer(), answer()
		expected.Runs[0].Info.ArtifactURI = want
		databricks.Respell(r, got)
		if !reflect.DeepEqual(got, expected) {
			t.Errorf("%q: %+v", agent, got)
		}
		model := &mlflow.LoggedModelResponse{Model: &mlflow.LoggedModel{Info: mlflow.LoggedModelInfo{ArtifactURI: "mlflow-artifacts:/1/models/m-1/artifacts"}}}
		databricks.Respell(r, model)
		if is, should := model.Model.Info.ArtifactURI, databricks.Shown("mlflow-artifacts:/1/models/m-1/artifacts"); (is == should) != databricks.IsDoor(r) {
			t.Errorf("%q: model at %q", agent, is)
		}
		databricks.Respell(r, &mlflow.LoggedModelResponse{}) // an empty message
		list := &mlflow.ListArtifactsResponse{RootURI: "mlflow-artifacts:/1/abc/artifacts", Files: []mlflow.FileInfo{{Path: "mlflow-artifacts:"}}}
		databricks.Respell(r, list)
		if list.RootURI != want || list.Files[0].Path != "mlflow-artifacts:" {
			t.Errorf("%q: %+v", agent, list)
		}
	}
}

func TestExperimentTags(t *testing.T) {
	t.Parallel()
	token := auth.UserOf("me@example.org")
	token.Token = "1"
	tags := databricks.ExperimentTags(auth.NewContext(t.Context(), token), "/Users/me/x")
	want := []mlflow.Tag{
		{Key: "mlflow.experiment.sourceName", Value: "/Users/me/x"},
		{Key: "mlflow.experimentType", Value: "MLFLOW_EXPERIMENT"},
		{Key: "mlflow.ownerEmail", Value: "me@example.org"},
		{Key: "mlflow.ownerId", Value: token.ID},
	}
	if !reflect.DeepEqual(tags, want) {
		t.Errorf("%v", tags)
	}
	if tags := databricks.ExperimentTags(auth.NewContext(t.Context(), auth.MachineUser()), "x"); tags != nil {
		t.Errorf("on an open server, by the front door: %v", tags)
	}
	// For such requests, the home folder of an experiment determines its owner.
	for name, owner := range map[string]string{
		"/Users/me@example.org/x": "me@example.org", "/Users/me@example.org/a/b": "me@example.org", "/Users/me@example.org": "",
		"/Users/me/x": "", "/Users/@example.org/x": "", "/Users/me@/x": "", "Users/me@example.org/x": "", "/Shared/me@example.org/x": "",
	} {
		tags := databricks.ExperimentTags(auth.NewContext(t.Context(), auth.MachineUser()), name)
		if (tags != nil) != (owner != "") || tags != nil && (tags[2].Value != owner || tags[3].Value != auth.UserOf(owner).ID) {
			t.Errorf("%s: %v, want owner %q", name, tags, owner)
		}
	}
	if tags := databricks.ExperimentTags(t.Context(), "x"); tags != nil {
		t.Errorf("of nobody: %v", tags)
	}
}
