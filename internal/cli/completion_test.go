package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Without a server, completion suggests nothing and returns soon.
func TestCompletionWithoutServer(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	start := time.Now()
	root := New()
	root.SetArgs([]string{"__completeNoDesc", "runs", "describe", "--tracking-uri", "http://127.0.0.1:1", "--run-id", ""})
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	if err := root.ExecuteContext(t.Context()); err != nil || !strings.HasPrefix(out.String(), ":4\n") {
		t.Errorf("%v: %s", err, &out)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the command returned after %s", took)
	}
}
