package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestExperimentsCommand(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.expect([][2]string{
		{"experiments search --view deleted_only", `^There are no experiments\.\n$`},
		{"experiments search -v deleted_only --json", `^\[\]\n$`},
		{"experiments create -n first", `^Experiment 1 is created: first\.\n$`},
		{"experiments create --experiment-name second -l s3://bucket/x --json", `^\{\n  "experiment_id": "2"\n\}\n$`},
		{"experiments search", `^ID +NAME +STAGE +CREATED +ARTIFACTS\n(.*\n)*2 +second +active +20\d\d-\d\d-\d\d \d\d:\d\d +s3://bucket/x\n`},
		{"experiments search --max-results 1 --order-by 'name ASC'", `^ID.*\n0 +Default .*\n$`},
		{"experiments search --filter 'name LIKE \"fir%\"'", `first`},
		{"experiments search --view ALL --json", `"name": "first"`},
		{"experiments rename -x 1 --new-name other", `^Experiment 1 is now called other\.\n$`},
		{"experiments get -n other", `^ID +1\nNAME +other\nSTAGE +active\n(.*\n)*TAGS +-\n$`},
		{"experiments get -x 1 --json", `"name": "other"`},
		{"experiments get -x 1 --output json", `"name": "other"`},
		{"experiments rename -x 1 --new-name again --json", `^\{\}\n$`},
		{"experiments delete -x 1", `^Experiment 1 is deleted\.\n$`},
		{"experiments get -x 1", `STAGE +deleted\n`},
		{"experiments restore -x 1", `^Experiment 1 is restored\.\n$`},
		{"experiments delete -x 2 --json", `^\{\}\n$`},
		{"experiments restore -x 2 --json", `^\{\}\n$`},
	})
	s.refuse([][2]string{
		{"experiments create", "--experiment-name is needed"},
		{"experiments create -n ''", "--experiment-name is needed"},
		{"experiments create -n again", "already exists"},
		{"experiments get", "either --experiment-id or --experiment-name"},
		{"experiments get -x 1 -n again", "either --experiment-id or --experiment-name"},
		{"experiments get -n nope", "nope"},
		{"experiments get -x 1 --output xml", "choose one of table, json"},
		{"experiments search --view some", "choose one of active_only, deleted_only, all"},
		{"experiments search --max-results 0", "1 or more"},
		{"experiments delete", "--experiment-id is needed"},
		{"experiments delete -x 99", "99"},
		{"experiments rename -x 1", "--new-name is needed"},
		{"experiments csv -x 1 --json", "millrace runs search -x 1 --json"},
		{"experiments csv -x 99", "99"},
	})
}

func TestExperimentsCSV(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	id := s.startedRun()
	s.run("runs create -x 0 --run-name 'a, b' -t k=v")
	text := s.run("experiments csv -x 0")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.loss,metrics.rows,params.lr,tags.k,tags.mlflow.runName") {
		t.Fatal(text)
	}
	if !strings.Contains(lines[1], `,,,,v,"a, b",`) {
		t.Error(lines[1])
	}
	if !strings.HasPrefix(lines[2], id+",0,FINISHED,mlflow-artifacts:/0/"+id+"/artifacts,1970-01-01 00:00:00.001+00:00,1970-01-02 02:03:04.000+00:00,0.25,60000,0.1,,trained") {
		t.Error(lines[2])
	}
	name := filepath.Join(t.TempDir(), "runs.csv")
	s.expect([][2]string{{"experiments csv -x 0 -o " + name, `^The 2 runs of experiment 0 are in `}})
	if s.read(name) != text {
		t.Error(s.read(name))
	}
	s.refuse([][2]string{{"experiments csv -x 0 -o " + filepath.Join(t.TempDir(), "no", "x.csv"), "no such file"}})
}
