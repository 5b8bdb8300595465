// Package modules versions the Go modules of the repository and publishes them to a module proxy in a folder.
package modules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// Root is the path of the repository's root module, and the prefix of the others.
const Root = "github.com/millrace-ml/millrace"

// Homepage has the sources and the releases.
const Homepage = "https://" + Root

// Module is one module of the repository.
type Module struct {
	Path   string
	Folder string // relative to the repository; "." is the root
}

// Tag returns the name of the git tag that releases the module.
func (m Module) Tag(version string) string {
	return path.Join(m.Folder, version)
}

// IsOurs reports whether a module path belongs to the repository.
func IsOurs(modulePath string) bool {
	return modulePath == Root || strings.HasPrefix(modulePath, Root+"/")
}

// List returns the modules that go.work names, each after those that it requires.
func List(repo string) ([]Module, error) {
	work, err := readWork(repo)
	if err != nil {
		return nil, err
	}
	requires := map[string][]string{}
	folders := map[string]string{}
	for _, use := range work.Use {
		mod, err := readMod(repo, use.Path)
		if err != nil {
			return nil, err
		}
		folders[mod.Module.Mod.Path] = path.Clean(use.Path)
		for _, r := range mod.Require {
			if IsOurs(r.Mod.Path) {
				requires[mod.Module.Mod.Path] = append(requires[mod.Module.Mod.Path], r.Mod.Path)
			}
		}
	}
	return order(folders, requires)
}

// order sorts the modules topologically.
func order(folders map[string]string, requires map[string][]string) ([]Module, error) {
	var sorted []Module
	done := map[string]bool{}
	for len(sorted) < len(folders) {
		var ready []string
		for p := range folders {
			missing := func(r string) bool { return !done[r] }
			if !done[p] && !slices.ContainsFunc(requires[p], missing) {
				ready = append(ready, p)
			}
		}
		if len(ready) == 0 {
			return nil, errors.New("the modules require each other in a cycle, or one that go.work does not use")
		}
		slices.Sort(ready)
		for _, p := range ready {
			done[p] = true
			sorted = append(sorted, Module{Path: p, Folder: folders[p]})
		}
	}
	return sorted, nil
}

// SetVersion makes the modules require each other at a version. The go.sum lines of other versions are removed.
func SetVersion(repo, version string) error {
	list, err := List(repo)
	if err != nil {
		return err
	}
	for _, m := range list {
		mod, err := readMod(repo, m.Folder)
		if err != nil {
			return err
		}
		if err := requireOurs(mod, version); err != nil {
			return err
		}
		text, err := mod.Format()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(repo, m.Folder, "go.mod"), text, 0o644); err != nil {
			return err
		}
		if err := setSums(filepath.Join(repo, m.Folder, "go.sum"), nil); err != nil {
			return err
		}
	}
	return setWork(repo, list, version)
}

func requireOurs(mod *modfile.File, version string) error {
	for _, r := range mod.Require {
		if !IsOurs(r.Mod.Path) {
			continue
		}
		if err := mod.AddRequire(r.Mod.Path, version); err != nil {
			return err
		}
	}
	return nil
}

// setWork replaces the versions in go.work, where the go command looks for the go.mod files of required versions.
func setWork(repo string, list []Module, version string) error {
	work, err := readWork(repo)
	if err != nil {
		return err
	}
	for _, m := range list {
		for _, r := range slices.Clone(work.Replace) {
			if r.Old.Path != m.Path {
				continue
			}
			folder := r.New.Path
			if err := errors.Join(work.DropReplace(r.Old.Path, r.Old.Version),
				work.AddReplace(m.Path, version, folder, "")); err != nil {
				return err
			}
		}
	}
	work.SortBlocks()
	work.Cleanup()
	return os.WriteFile(filepath.Join(repo, "go.work"), modfile.Format(work.Syntax), 0o644)
}

// setSums replaces the lines of our modules in a go.sum file. Others keep their order.
func setSums(file string, ours []string) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var lines []string
	for line := range strings.Lines(string(old)) {
		if modulePath, _, _ := strings.Cut(line, " "); !IsOurs(modulePath) {
			lines = append(lines, line)
		}
	}
	at := slices.IndexFunc(lines, func(line string) bool { return line > Root })
	if at < 0 {
		at = len(lines)
	}
	lines = slices.Insert(lines, at, ours...)
	if len(lines) == 0 {
		return nil
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "")), 0o644)
}

func readMod(repo, folder string) (*modfile.File, error) {
	file := filepath.Join(repo, folder, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	mod, err := modfile.Parse(file, text, nil)
	if err != nil {
		return nil, fmt.Errorf("parse go.mod: %w", err)
	}
	return mod, nil
}

func readWork(repo string) (*modfile.WorkFile, error) {
	file := filepath.Join(repo, "go.work")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork(file, text, nil)
	if err != nil {
		return nil, fmt.Errorf("parse go.work: %w", err)
	}
	return work, nil
}
