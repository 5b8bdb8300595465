package cli

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/dbcopy"
)

// A copy that is killed again and again is finished by the call that is not.
func TestCopyKilled(t *testing.T) {
	t.Parallel()
	const rows = 30_000
	from, to := filled(t, rows), "sqlite:///"+filepath.Join(t.TempDir(), "to.db")
	for range 3 {
		cmd := exec.CommandContext(context.Background(), os.Args[0], "db", "copy", from, to)
		cmd.Env = append(os.Environ(), "MILLRACE_TEST_COMMAND=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		_ = cmd.Process.Kill()
		if cmd.Wait() == nil {
			t.Log("the copy was faster than the kill")
			return
		}
	}
	var out, errors bytes.Buffer
	if code := Main([]string{"db", "copy", from, to}, &out, &errors); code != 0 {
		t.Fatal(errors.String())
	}
	if !strings.Contains(out.String(), "30,000 metrics") || !strings.Contains(out.String(), "every table was compared and is the same") {
		t.Errorf("output: %s", out.String())
	}
	if code := Main([]string{"db", "copy", from, to}, &out, &errors); code != 1 || !strings.Contains(errors.String(), "it is not empty") {
		t.Errorf("a second copy: exit code %d, %s", code, errors.String())
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out)
	p.show(dbcopy.Progress{Table: "metrics", Done: 500_000, Total: 2_000_000})
	if out.Len() != 0 {
		t.Errorf("a copy of a moment says %q", out.String())
	}
	p.last, p.start = p.last.Add(-time.Minute), p.start.Add(-10*time.Second)
	p.show(dbcopy.Progress{Table: "metrics", Done: 1_000_000, Total: 2_000_000})
	if got := out.String(); got != "copying  50%  1,000,000 of 2,000,000 rows  50,000 a second, 20s left  metrics\n" &&
		got != "copying  50%  1,000,000 of 2,000,000 rows  49,999 a second, 20s left  metrics\n" {
		t.Errorf("%q", got)
	}
	p.terminal = true
	out.Reset()
	p.last = p.last.Add(-time.Minute)
	p.show(dbcopy.Progress{Verifying: true, Table: "metrics", Done: 1_000_000, Total: 2_000_000})
	p.end()
	if got := out.String(); got != "\r\x1b[K[############............] comparing  50%  1,000,000 of 2,000,000 rows  metrics\r\x1b[K" {
		t.Errorf("%q", got)
	}
}
