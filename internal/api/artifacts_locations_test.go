package api_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestLocate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dest, root := filepath.Join(dir, "dest"), filepath.Join(dir, "a b", "root")
	a, err := api.NewArtifacts(dest, "file://"+strings.ReplaceAll(root, " ", "%20"))
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := a.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	earlier := filepath.Join(dir, "earlier")
	for _, location := range []string{"/0", "s3://bucket/0", "/etc/x", "file://other/x/0", "file://" + earlier + "/0"} {
		a.AddEarlierRoot(location)
	}
	for uri, want := range map[string]string{
		"mlflow-artifacts:/1/r/artifacts":  "P 1/r/artifacts",
		"mlflow-artifacts:/1/a%20b":        "P 1/a b",
		"mlflow-artifacts:/":               "P ",
		"mlflow-artifacts://host:5000/1/x": "P 1/x",
		"mlflow-artifacts:///1/x":          "P 1/x",
		dest + "/1/x":                      "P 1/x",
		"file://" + dest + "/1/x":          "P 1/x",
		root + "/1/x":                      "R 1/x",
		root:                               "R ",
		"file://" + strings.ReplaceAll(root, " ", "%20"): "R ",
		"mlflow-artifacts:/../x":                         "Invalid path",
		"mlflow-artifacts:/a/%2e%2e/%2e%2e/x":            "Invalid path",
		"mlflow-artifacts:/a%252e":                       "Invalid path",
		"mlflow-artifacts:////etc":                       "Invalid path",
		"mlflow-artifacts:etc":                           "Invalid path",
		"mlflow-artifacts:/a?x":                          "Invalid path",
		"mlflow-artifacts:/a#x":                          "Invalid path",
		dest + "/../secret":                              "Invalid path",
		root + "/x/../../secret":                         "Invalid path",
		dest + "2/x":                                     "out of this server's reach",
		dir:                                              "out of this server's reach",
		"/etc":                                           "out of this server's reach",
		"file:///etc/passwd":                             "out of this server's reach",
		"http://example.org/api/2.0/mlflow-artifacts/a":                   "out of this server's reach",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/1/a%20b":   "P 1/a b",
		"https://u:p@h:1/prefix/api/2.0/mlflow-artifacts/artifacts/1/x/":  "P 1/x",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts":           "P ",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/%2e%2e/x":  "Invalid path",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/a/../../x": "Invalid path",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/a?x":       "out of this server's reach",
		"http://example.org/?/api/2.0/mlflow-artifacts/artifacts/a":       "out of this server's reach",
		"file://" + dest + "/1/x?y=z#f":                                   "P 1/x",
		dest + "/1/x?y":                                                   "P 1/x?y",
		earlier + "/7/r/artifacts":                                        "E 7/r/artifacts",
		earlier + "/../secret":                                            "Invalid path",
		earlier + "2/x":                                                   "out of this server's reach",
		"https://example.org/x":                                           "out of this server's reach",
		"ftp://example.org/x":                                             "out of this server's reach",
		"wasbs://c@other.blob.core.windows.net/x":                         "sends its credentials only to the hosts",
		"hdfs://host/x":                                                   "'hdfs://host/x' are out of this server's reach",
		"ftp://u:secret@example.org/x":                                    "u:xxxxx@example.org",
		"dbfs:/databricks/mlflow-tracking/1":                              "out of this server's reach",
		"runs:/x/y":                                                       "out of this server's reach",
		"":                                                                "Not a folder",
		"file://example.org/" + strings.TrimPrefix(dest, "/"):             "another host",
	} {
		repo, path, err := a.Locate(uri)
		got := "R " + path
		switch {
		case err != nil:
			got = err.Error()
			if e := mlflow.AsError(err); e == nil || e.HTTPStatus() != 400 {
				t.Errorf("%q: %v is no 400", uri, err)
			}
		case repo == proxy:
			got = "P " + path
		case strings.HasPrefix(uri, earlier):
			got = "E " + path
		}
		if want != got && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("Locate(%q) = %q, want %q", uri, got, want)
		}
	}

	off, err := api.NewArtifacts("", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := off.Locate("http://h/api/2.0/mlflow-artifacts/artifacts/1"); err == nil || !strings.Contains(err.Error(), "out of this server's reach") {
		t.Errorf("the proxy's URL without a proxy: %v", err)
	}
	if _, _, err := off.Locate("mlflow-artifacts:/1"); mlflow.AsError(err) == nil || mlflow.AsError(err).Code != mlflow.NotImplemented {
		t.Errorf("without a proxy: %v", err)
	}
	if _, err := api.NewArtifacts("http://example.org", ""); err == nil || !strings.Contains(err.Error(), "not supported") {
		t.Errorf("a destination by http: %v", err)
	}
}

