package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestModelsCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, _, stop := serve(t, "--backend-store-uri=sqlite:///"+filepath.Join(dir, "mlflow.db"), "--artifacts-destination="+filepath.Join(dir, "artifacts"))
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	run, err := mlflow.NewClient(url).CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0", RunName: "trained", StartTime: 1})
	if err != nil {
		t.Fatal(err)
	}
	try := func(args ...string) (string, error) {
		var out bytes.Buffer
		root := newRoot()
		root.SetArgs(append([]string{"models", "--tracking-uri", url}, args...))
		root.SetOut(&out)
		root.SetErr(&out)
		err := root.ExecuteContext(t.Context())
		return out.String(), err
	}
	for _, c := range []struct {
		args []string
		want string // a regular expression on the output
	}{
		{[]string{"list"}, `^There are no registered models\.\n$`},
		{[]string{"list", "--json"}, `^\[\]\n$`},
		{[]string{"register", "m", "--source", "runs:/" + run.Info.RunID + "/model", "--description", "d"}, `^Version 1 of m is registered\.\n$`},
		{[]string{"register", "m", "--source", "s3://b/k", "--run-id", run.Info.RunID, "--json"}, `"version": "2"`},
		{[]string{"stage", "m", "1", "production", "--comment", "good"}, `^Version 1 of m is in Production\.\n$`},
		{[]string{"stage", "m", "2", "Production", "--archive", "--comment", "better"}, `^Version 2 of m is in Production\.\n$`},
		{[]string{"alias", "m", "champion", "2", "--comment", "wins"}, `^m@champion is version 2\.\n$`},
		{[]string{"alias", "m", "old", "1"}, `version 1`},
		{[]string{"alias", "m", "old", "--delete"}, `^The alias old of m is removed\.\n$`},
		{[]string{"list"}, `NAME +LATEST +ALIASES +CHANGED\nm +1 \(Archived\), 2 \(Production\) +champion=2 +20\d\d-`},
		{[]string{"list", "--filter", "name = 'x'"}, `no registered models`},
		{[]string{"show", "m"}, `2 +Production +champion +trained +- +20`},
		{[]string{"show", "m"}, `version 1: stage +Production +Archived +\S+@\S+ +better\n`},
		{[]string{"show", "m"}, `version 2: alias champion +- +2 +\S+ +wins\n`},
		{[]string{"delete", "m", "1"}, `^Version 1 of m is deleted\.\n$`},
		{[]string{"delete", "m", "--json"}, `^\{\}\n$`},
	} {
		if out, err := try(c.args...); err != nil || !regexp.MustCompile(c.want).MatchString(out) {
			t.Errorf("%v: %v\n%s\nwant %s", c.args, err, out, c.want)
		}
	}

	if _, err := try("register", "j", "--source", "s3://b/k"); err != nil {
		t.Fatal(err)
	}
	var shown struct {
		mlflow.MonitorModelResponse
		Transitions []mlflow.RegistryChange `json:"transitions"`
	}
	out, err := try("show", "j", "--json")
	if err != nil || json.Unmarshal([]byte(out), &shown) != nil || len(shown.Versions) != 1 || len(shown.Transitions) != 1 || shown.RegisteredModel.Name != "j" {
		t.Errorf("%v: %s", err, out)
	}

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"show", "nope"}, "Registered Model with name=nope not found"},
		{[]string{"register", "new"}, "--source is needed"},
		{[]string{"register", "new", "--source", "/etc/passwd"}, "local path"},
		{[]string{"show", "new"}, "not found"},
		{[]string{"stage", "j", "1", "Bogus"}, "Invalid Model Version stage"},
		{[]string{"alias", "j", "x"}, "which version?"},
		{[]string{"alias", "j", "x", "1", "--delete"}, "no version and no comment"},
		{[]string{"delete", "j", "9"}, "not found"},
		{[]string{"list", "--tracking-uri", "sqlite:///x.db"}, "address of a server"},
	} {
		if out, err := try(c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s; output %s", c.args, err, c.want, out)
		}
	}
}
