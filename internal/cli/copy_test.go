package cli

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A copy that is killed several times is completed by the next one.
func TestCopyKilled(t *testing.T) {
	t.Parallel()
	const rows = 30_000
	from, to := filled(t, rows), "sqlite:///"+filepath.Join(t.TempDir(), "to.db")
	for range 3 {
		cmd := exec.CommandContext(context.Background(), "millrace", "db", "copy", from, to)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		_ = cmd.Process.Kill()
		if cmd.Wait() == nil {
			t.Log("the copy ended before it was killed")
			return
		}
	}
	var out, errors bytes.Buffer
	if code := Main([]string{"db", "copy", from, to}, &out, &errors); code != 0 {
		t.Fatal(errors.String())
	}
	if !strings.Contains(out.String(), "30,000 metrics") || !strings.Contains(out.String(), "All tables were compared and are identical") {
		t.Errorf("output: %s", out.String())
	}
	if code := Main([]string{"db", "copy", from, to}, &out, &errors); code != 1 || !strings.Contains(errors.String(), "it is not empty") {
		t.Errorf("a second copy: exit code %d, %s", code, errors.String())
	}
}