// TestLocationOutOfReach has an experiment with another artifact location. Its runs
// work, but the server does not open its files.
func TestLocationOutOfReach(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	for i, location := range []string{"http://127.0.0.1:1/x", "hdfs://host/x", "/etc", "file:///etc"} {
		id, err := s.Store.CreateExperiment(t.Context(), fmt.Sprint(i), location, nil)
		if err != nil {
			t.Fatal(err)
		}
		run, err := s.Store.CreateRun(t.Context(), id, &mlflow.CreateRunRequest{ExperimentID: fmt.Sprint(id)})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []fact{
			{Method: "GET", Path: "artifacts/list?run_id=" + run.Info.RunID},
			{Method: "GET", Path: "/get-artifact?path=passwd&run_id=" + run.Info.RunID},
			{Method: "POST", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=passwd&run_uuid=" + run.Info.RunID, Body: "x"},
		} {
			f.Name, f.Status, f.Has = location+" "+f.Path, 400, []string{"out of this server's reach"}
			s.Check(t, []fact{f})
		}
	}
}

// TestLocationsOfNewExperiments creates experiments whose locations the server cannot open.
func TestLocationsOfNewExperiments(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	refuse := func(name, location string, has ...string) {
		s.Check(t, []fact{
			{
				Name: location, Path: "experiments/create", Body: fmt.Sprintf(`{"name":%q,"artifact_location":%q}`, name, location),
				Status: 400, Has: append(has, "INVALID_PARAMETER_VALUE"),
			},
			{Name: location + " is not stored", Method: "GET", Path: "experiments/get-by-name?experiment_name=" + name, Status: 404},
		})
	}
	for _, scheme := range []string{"dbfs", "hdfs", "viewfs", "ftp", "sftp", "HDFS"} {
		lower := strings.ToLower(scheme)
		refuse(scheme, scheme+"://host/folder", "'"+lower+"' scheme", "copy the files to a folder or to a bucket",
			"MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES="+lower)
	}
	refuse("hostless", "r2://b/x", "out of this server's reach")
	refuse("cloudflare", "r2://b@other.r2.cloudflarestorage.com/x", "out of this server's reach")
	refuse("lake", "abfss://files@other.dfs.core.windows.net/x", "out of this server's reach")
	s.API.Artifacts.AllowHosts([]string{" HDFS", "abfsS"})
	for i, location := range []string{"hdfs://host/x", "abfss://files@other.dfs.core.windows.net/x", "s3://bucket/x"} {
		s.Check(t, []fact{{
			Name: location, Path: "experiments/create",
			Body: fmt.Sprintf(`{"name":"allowed %d","artifact_location":%q}`, i, location), Status: 200,
		}})
	}
	for _, uri := range []string{"hdfs://host/x", "sftp://host/x", "dbfs:/x"} {
		_, _, err := s.API.Artifacts.Locate(uri)
		if err == nil || !strings.Contains(err.Error(), "copy the files to a folder or to a bucket") {
			t.Errorf("use of %s: %v", uri, err)
		}
	}
}
