package modules

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const repository = "../.."

// public lists packages that must exist. Further ones are tested, too.
var public = []string{
	Root + "/mlflow",
	Root + "/local",
	Root + "/models",
	Root + "/gomlx/autolog",
	Root + "/gomlx/cpu",
	Root + "/gomlx/onnx",
	Root + "/sysmetrics",
}

// published is a version of the modules in a proxy, and a copy of the repository with that version.
type published struct {
	version, staged string
	env             []string
}

func publish(t *testing.T, version string) published {
	t.Helper()
	dir := t.TempDir()
	staged, proxy := filepath.Join(dir, "staged"), filepath.Join(dir, "proxy")
	if err := errors.Join(Stage(t.Context(), repository, staged), Publish(staged, proxy, version)); err != nil {
		t.Fatal(err)
	}
	env, err := Env(t.Context(), proxy, filepath.Join(dir, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return published{version, staged, env}
}

// run returns what a command prints.
func (p published) run(t *testing.T, dir string, command ...string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Stderr, cmd.Env = dir, &errs, p.env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, &errs)
	}
	return string(out)
}

// TestPublished uses the modules as somebody without a clone does, with the ordinary go command and no replace lines.
func TestPublished(t *testing.T) {
	t.Parallel()
	p := publish(t, "v0.99.1-test")
	list, err := List(repository)
	if err != nil {
		t.Fatal(err)
	}
	var packages []string
	for _, m := range list {
		// Each module builds alone, by its own go.mod and go.sum.
		p.run(t, filepath.Join(p.staged, m.Folder), "go", "build", "./...")
		packages = append(packages, p.publicPackages(t, m)...)
	}
	for _, want := range public {
		if !slices.Contains(packages, want) {
			t.Errorf("no module has the public package %s", want)
		}
	}
	t.Run("install", func(t *testing.T) { p.testInstall(t) })
	t.Run("import", func(t *testing.T) { p.testImports(t, packages) })
	t.Run("sdk alone", func(t *testing.T) { p.testSDK(t) })
}

// publicPackages returns the packages of a module that another module can import.
func (p published) publicPackages(t *testing.T, m Module) []string {
	t.Helper()
	private := []string{"internal", "cmd", "deploy", "test", "web", "examples"}
	var found []string
	list := p.run(t, filepath.Join(p.staged, m.Folder), "go", "list", "-f", "{{.Name}} {{.ImportPath}}", "./...")
	for line := range strings.Lines(list) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(path, Root), "/"), "/")
		if name != "main" && !slices.Contains(private, parts[0]) && !slices.Contains(parts, "internal") {
			found = append(found, path)
		}
	}
	return found
}

func (p published) testInstall(t *testing.T) {
	bin := t.TempDir()
	q := p
	q.env = append(slices.Clone(p.env), "GOBIN="+bin)
	q.run(t, t.TempDir(), "go", "install", Root+"/cmd/millrace@"+p.version)
	out := p.run(t, bin, filepath.Join(bin, "millrace"), "--version")
	if !strings.Contains(out, p.version+",") {
		t.Errorf("the installed program says %q", out)
	}
}

// testImports links a program on each public package.
func (p published) testImports(t *testing.T, packages []string) {
	dir := t.TempDir()
	get := []string{"go", "get"}
	for i, path := range packages {
		program := fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() { println(%q) }\n", path, path)
		folder := filepath.Join(dir, fmt.Sprint("program", i))
		if err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600)); err != nil {
			t.Fatal(err)
		}
		get = append(get, path+"@"+p.version)
	}
	p.run(t, dir, "go", "mod", "init", "example.org/outside")
	p.run(t, dir, get...)
	bin := t.TempDir()
	p.run(t, dir, "go", "build", "-o", bin+"/", "./...")
	for i := range packages {
		p.run(t, dir, filepath.Join(bin, fmt.Sprint("program", i)))
	}
}

// testSDK checks that the SDK brings no other module.
func (p published) testSDK(t *testing.T) {
	dir := t.TempDir()
	p.run(t, dir, "go", "mod", "init", "example.org/outside")
	p.run(t, dir, "go", "get", Root+"/mlflow@"+p.version)
	want := "example.org/outside\n" + Root + "/mlflow " + p.version + "\n"
	if got := p.run(t, dir, "go", "list", "-m", "all"); got != want {
		t.Errorf("a program with the SDK has the modules %q", got)
	}
}

// TestWorkspace checks what keeps the modules installable.
func TestWorkspace(t *testing.T) {
	t.Parallel()
	version, err := Version(repository)
	if err != nil {
		t.Fatal(err)
	}
	list, err := List(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		mod, err := readMod(repository, m.Folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(mod.Replace) > 0 {
			t.Errorf("%s: a go.mod file with replace lines cannot be installed by version", m.Folder)
		}
		for _, r := range mod.Require {
			if IsOurs(r.Mod.Path) && r.Mod.Version != version {
				t.Errorf("%s requires %s, and go.work replaces %s", m.Path, r.Mod, version)
			}
		}
	}
}

// maxFileSize is larger than every source file, fixture and picture of the repository.
const maxFileSize = 512 << 10

// TestNoBuiltFiles checks that nobody commits a built program, which each clone and each module would carry.
func TestNoBuiltFiles(t *testing.T) {
	t.Parallel()
	staged := t.TempDir()
	if err := Stage(t.Context(), repository, staged); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(staged, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Size() > maxFileSize {
			t.Errorf("%s has %d bytes; a file of the repository has at most %d", path, info.Size(), maxFileSize)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
