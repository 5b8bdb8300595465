package dist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// testPlatforms has each operating system and each architecture once or twice, because compiling the runtime of Go for
// a platform takes seconds.
var testPlatforms = []Platform{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}, {"windows", "amd64"}}

// programs builds a small program for the platforms of the tests.
func programs(t *testing.T) map[Platform]string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module probe\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	paths := map[Platform]string{}
	for _, p := range testPlatforms {
		paths[p] = filepath.Join(dir, p.File(), p.Program())
		cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", paths[p], ".")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Arch)
		if _, err := output(cmd); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// newRelease returns a release of programs, with small files beside them.
func newRelease(t *testing.T, programs map[Platform]string) *release {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "")
	v, err := ParseVersion("v1.2.3-rc.1")
	if err != nil {
		t.Fatal(err)
	}
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	stage := t.TempDir()
	r := &release{
		Options: Options{Repo: repo, Platforms: testPlatforms, Log: t.Output()},
		source:  source{Version: v, Time: time.Date(2026, 11, 28, 10, 30, 2, 0, time.UTC)},
		stage:   stage, out: filepath.Join(stage, "out"), programs: programs,
	}
	if err := os.Mkdir(r.out, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LICENSE", "README.md", noticesFile} {
		path := filepath.Join(stage, "texts", name)
		write(t, path, "# "+name+"\n")
		r.extras.texts = append(r.extras.texts, file{name, path, 0o644})
	}
	for _, s := range shells {
		write(t, filepath.Join(stage, "completions", s.file), s.name)
	}
	write(t, filepath.Join(stage, "man", "millrace.1"), ".TH MILLRACE 1\n")
	if r.extras.completions, err = filesBelow(filepath.Join(stage, "completions"), "completions"); err != nil {
		t.Fatal(err)
	}
	if r.extras.man, err = filesBelow(filepath.Join(stage, "man"), "man/man1"); err != nil {
		t.Fatal(err)
	}
	return r
}

func writeAll(t *testing.T, r *release) {
	t.Helper()
	if err := errors.Join(r.writeFiles(t.Context()), r.writeManifests(t.Context()), r.writeSums(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// read returns the files of a release by name.
func read(t *testing.T, r *release) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(r.out)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

// TestSameBytes writes a release twice: later, elsewhere, and from files with other times and modes.
func TestSameBytes(t *testing.T) {
	built := programs(t)
	first, second := newRelease(t, built), newRelease(t, built)
	writeAll(t, first)
	err := filepath.WalkDir(second.stage, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return errors.Join(os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)), os.Chmod(path, 0o640))
	})
	if err != nil {
		t.Fatal(err)
	}
	writeAll(t, second)
	a, b := read(t, first), read(t, second)
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s differs between two builds", name)
		}
	}
	if len(a) != len(b) {
		t.Errorf("the builds have %d and %d files", len(a), len(b))
	}
}

func TestRelease(t *testing.T) {
	r := newRelease(t, programs(t))
	writeAll(t, r)
	files := read(t, r)
	want := []string{
		"SHA256SUMS", "millrace.json", "millrace.rb",
		"millrace-1.2.3-rc.1-1.aarch64.rpm", "millrace-1.2.3-rc.1-1.x86_64.rpm",
		"millrace-1.2.3rc1-py3-none-macosx_12_0_arm64.whl",
		"millrace-1.2.3rc1-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
		"millrace-1.2.3rc1-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
		"millrace-1.2.3rc1-py3-none-win_amd64.whl",
		"millrace_1.2.3-rc.1_amd64.deb", "millrace_1.2.3-rc.1_arm64.deb",
		"millrace_1.2.3-rc.1_darwin_arm64.cdx.json", "millrace_1.2.3-rc.1_darwin_arm64.tar.gz",
		"millrace_1.2.3-rc.1_image.tar",
		"millrace_1.2.3-rc.1_linux_amd64.cdx.json", "millrace_1.2.3-rc.1_linux_amd64.tar.gz",
		"millrace_1.2.3-rc.1_linux_arm64.cdx.json", "millrace_1.2.3-rc.1_linux_arm64.tar.gz",
		"millrace_1.2.3-rc.1_windows_amd64.cdx.json", "millrace_1.2.3-rc.1_windows_amd64.zip",
	}
	slices.Sort(want)
	var got []string
	for name := range files {
		got = append(got, name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("the release has the files\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	t.Run("sums", func(t *testing.T) { checkSums(t, files) })
	t.Run("archives", func(t *testing.T) { checkArchives(t, r) })
	t.Run("formula", func(t *testing.T) { checkFormula(t, files) })
	t.Run("Scoop", func(t *testing.T) { checkScoop(t, files) })
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func checkSums(t *testing.T, files map[string]string) {
	lines := strings.Split(strings.TrimSuffix(files[sumsFile], "\n"), "\n")
	if len(lines) != len(files)-1 {
		t.Errorf("%s has %d lines for %d files", sumsFile, len(lines), len(files)-1)
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		if text, ok := files[name]; !ok || sum != hexSum(text) {
			t.Errorf("%s has a wrong line: %s", sumsFile, line)
		}
	}
}

func checkFormula(t *testing.T, files map[string]string) {
	text := files["millrace.rb"]
	for _, name := range []string{
		"millrace_1.2.3-rc.1_linux_amd64.tar.gz", "millrace_1.2.3-rc.1_linux_arm64.tar.gz", "millrace_1.2.3-rc.1_darwin_arm64.tar.gz",
	} {
		lines := `url "https://github.com/millrace-ml/millrace/releases/download/v1.2.3-rc.1/` + name + `"
      sha256 "` + hexSum(files[name]) + `"`
		if !strings.Contains(text, lines) {
			t.Errorf("the formula has no lines\n%s\nin\n%s", lines, text)
		}
	}
	if blocks, ends := strings.Count(text, " do\n")+strings.Count(text, "def ")+1, strings.Count(text, "end\n"); blocks != ends {
		t.Errorf("the formula has %d blocks and %d ends:\n%s", blocks, ends, text)
	}
}

func checkScoop(t *testing.T, files map[string]string) {
	var manifest struct {
		Version      string
		Architecture map[string]struct{ URL, Hash string }
	}
	if err := json.Unmarshal([]byte(files["millrace.json"]), &manifest); err != nil {
		t.Fatal(err)
	}
	got := manifest.Architecture["64bit"]
	const name = "millrace_1.2.3-rc.1_windows_amd64.zip"
	if manifest.Version != "1.2.3-rc.1" || got.URL != downloads+"v1.2.3-rc.1/"+name || got.Hash != hexSum(files[name]) {
		t.Errorf("the manifest is %+v", manifest)
	}
	if len(manifest.Architecture) != 1 {
		t.Errorf("the manifest has platforms that the release has not: %+v", manifest)
	}
}
