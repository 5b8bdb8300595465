package cli

import (
	"encoding/json"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestRunsCommand(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.expect([][2]string{
		{"runs list --experiment-id 0", `^There are no such runs\.\n$`},
		{"runs list --experiment-id 0 --json", `^\[\]\n$`},
	})
	id := s.startedRun()
	s.expect([][2]string{
		{"runs list --experiment-id 0", `^STARTED +NAME +ID +STATUS +DURATION +METRICS\n19\d\d-\d\d-\d\d \d\d:\d\d +trained +` + id + ` +FINISHED +1d2h +loss=0.25, rows=6e\+04\n$`},
		{"runs list -n Default -v all --json", `"run_id": "` + id + `"`},
		{"runs describe --run-id " + id, `^ID +` + id + `\nNAME +trained\n(.*\n)*STATUS +FINISHED\n(.*\n)*PARAM lr +0\.1\nMETRIC loss +0\.25 at step 2\nMETRIC rows +60000 at step 0\n`},
		{"runs describe --run-id " + id + " --json", `"key": "lr"`},
		{"runs delete --run-id " + id, `^Run ` + id + ` is deleted\.\n$`},
		{"runs list --experiment-id 0", `no such runs`},
		{"runs list --experiment-id 0 --view deleted_only", id},
		{"runs restore --run-id " + id, `^Run ` + id + ` is restored\.\n$`},
		{"runs delete --run-id " + id + " --json", `^\{\}\n$`},
		{"runs restore --run-id " + id + " --json", `^\{\}\n$`},
		{"runs create --experiment-name new --run-name one --status failed", `^Run \w{32} \(one\) is created in experiment 1: FAILED\.\n$`},
		{"runs search -x 0,1", `one(.*\n)*.*trained`},
		{"runs search -x 0,1 --max-results 1 --json", `^\[\n  \{\n    "info": \{[^}]*"run_name": "one"[^}]*\}`},
		{"runs search -n Default --filter 'metrics.loss < 0.3' --order-by 'metrics.loss DESC'", id},
		{"runs search -x 0 --filter 'metrics.loss > 0.3'", `no such runs`},
	})
	s.refuse([][2]string{
		{"runs list", "which experiment?"},
		{"runs list -x 0 -n Default", "which experiment?"},
		{"runs list -x 99", "99"},
		{"runs search", "which experiment?"},
		{"runs search -x 99", "99"},
		{"runs search -x 0 --filter nonsense", "INVALID_PARAMETER_VALUE"},
		{"runs search -x 0 --max-results -1", "1 or more"},
		{"runs describe", "--run-id is needed"},
		{"runs describe --run-id nope", "nope"},
		{"runs delete --run-id nope", "nope"},
		{"runs create", "which experiment?"},
		{"runs create -x 0 -n Default", "which experiment?"},
		{"runs create -x 0 --status running", "choose one of FINISHED, FAILED, KILLED"},
		{"runs create -x 0 --tags k", "key=value"},
		{"runs create -x 0 --tags k=1 --tags k=2", "given twice"},
		{"runs create -x 0 --parent-run-id nope", "nope"},
		{"runs list -x 0 --tracking-uri sqlite:///x.db", "address of a server"},
	})
}

func TestRunsCreate(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	parent := s.startedRun()
	var run mlflow.Run
	if err := json.Unmarshal([]byte(s.run("runs create --experiment-id 0 --run-name child -d 'a note' --tags 'k=a,b=c' -t l= --parent-run-id "+parent+" --json")), &run); err != nil {
		t.Fatal(err)
	}
	tags := map[string]string{}
	for _, tag := range run.Data.Tags {
		tags[tag.Key] = tag.Value
	}
	for key, want := range map[string]string{"k": "a,b=c", "l": "", "mlflow.parentRunId": parent, "mlflow.note.content": "a note", "mlflow.runName": "child"} {
		if got, ok := tags[key]; !ok || got != want {
			t.Errorf("tag %s is %q, want %q", key, got, want)
		}
	}
	if run.Info.Status != mlflow.RunFinished || run.Info.EndTime < run.Info.StartTime || run.Info.ExperimentID != "0" {
		t.Errorf("%+v", run.Info)
	}
}

func TestRunsEnvironment(t *testing.T) {
	s := newShell(t)
	id := s.startedRun()
	t.Setenv("MLFLOW_EXPERIMENT_NAME", "Default")
	s.expect([][2]string{{"runs list", id}, {"runs search", id}, {"runs create", "in experiment 0"}})
	t.Setenv("MLFLOW_TRACKING_URI", s.url)
	root := newRoot()
	out := &buffer{}
	root.SetArgs([]string{"runs", "list", "-x", "0"})
	root.SetOut(out)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestMetricsCommand(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	id := s.startedRun()
	s.expect([][2]string{
		{"metrics list --run-id " + id, `^KEY +VALUE +STEP +TIME\nloss +0\.25 +2 +19.*\nrows +60000 +0 +19.*\n$`},
		{"metrics list -r " + id + " --json", `"key": "loss",\n    "value": 0\.25`},
		{"metrics history --run-id " + id + " --key loss", `^STEP +TIME +VALUE\n1 +19\d\d-\d\d-\d\d \d\d:\d\d +0\.5\n2 .*0\.25\n$`},
		{"metrics history -r " + id + " -k loss --json", `"value": 0\.5,\n    "timestamp": 10,\n    "step": 1`},
		{"metrics history -r " + id + " -k nope", `^The run has no metric nope\.\n$`},
		{"metrics history -r " + id + " -k nope --json", `^\[\]\n$`},
		{"metrics log --run-id " + id + " --key loss --value -1.5 --step 3", `^loss=-1\.5 is logged at step 3\.\n$`},
		{"metrics log -r " + id + " -k loss --value NaN --step 4 --json", `^\{\}\n$`},
		{"metrics history -r " + id + " -k loss", `3 .*-1\.5\n4 .*NaN\n$`},
	})
	var run mlflow.Run
	if err := json.Unmarshal([]byte(s.run("runs create -x 0 --json")), &run); err != nil {
		t.Fatal(err)
	}
	s.expect([][2]string{
		{"metrics list -r " + run.Info.RunID, `^The run has no metrics\.\n$`},
		{"metrics list -r " + run.Info.RunID + " --json", `^\[\]\n$`},
	})
	s.refuse([][2]string{
		{"metrics list", "--run-id is needed"},
		{"metrics list -r nope", "nope"},
		{"metrics history -r " + id, "--key is needed"},
		{"metrics log -r " + id + " -k loss", "--value is needed"},
		{"metrics log -r " + id + " -k loss --value much", `"much"`},
		{"metrics log -r nope -k loss --value 1", "nope"},
	})
}
