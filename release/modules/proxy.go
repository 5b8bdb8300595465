package modules

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// Stage copies the files of a repository that git tracks or would add to an empty folder.
func Stage(ctx context.Context, repo, dir string) error {
	cmd := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	cmd.Dir = repo
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join(repo, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // The file is deleted and the deletion is not staged yet.
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(repo, name), filepath.Join(dir, name), info.Mode()); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string, mode os.FileMode) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, mode.Perm())
}

// withPublished calls f with a staged copy of the repository and a proxy that has its modules at a version. It removes
// both afterwards, with the folder that contains them.
func withPublished(ctx context.Context, repo, version string, f func(staged, proxy string) error) (err error) {
	temp, err := os.MkdirTemp("", "millrace-release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	staged, proxy := filepath.Join(temp, "staged"), filepath.Join(temp, "proxy")
	if err := Stage(ctx, repo, staged); err != nil {
		return err
	}
	if err := Publish(staged, proxy, version); err != nil {
		return err
	}
	return f(staged, proxy)
}

// copyRequirements copies the go.mod and go.sum files of a module from one tree to another.
func copyRequirements(from, to string, m Module) error {
	for _, name := range []string{"go.mod", "go.sum"} {
		err := copyFile(filepath.Join(from, m.Folder, name), filepath.Join(to, m.Folder, name), 0o644)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // A module without requirements has no go.sum.
			return err
		}
	}
	return nil
}

// Publish sets the version of the modules in a staged copy of the repository and writes them to a module proxy, a
// folder that GOPROXY=file://... names. The go.sum files of the copy get the lines that a build without go.work needs.
func Publish(staged, proxy, version string) error {
	if err := SetVersion(staged, version); err != nil {
		return err
	}
	list, err := List(staged)
	if err != nil {
		return err
	}
	sums := map[string][]string{}
	for _, m := range list {
		mod, err := readMod(staged, m.Folder)
		if err != nil {
			return err
		}
		var ours []string
		for _, r := range mod.Require {
			ours = append(ours, sums[r.Mod.Path]...)
		}
		if err := setSums(filepath.Join(staged, m.Folder, "go.sum"), ours); err != nil {
			return err
		}
		if sums[m.Path], err = publishOne(staged, proxy, m, version); err != nil {
			return err
		}
	}
	return nil
}

// publishOne writes the files of one module version and returns its lines of a go.sum file.
func publishOne(staged, proxy string, m Module, version string) ([]string, error) {
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(proxy, escaped, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(staged, m.Folder, "go.mod"))
	if err != nil {
		return nil, err
	}
	zipped, err := zipModule(staged, m, version)
	if err != nil {
		return nil, err
	}
	archive := filepath.Join(dir, version+".zip")
	for name, content := range map[string][]byte{
		filepath.Join(dir, "list"):          []byte(version + "\n"),
		filepath.Join(dir, version+".info"): fmt.Appendf(nil, "{\"Version\":%q}\n", version),
		filepath.Join(dir, version+".mod"):  text,
		archive:                             zipped,
	} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return nil, err
		}
	}
	return sumLines(m, version, archive, filepath.Join(staged, m.Folder, "go.mod"))
}

// zipModule returns the zip file of a module as the go command makes it from a tag. A module in a subfolder without a
// licence gets that of the repository.
func zipModule(staged string, m Module, version string) (zipped []byte, err error) {
	folder := filepath.Join(staged, m.Folder)
	license := filepath.Join(folder, "LICENSE")
	if _, err := os.Stat(license); errors.Is(err, os.ErrNotExist) {
		if err := copyFile(filepath.Join(staged, "LICENSE"), license, 0o644); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.Remove(license)) }()
	}
	var out bytes.Buffer
	err = zip.CreateFromDir(&out, module.Version{Path: m.Path, Version: version}, folder)
	return out.Bytes(), err
}

func sumLines(m Module, version, archive, mod string) ([]string, error) {
	whole, err := dirhash.HashZip(archive, dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	ofMod, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return os.Open(mod) })
	if err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("%s %s %s\n", m.Path, version, whole),
		fmt.Sprintf("%s %s/go.mod %s\n", m.Path, version, ofMod),
	}, nil
}
