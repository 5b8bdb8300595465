// Package wheel writes Python wheels that carry the millrace program, so that `pip install millrace` puts it on the
// PATH. A wheel is a zip file with a fixed layout; nothing is built on the user's machine.
package wheel

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed python/millrace/__init__.py python/millrace/__main__.py
var python embed.FS

// tags names the platforms of a wheel for each GOOS_GOARCH. The Linux program is static, so that it runs with glibc and
// with musl; macOS 12 is the oldest release that Go 1.26 supports.
var tags = map[string]string{
	"linux_amd64":   "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
	"linux_arm64":   "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
	"darwin_amd64":  "macosx_12_0_x86_64",
	"darwin_arm64":  "macosx_12_0_arm64",
	"windows_amd64": "win_amd64",
	"windows_arm64": "win_arm64",
}

// Package describes a wheel.
type Package struct {
	Version  string            // by PEP 440
	Platform string            // GOOS_GOARCH
	Program  string            // the path of the program
	Readme   []byte            // the description, in Markdown
	Licenses map[string][]byte // license files by name
	Time     time.Time         // of all files in the wheel
}

// Name returns the name of the wheel's file, which pip reads the platforms from.
func (p Package) Name() (string, error) {
	tag, ok := tags[p.Platform]
	if !ok {
		return "", fmt.Errorf("there is no wheel tag for %s", p.Platform)
	}
	return fmt.Sprintf("millrace-%s-py3-none-%s.whl", p.Version, tag), nil
}

// Write writes the wheel into a folder and returns its path. The same package gives the same bytes.
func Write(p Package, dir string) (string, error) {
	name, err := p.Name()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, name)
	f, err := os.Create(out)
	if err != nil {
		return "", err
	}
	w := newWriter(f, p.Time)
	if err := errors.Join(w.write(p), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(out))
	}
	return out, nil
}

// writer writes the files of a wheel and collects their lines for RECORD.
type writer struct {
	zip    *zip.Writer
	time   time.Time
	record strings.Builder
}

func newWriter(w io.Writer, at time.Time) *writer {
	return &writer{zip: zip.NewWriter(w), time: at}
}

func (w *writer) write(p Package) error {
	info := "millrace-" + p.Version + ".dist-info/"
	if err := w.addPython(p.Version); err != nil {
		return err
	}
	if err := w.addProgram(p); err != nil {
		return err
	}
	metadata, err := metadata(p)
	if err != nil {
		return err
	}
	// The description of the archive comes last, as the specification recommends.
	if err := w.add(info+"METADATA", 0o644, metadata); err != nil {
		return err
	}
	if err := w.add(info+"WHEEL", 0o644, []byte(wheelFile(p.Platform))); err != nil {
		return err
	}
	for _, name := range sortedNames(p.Licenses) {
		if err := w.add(info+"licenses/"+name, 0o644, p.Licenses[name]); err != nil {
			return err
		}
	}
	record := info + "RECORD"
	w.record.WriteString(record + ",,\n") // It has no checksum of itself.
	if err := w.add(record, 0o644, []byte(w.record.String())); err != nil {
		return err
	}
	return w.zip.Close()
}

// addPython adds the package millrace.
func (w *writer) addPython(version string) error {
	return fs.WalkDir(python, "python", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := python.ReadFile(path)
		if err != nil {
			return err
		}
		text = bytes.ReplaceAll(text, []byte("@VERSION@"), []byte(version))
		return w.add(strings.TrimPrefix(path, "python/"), 0o644, text)
	})
}

// addProgram adds the program where installers copy it to the folder of scripts.
func (w *writer) addProgram(p Package) error {
	program, err := os.ReadFile(p.Program)
	if err != nil {
		return err
	}
	return w.add("millrace-"+p.Version+".data/scripts/"+filepath.Base(p.Program), 0o755, program)
}

func (w *writer) add(name string, mode fs.FileMode, content []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.time}
	header.SetMode(mode)
	entry, err := w.zip.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := entry.Write(content); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	fmt.Fprintf(&w.record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(content))
	return nil
}
