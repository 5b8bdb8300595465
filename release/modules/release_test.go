package modules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var released = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// newRepository returns a git repository with one commit that has the files of this one.
func newRepository(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "millrace")
	if err := Stage(t.Context(), repository, dir); err != nil {
		t.Fatal(err)
	}
	runGit(t, dir, "init", "--quiet", "--initial-branch=main")
	for _, setting := range [][]string{
		{"user.name", "T"}, {"user.email", "t@example.org"}, {"commit.gpgsign", "false"}, {"tag.gpgsign", "false"},
	} {
		runGit(t, dir, "config", setting[0], setting[1])
	}
	commit(t, dir, "first")
	return dir
}

func runGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := Git(t.Context(), dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func commit(t *testing.T, dir, message string) {
	t.Helper()
	runGit(t, dir, "add", "--all")
	runGit(t, dir, "commit", "--quiet", "--message", message)
}

// TestRelease releases a version in a copy of the repository. The go command must get each module from the tags, with
// the content that the go.sum files name.
func TestRelease(t *testing.T) {
	t.Parallel()
	const version = "v0.99.2"
	repo := newRepository(t)
	tags, err := Release(t.Context(), repo, version, released)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(runGit(t, repo, "tag", "--list", "--points-at", "HEAD")); len(got) != len(tags) || len(got) == 0 {
		t.Errorf("tags %q, want %q", got, tags)
	}
	if changed := runGit(t, repo, "status", "--porcelain"); changed != "" {
		t.Errorf("the release leaves changes:\n%s", changed)
	}
	if got, err := Version(repo); err != nil || got != version {
		t.Errorf("go.work has version %s, %v", got, err)
	}
	chart, err := os.ReadFile(filepath.Join(repo, chartFile))
	if err != nil || !strings.Contains(string(chart), "\nversion: 0.99.2\nappVersion: v0.99.2\n") {
		t.Errorf("the chart has not version %s: %v\n%s", version, err, chart)
	}
	env, err := Env(t.Context(), filepath.Join(t.TempDir(), "no-proxy"), filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	env = append(env, "GONOPROXY="+Root+","+Root+"/*", "GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url."+repo+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+Root)
	list, err := List(repo)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...")
		cmd.Dir, cmd.Env = filepath.Join(repo, m.Folder), env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", m.Path, err, out)
		}
	}
}

func TestReleaseRefuses(t *testing.T) {
	t.Parallel()
	repo := newRepository(t)
	runGit(t, repo, "tag", "v0.5.0")
	runGit(t, repo, "tag", "mlflow/v0.6.0")
	for version, want := range map[string]string{
		"0.7.0":       "not a version",
		"v0.7":        "not a version",
		"v0.7.0+meta": "not a version",
		"v2.0.0":      "module paths",
		"v0.4.9":      "later than",
		"v0.5.0":      "exists",
		"v0.6.0":      "the tag mlflow/v0.6.0 exists",
	} {
		if _, err := Release(t.Context(), repo, version, released); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", version, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(repo, "new.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Release(t.Context(), repo, "v0.7.0", released); err == nil || !strings.Contains(err.Error(), "new.txt") {
		t.Errorf("a work tree with changes: %v", err)
	}
	if err := os.WriteFile(filepath.Join(repo, "CHANGELOG.md"), []byte("# Changes\n\n## Unreleased\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	commit(t, repo, "empty change log")
	if _, err := Release(t.Context(), repo, "v0.7.0", released); err == nil || !strings.Contains(err.Error(), "no entries") {
		t.Errorf("no changes: %v", err)
	}
	if changed := runGit(t, repo, "status", "--porcelain"); changed != "" {
		t.Errorf("a refused release changes files:\n%s", changed)
	}
}

func TestReleaseChanges(t *testing.T) {
	t.Parallel()
	const first = "# Changes\n\n## Unreleased\n\n### Added\n\n- a\n"
	once, err := releaseChanges([]byte(first), "v0.1.0", released)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# Changes\n\n## Unreleased\n\n## v0.1.0 - 2026-11-28\n\n### Added\n\n- a\n"; string(once) != want {
		t.Fatalf("got %q\nwant %q", once, want)
	}
	second := strings.Replace(string(once), "## Unreleased\n", "## Unreleased\n\n### Fixed\n\n- b\n", 1)
	twice, err := releaseChanges([]byte(second), "v0.1.1", released)
	if err != nil {
		t.Fatal(err)
	}
	want := "# Changes\n\n## Unreleased\n\n## v0.1.1 - 2026-11-28\n\n### Fixed\n\n- b\n" +
		"\n## v0.1.0 - 2026-11-28\n\n### Added\n\n- a\n"
	if string(twice) != want {
		t.Fatalf("got %q\nwant %q", twice, want)
	}
}
