package dist

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"

	"github.com/millrace-ml/millrace/release/modules"
)

const (
	summary     = "MLflow-compatible experiment tracker and model registry"
	description = summary + `
Millrace serves MLflow's REST API and its own web pages from one program. It
uses MLflow's database schema and artifact layout. The package has a service
for systemd, which is not started by the installation.`
)

// packagers has the formats of Linux packages.
var packagers = map[string]nfpm.Packager{"deb": deb.Default, "rpm": rpm.DefaultRPM}

// writePackage writes a .deb or an .rpm.
func (r *release) writePackage(p Platform, format string, packager nfpm.Packager, shared files.Contents) error {
	program := content(r.programs[p], "/usr/bin/millrace", files.TypeFile, 0o755, r.Time)
	scripts := filepath.Join(r.Repo, "deploy", "systemd")
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "millrace", Arch: p.Arch, Platform: p.OS, Version: r.source.Version.Tag, Section: "science",
		Priority: "optional", Maintainer: "Millrace maintainers <millrace-ml@users.noreply.github.com>",
		Description: description, Homepage: modules.Homepage, License: "Apache-2.0", MTime: r.Time, DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Contents: append(files.Contents{program}, shared...), Recommends: []string{"ca-certificates"},
			Scripts: nfpm.Scripts{
				PostInstall: filepath.Join(scripts, "postinstall.sh"),
				PreRemove:   filepath.Join(scripts, "preremove.sh"),
				PostRemove:  filepath.Join(scripts, "postremove.sh"),
			},
			// The name of the machine that builds must not be in the package.
			RPM: nfpm.RPM{Summary: summary, BuildHost: "millrace", Packager: "Millrace maintainers"},
		},
	})
	if format == "rpm" {
		info.Release = "1"
	}
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	// A pre-release has a tilde in the name, which GitHub replaces.
	name := strings.ReplaceAll(packager.ConventionalFileName(info), "~", "-")
	return create(filepath.Join(r.out, name), func(w io.Writer) error {
		return packager.Package(info, w)
	})
}

// packageFiles returns the files of the packages without the program. Files that must be compressed or composed first
// are written to the stage.
func (r *release) packageFiles() (files.Contents, error) {
	service := filepath.Join(r.Repo, "deploy", "systemd")
	at := r.Time
	list := files.Contents{
		content(filepath.Join(service, "millrace.service"), "/usr/lib/systemd/system/millrace.service", files.TypeFile,
			0o644, at),
		// dpkg and rpm keep a changed file on upgrades. A database URI in it may have a password.
		content(filepath.Join(service, "millrace.env"), "/etc/millrace/millrace.env", files.TypeConfigNoReplace, 0o640, at),
		content(filepath.Join(r.Repo, "README.md"), "/usr/share/doc/millrace/README.md", files.TypeFile, 0o644, at),
	}
	for _, c := range []struct{ file, destination string }{
		{"millrace.bash", "/usr/share/bash-completion/completions/millrace"},
		{"_millrace", "/usr/share/zsh/site-functions/_millrace"},
		{"millrace.fish", "/usr/share/fish/vendor_completions.d/millrace.fish"},
	} {
		for _, f := range r.extras.completions {
			if path.Base(f.name) == c.file {
				list = append(list, content(f.path, c.destination, files.TypeFile, 0o644, at))
			}
		}
	}
	for _, f := range r.extras.man {
		packed, err := r.compress(f.path)
		if err != nil {
			return nil, err
		}
		list = append(list, content(packed, "/usr/share/"+f.name+".gz", files.TypeFile, 0o644, at))
	}
	copyright, err := r.writeCopyright()
	if err != nil {
		return nil, err
	}
	forDebian := content(copyright, "/usr/share/doc/millrace/copyright", files.TypeFile, 0o644, at)
	forDebian.Packager = "deb"
	list = append(list, forDebian)
	for _, f := range r.extras.texts {
		if f.name == "README.md" {
			continue
		}
		license := content(f.path, "/usr/share/licenses/millrace/"+f.name, files.TypeRPMLicense, 0o644, at)
		license.Packager = "rpm"
		list = append(list, license)
	}
	return list, nil
}

// content describes a file of root's in a package.
func content(source, destination, kind string, mode fs.FileMode, at time.Time) *files.Content {
	return &files.Content{
		Source: source, Destination: destination, Type: kind,
		FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: at},
	}
}

// compress writes a compressed copy of a file to the stage and returns its path. It has neither a name nor a time.
func (r *release) compress(source string) (string, error) {
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	out := filepath.Join(r.stage, filepath.Base(source)+".gz")
	return out, os.WriteFile(out, packed.Bytes(), 0o644)
}

const copyrightHead = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Millrace
Source: ` + modules.Homepage + `

Files: *
Copyright: The Millrace authors
License: Apache-2.0
 On Debian systems, the text of the Apache License, Version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.

Comment: The licenses of the Go modules in the program follow.
`

// writeCopyright writes the file that Debian expects in each package to the stage and returns its path.
func (r *release) writeCopyright() (string, error) {
	text := []byte(copyrightHead)
	for _, f := range r.extras.texts {
		if f.name != noticesFile {
			continue
		}
		notices, err := os.ReadFile(f.path)
		if err != nil {
			return "", err
		}
		text = append(append(text, '\n'), notices...)
	}
	out := filepath.Join(r.stage, "copyright")
	return out, os.WriteFile(out, text, 0o644)
}
