// Package outside proves that the public packages can be imported by a module of
// somebody else, which go.work and the replace lines of this repository hide.
package outside

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

// modules are those that others may import, by the folder that each is in.
var modules = map[string]string{
	"github.com/millrace-ml/millrace":            ".",
	"github.com/millrace-ml/millrace/gomlx":      "gomlx",
	"github.com/millrace-ml/millrace/mlflow":     "mlflow",
	"github.com/millrace-ml/millrace/sysmetrics": "sysmetrics",
}

// public lists the packages that there must be; others may come.
var public = []string{
	"github.com/millrace-ml/millrace/mlflow",
	"github.com/millrace-ml/millrace/local",
	"github.com/millrace-ml/millrace/models",
	"github.com/millrace-ml/millrace/gomlx/autolog",
	"github.com/millrace-ml/millrace/gomlx/cpu",
	"github.com/millrace-ml/millrace/gomlx/onnx",
	"github.com/millrace-ml/millrace/sysmetrics",
}

// Each public package links into a program of a module outside the workspace. The
// replace lines are of that module, as no release is there to be fetched; those of
// the modules here do not count in it. So a package that needs a replace line of
// its module, a version that no go.mod requires, or an internal package of another
// root fails.
func TestImports(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	packages := publicPackages(t, root)
	for _, want := range public {
		if !slices.Contains(packages, want) {
			t.Errorf("there is no public package %s", want)
		}
	}
	for _, p := range packages {
		t.Run(strings.TrimPrefix(p, "github.com/millrace-ml/millrace/"), func(t *testing.T) {
			t.Parallel()
			dir := outsideModule(t, root, p)
			out := run(t, dir, "mod", "go", "run", ".")
			if out != p+"\n" {
				t.Errorf("the program says %q", out)
			}
		})
	}
}

// publicPackages finds the packages of the modules that a program can import.
func publicPackages(t *testing.T, root string) []string {
	t.Helper()
	ours := []string{"internal", "cmd", "deploy", "test", "web"}
	var found []string
	for module, folder := range modules {
		list := run(t, filepath.Join(root, folder), "readonly", "go", "list", "-f", "{{.Name}} {{.ImportPath}}", "./...")
		for line := range strings.Lines(list) {
			name, p, _ := strings.Cut(strings.TrimSpace(line), " ")
			parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(p, module), "/"), "/")
			if name != "main" && !slices.Contains(ours, parts[0]) && !slices.Contains(parts, "internal") {
				found = append(found, p)
			}
		}
	}
	return found
}

// outsideModule makes a module with a program that imports one package.
func outsideModule(t *testing.T, root, imported string) string {
	t.Helper()
	dir := t.TempDir()
	var mod, sums bytes.Buffer
	fmt.Fprintf(&mod, "module example.org/outside\n\ngo 1.26\n\n")
	for module, folder := range modules {
		fmt.Fprintf(&mod, "require %s v0.0.0\nreplace %s => %s\n", module, module, filepath.Join(root, folder))
		text, err := os.ReadFile(filepath.Join(root, folder, "go.sum"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // A module without requirements has no go.sum.
			t.Fatal(err)
		}
		sums.Write(text)
	}
	program := fmt.Sprintf("package main\n\nimport (\n\t\"fmt\"\n\n\t_ %q\n)\n\nfunc main() { fmt.Println(%q) }\n", imported, imported)
	for name, text := range map[string]string{"go.mod": mod.String(), "go.sum": sums.String(), "main.go": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run returns what a command prints. It takes nothing from the workspace. A module
// that the go command has to find for an import is one that a go.mod here misses.
func run(t *testing.T, dir, mod string, command ...string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Stderr = dir, &errs
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod="+mod, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil || strings.Contains(errs.String(), "finding module for package") {
		t.Fatalf("%s in %s: %v\n%s", strings.Join(command, " "), dir, err, &errs)
	}
	return string(out)
}
