package mlflow_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestLogin sets environment variables, so it is not parallel.
func TestLogin(t *testing.T) {
	var seen string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen = r.Header.Get("Authorization"); seen == "Bearer wrong" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "{}")
	}))
	defer srv.Close()
	userinfo := strings.Replace(srv.URL, "http://", "http://eve:pass@", 1)
	for _, test := range []struct {
		name string
		env  map[string]string
		file string
		text string
		want string
	}{
		{name: "none", env: map[string]string{"MLFLOW_TRACKING_URI": srv.URL}},
		{name: "token", env: map[string]string{"MLFLOW_TRACKING_URI": srv.URL, "MLFLOW_TRACKING_TOKEN": "abc"}, want: "Bearer abc"},
		{name: "in the URI", env: map[string]string{"MLFLOW_TRACKING_URI": userinfo}, want: "Basic ZXZlOnBhc3M="},
		{name: "password", env: map[string]string{"MLFLOW_TRACKING_URI": srv.URL, "MLFLOW_TRACKING_USERNAME": "eve", "MLFLOW_TRACKING_PASSWORD": "pass"}, want: "Basic ZXZlOnBhc3M="},
		{
			name: "credentials file", env: map[string]string{"MLFLOW_TRACKING_URI": srv.URL}, file: ".mlflow/credentials",
			text: "[mlflow]\nmlflow_tracking_username = eve\nmlflow_tracking_password = pass\n", want: "Basic ZXZlOnBhc3M=",
		},
		{
			name: "stored token", env: map[string]string{"MLFLOW_TRACKING_URI": srv.URL + "/"}, file: ".config/millrace/credentials.json",
			text: `{"tokens":{"` + srv.URL + `":"mlr_1","http://other":"mlr_2"}}`, want: "Bearer mlr_1",
		},
		{
			name: "stored token of another path", env: map[string]string{"MLFLOW_TRACKING_URI": srv.URL}, file: ".config/millrace/credentials.json",
			text: `{"tokens":{"` + srv.URL + `/ml":"mlr_1"}}`,
		},
		{
			name: "stored token and a variable", env: map[string]string{"MLFLOW_TRACKING_URI": srv.URL, "MLFLOW_TRACKING_TOKEN": "abc"},
			file: ".config/millrace/credentials.json", text: `{"tokens":{"` + srv.URL + `":"mlr_1"}}`, want: "Bearer abc",
		},
		{
			name: "stored token and a user", file: ".config/millrace/credentials.json", text: `{"tokens":{"` + srv.URL + `":"mlr_1"}}`,
			env:  map[string]string{"MLFLOW_TRACKING_URI": srv.URL, "MLFLOW_TRACKING_USERNAME": "eve", "MLFLOW_TRACKING_PASSWORD": "pass"},
			want: "Basic ZXZlOnBhc3M=",
		},
		{name: "Databricks", env: map[string]string{"DATABRICKS_HOST": srv.URL, "DATABRICKS_TOKEN": "dapi"}, want: "Bearer dapi"},
		{name: "Databricks file", file: ".databrickscfg", text: "# mine\n[DEFAULT]\nhost = " + srv.URL + "\ntoken = dapi2\n", want: "Bearer dapi2"},
		{
			name: "Databricks profile", env: map[string]string{"MLFLOW_TRACKING_URI": "databricks://work"}, file: ".databrickscfg",
			text: "[DEFAULT]\nhost = nowhere\ntoken = no\n[work]\nhost=" + srv.URL + "\ntoken=dapi3\n", want: "Bearer dapi3",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := cleanEnvironment(t)
			for k, v := range test.env {
				t.Setenv(k, v)
			}
			if test.file != "" {
				name := filepath.Join(home, test.file)
				must(t, os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(test.text), 0o600))
			}
			_, err := mlflow.Login(t.Context())
			must(t, err)
			if seen != test.want {
				t.Errorf("authorization %q, want %q", seen, test.want)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		cleanEnvironment(t)
		t.Setenv("MLFLOW_TRACKING_URI", srv.URL)
		t.Setenv("MLFLOW_TRACKING_TOKEN", "wrong")
		if _, err := mlflow.Login(t.Context()); !errors.Is(err, mlflow.Unauthenticated) || !strings.Contains(err.Error(), srv.URL) {
			t.Errorf("login: %v", err)
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		cleanEnvironment(t)
		if _, err := mlflow.Login(t.Context()); !errors.Is(err, mlflow.Unauthenticated) {
			t.Errorf("login: %v", err)
		}
	})
}

func cleanEnvironment(t *testing.T) (home string) {
	home = t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	for _, name := range []string{
		"MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD",
		"DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CONFIG_FILE", "DATABRICKS_CONFIG_PROFILE",
	} {
		t.Setenv(name, "")
	}
	return home
}

func TestConnectRefuses(t *testing.T) {
	cleanEnvironment(t)
	for _, uri := range []string{"", "sqlite:///mlflow.db", "./mlruns", "http://", "databricks-uc"} {
		if _, err := mlflow.Connect(uri); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("Connect(%q): %v", uri, err)
		}
	}
}

func TestSaveToken(t *testing.T) {
	home := cleanEnvironment(t)
	file := filepath.Join(home, ".config", "millrace", "credentials.json")
	for _, c := range []struct{ uri, token, want string }{
		{"https://ML.example/a/", "mlr_1", `{"https://ml.example/a":"mlr_1"}`},
		{"http://u:p@localhost:5000", "mlr_2", `{"http://localhost:5000":"mlr_2","https://ml.example/a":"mlr_1"}`},
		{"https://ml.example/a", "mlr_3", `{"http://localhost:5000":"mlr_2","https://ml.example/a":"mlr_3"}`},
		{"http://localhost:5000", "", `{"https://ml.example/a":"mlr_3"}`},
		{"http://nowhere", "", `{"https://ml.example/a":"mlr_3"}`},
	} {
		got, err := mlflow.SaveToken(c.uri, c.token)
		must(t, err)
		text, err := os.ReadFile(file)
		must(t, err)
		flat := strings.NewReplacer("\n", "", " ", "").Replace(string(text))
		if got != file || flat != `{"tokens":`+c.want+`}` {
			t.Errorf("%s: %s, %s", c.uri, got, flat)
		}
		info, err := os.Stat(file)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s", info.Mode())
		}
	}
	if list, err := os.ReadDir(filepath.Dir(file)); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	for _, uri := range []string{"", "databricks", "ftp://x", "http://"} {
		if _, err := mlflow.SaveToken(uri, "x"); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%q: %v", uri, err)
		}
	}
	must(t, os.WriteFile(file, []byte("{"), 0o600))
	if _, err := mlflow.Connect("http://localhost:5000"); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := mlflow.SaveToken("http://localhost:5000", "x"); err == nil {
		t.Error("a broken file was replaced")
	}
}
