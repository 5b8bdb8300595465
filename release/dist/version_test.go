package dist

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]Version{
		"v1.2.3":                  {"v1.2.3", "1.2.3", "1.2.3"},
		"v0.1.0-rc.2":             {"v0.1.0-rc.2", "0.1.0-rc.2", "0.1.0rc2"},
		"v1.0.0-alpha":            {"v1.0.0-alpha", "1.0.0-alpha", "1.0.0a0"},
		"v1.0.0-beta.10":          {"v1.0.0-beta.10", "1.0.0-beta.10", "1.0.0b10"},
		"v0.0.0-dev+0123abcd":     {"v0.0.0-dev+0123abcd", "0.0.0-dev+0123abcd", "0.0.0.dev0+0123abcd"},
		"v1.2.4-dev.5+01ab.dirty": {"v1.2.4-dev.5+01ab.dirty", "1.2.4-dev.5+01ab.dirty", "1.2.4.dev5+01ab.dirty"},
		"v1.2.3+Fedora-42":        {"v1.2.3+Fedora-42", "1.2.3+Fedora-42", "1.2.3+fedora.42"},
	} {
		got, err := ParseVersion(text)
		if err != nil || got != want {
			t.Errorf("ParseVersion(%q) is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "1.2.3", "v1.2", "v1", "latest", "v1.2.3-", "v1.2.3-preview.1", "v1.2.3-rc.1.2", "v1.2.3-rc1", "v1.2.3-rc.01",
		"v1.2.3\n", "v1.2.3 ", "../v1.2.3", "v01.2.3",
	} {
		if got, err := ParseVersion(text); err == nil {
			t.Errorf("ParseVersion(%q) is %v, want an error", text, got)
		}
	}
}

// newRepo returns a repository with one commit, and a function that runs git in it.
func newRepo(t *testing.T) (string, func(args ...string)) {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=test", "-c", "user.email=t@example.org"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z", "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	run("init", "--quiet")
	run("commit", "--quiet", "--allow-empty", "-m", "first")
	return dir, run
}

func TestReadSource(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	dir, git := newRepo(t)
	check := func(pattern string) {
		t.Helper()
		s, err := readSource(t.Context(), dir, "")
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := filepath.Match(pattern, s.Version.Tag); err != nil || !ok {
			t.Errorf("the version is %s, want %s", s.Version.Tag, pattern)
		}
		if got := s.Time.Format("2006-01-02T15:04:05Z"); got != "2026-01-02T03:04:05Z" {
			t.Errorf("the time is %s", got)
		}
	}
	const commit = "+????????????"
	check("v0.0.0-dev" + commit)
	git("tag", "-a", "-m", "x", "v1.9.0")
	git("tag", "-a", "-m", "x", "mlflow/v7.0.0")
	check("v1.9.0")
	git("commit", "--quiet", "--allow-empty", "-m", "second")
	check("v1.9.1-dev.1" + commit)
	git("tag", "v1.10.0-rc.1")
	check("v1.10.0-rc.1")
	git("commit", "--quiet", "--allow-empty", "-m", "third")
	check("v1.10.0-dev.1" + commit)
	git("tag", "v1.10.0")
	check("v1.10.0")
	if err := os.WriteFile(filepath.Join(dir, "new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check("v1.10.1-dev.0" + commit + ".dirty")
	if _, err := readSource(t.Context(), dir, "v1.10.0"); err == nil || !strings.Contains(err.Error(), "without changes") {
		t.Errorf("a release of a changed work tree: %v", err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if _, err := readSource(t.Context(), dir, ""); err == nil {
		t.Error("a wrong SOURCE_DATE_EPOCH is accepted")
	}
}
