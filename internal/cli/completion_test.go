package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	id := s.startedRun()
	s.run("models register m --source s3://b/k")
	s.run("models alias m champion 1")
	s.expect([][2]string{
		{"completion bash", `__start_millrace`},
		{"completion zsh", `#compdef millrace`},
		{"completion fish", `__millrace`},
		{"__complete experiments get -x ''", `^0\tDefault\n:36\n`},
		{"__complete experiments get -n ''", `^Default\t0\n:36\n`},
		{"__complete experiments delete --experiment-id ''", `^0\tDefault\n`},
		{"__complete runs describe --run-id ''", `^` + id + `\ttrained, 19`},
		{"__complete runs create --status ''", `^FINISHED\nFAILED\nKILLED\n:4\n`},
		{"__complete runs list --view ''", `^active_only\ndeleted_only\nall\n:4\n`},
		{"__complete artifacts list -r ''", `^` + id},
		{"__complete artifacts download -u ''", `^models:/m@champion\nmodels:/m/1\n:36\n`},
		{"__complete metrics history -r " + id + " --key ''", `^loss\nrows\n:36\n`},
		{"__complete models show ''", `^m\n:36\n`},
		{"__complete models stage m ''", `^:4\n`},
		{"__complete models download -m ''", `^models:/m@champion\n`},
	})
}

func TestCompletionWithoutServer(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	begun := time.Now()
	root := newRoot()
	root.SetArgs([]string{"__completeNoDesc", "runs", "describe", "--tracking-uri", "http://127.0.0.1:1", "--run-id", ""})
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	if err := root.ExecuteContext(t.Context()); err != nil || !strings.HasPrefix(out.String(), ":4\n") {
		t.Errorf("%v: %s", err, &out)
	}
	if took := time.Since(begun); took > completionTime+time.Second {
		t.Errorf("nothing came after %s", took)
	}
}
