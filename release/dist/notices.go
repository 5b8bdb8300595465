package dist

import (
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/release/modules"
)

// noticesFile has the licenses of the modules in the programs. Most licenses require that copies of a program contain
// their text.
const noticesFile = "THIRD-PARTY-LICENSES"

var licenseName = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice|patents|authors)\b[^/]*$`)

// writeNotices writes the licenses of Go and of all modules that are linked into any of the programs.
func (r *release) writeNotices(ctx context.Context) (string, error) {
	linked := map[string]bool{}
	var goVersion string
	for _, program := range r.programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return "", err
		}
		goVersion = info.GoVersion
		for _, m := range info.Deps {
			if !modules.IsOurs(m.Path) {
				linked[m.Path] = true
			}
		}
	}
	var text bytes.Buffer
	text.WriteString("Millrace contains the following software.\n")
	goLicense, err := output(r.goCommand(ctx, "env", "GOROOT"))
	if err != nil {
		return "", err
	}
	if err := addLicenses(&text, "Go "+strings.TrimPrefix(goVersion, "go"), goLicense); err != nil {
		return "", err
	}
	list, err := output(r.goCommand(ctx, "list", "-m", "-f", "{{.Path}}\t{{.Version}}\t{{.Dir}}", "all"))
	if err != nil {
		return "", err
	}
	for line := range strings.SplitSeq(list, "\n") {
		parts := strings.Split(line, "\t")
		if !linked[parts[0]] {
			continue
		}
		delete(linked, parts[0])
		if err := addLicenses(&text, parts[0]+" "+parts[1], parts[2]); err != nil {
			return "", err
		}
	}
	if len(linked) > 0 {
		return "", fmt.Errorf("go list does not have the linked modules %v", linked)
	}
	if err := r.addPageLicenses(&text); err != nil {
		return "", err
	}
	out := filepath.Join(r.stage, noticesFile)
	return out, os.WriteFile(out, text.Bytes(), 0o644)
}

// addPageLicenses adds the licenses of the libraries in the web pages, a list that is built with the pages.
func (r *release) addPageLicenses(text *bytes.Buffer) error {
	packed, err := os.ReadFile(filepath.Join(r.Repo, "web", "dist", "licenses.md.gz"))
	if err != nil {
		return err
	}
	list, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	text.WriteString("\nThe web pages contain the following software.\n\n")
	_, err = io.Copy(text, list)
	return err
}

// goCommand returns a go command on the modules of the repository.
func (r *release) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = r.Repo, goEnv(r.Repo, Host)
	return cmd
}

// addLicenses adds the license files at the top of a module.
func addLicenses(text *bytes.Buffer, name, dir string) error {
	if dir == "" {
		return fmt.Errorf("%s is not in the module cache", name)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		return e.IsDir() || !licenseName.MatchString(e.Name())
	})
	if len(entries) == 0 {
		return errors.New(name + " has no license file")
	}
	for _, e := range entries {
		license, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		rule := strings.Repeat("=", 80)
		fmt.Fprintf(text, "\n%s\n%s, %s\n%s\n\n%s\n", rule, name, e.Name(), rule, bytes.TrimSpace(license))
	}
	return nil
}
