package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestModelsCommand(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	id := s.startedRun()
	s.expect([][2]string{
		{"models list", `^There are no registered models\.\n$`},
		{"models list --json", `^\[\]\n$`},
		{"models register m --source runs:/" + id + "/model --description d", `^Version 1 of m is registered\.\n$`},
		{"models register m --source s3://b/k --run-id " + id + " --json", `"version": "2"`},
		{"models stage m 1 production --comment good", `^Version 1 of m is in Production\.\n$`},
		{"models stage m 2 Production --archive --comment better", `^Version 2 of m is in Production\.\n$`},
		{"models alias m champion 2 --comment wins", `^m@champion is version 2\.\n$`},
		{"models alias m old 1", `version 1`},
		{"models alias m old --delete", `^The alias old of m is removed\.\n$`},
		{"models list", `NAME +LATEST +ALIASES +CHANGED\nm +1 \(Archived\), 2 \(Production\) +champion=2 +20\d\d-`},
		{"models list --filter 'name = \"x\"'", `no registered models`},
		{"models show m", `2 +Production +champion +trained +loss=0\.25, rows=6e\+04 +20`},
		{"models show m", `version 1: stage +Production +Archived +\S+@\S+ +better\n`},
		{"models show m", `version 2: alias champion +- +2 +\S+ +wins\n`},
		{"models delete m 1", `^Version 1 of m is deleted\.\n$`},
		{"models delete m --json", `^\{\}\n$`},
		{"models register j --source s3://b/k", `registered`},
	})
	var shown struct {
		mlflow.MonitorModelResponse
		Transitions []mlflow.RegistryChange `json:"transitions"`
	}
	out := s.run("models show j --json")
	if json.Unmarshal([]byte(out), &shown) != nil || len(shown.Versions) != 1 || len(shown.Transitions) != 1 || shown.RegisteredModel.Name != "j" {
		t.Error(out)
	}
	s.refuse([][2]string{
		{"models show nope", "Registered Model with name=nope not found"},
		{"models register new", "--source is needed"},
		{"models register new --source /etc/passwd", "local path"},
		{"models show new", "not found"},
		{"models stage j 1 Bogus", "Invalid Model Version stage"},
		{"models alias j x", "which version?"},
		{"models alias j x 1 --delete", "no version and no comment"},
		{"models delete j 9", "not found"},
		{"models list --tracking-uri sqlite:///x.db", "address of a server"},
	})
}

func TestModelsFiles(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	id, dir := s.startedRun(), t.TempDir()
	const files = "../../models/testdata/mlflow_onnx"
	s.run("artifacts log-artifacts -l " + files + " -r " + id + " -a model")
	s.run("models register m --source runs:/" + id + "/model")
	s.run("models alias m champion 1")
	if out := s.run("models download -m models:/m@champion --dst-path " + dir); out != dir+"\n" || s.read(filepath.Join(dir, "MLmodel")) != s.read(files+"/MLmodel") {
		t.Error(out)
	}
	if out := s.run("artifacts download -u models:/m/1/model.onnx -d " + dir); out != filepath.Join(dir, "model.onnx")+"\n" {
		t.Error(out)
	}
	local := strings.TrimSpace(s.run("models download --model-uri models:/m/latest"))
	t.Cleanup(func() { _ = os.RemoveAll(local) })
	row := strings.TrimSuffix(strings.Repeat("0,", 30), ",")
	input, output := s.write(filepath.Join(dir, "in.json"), `{"inputs": [[`+row+`]]}`), filepath.Join(dir, "out.json")
	bad := s.write(filepath.Join(dir, "bad.json"), `{"inputs": [[1]]}`)
	s.expect([][2]string{
		{"models download -m runs:/" + id + "/model -d " + filepath.Join(dir, "again") + " --json", `^\{\n  "path": "\S+/again"\n\}\n$`},
		{"models predict -m models:/m@champion -i " + input, `^\{"predictions":.*\[\[-?\d+\.\d+\]\].*\}\n$`},
		{"models predict -m " + files + " --input-path " + input, `^\{"predictions":`},
		{"models predict -m models:/m/1 -i " + input + " -o " + output, `^The predictions are in \S+out\.json\.\n$`},
	})
	if !strings.HasPrefix(s.read(output), `{"predictions":`) {
		t.Error(s.read(output))
	}
	s.refuse([][2]string{
		{"models download", "--model-uri is needed"},
		{"models download -m models:/nope/1", "not found"},
		{"models predict -i " + input, "--model-uri is needed"},
		{"models predict -m models:/m/1 -i " + input + ".not", "no such file"},
		{"models predict -m models:/m/1 -i " + bad, "shape"},
		{"models predict -m models:/m/1 -t xml", "choose one of json, csv"},
		{"models predict -m runs:/" + id + "/model/model.onnx -i " + input, "MLmodel"},
	})
}
