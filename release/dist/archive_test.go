package dist

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// entry is a file of an archive.
type entry struct {
	mode fs.FileMode
	time time.Time
	text []byte
}

func checkArchives(t *testing.T, r *release) {
	for _, p := range r.Platforms {
		path := filepath.Join(r.out, archiveName(r.source.Version, p))
		want := []string{
			p.Program(), "LICENSE", "README.md", noticesFile,
			"completions/_millrace", "completions/millrace.bash", "completions/millrace.fish", "completions/millrace.ps1",
		}
		var files map[string]entry
		if p.OS == "windows" {
			files = readZip(t, path)
		} else {
			files = readTarball(t, path)
			want = append(want, "man/man1/millrace.1")
		}
		for _, name := range want {
			e, ok := files[name]
			mode := fs.FileMode(0o644)
			if name == p.Program() {
				mode = 0o755
			}
			if !ok || e.mode != mode || !e.time.Equal(r.Time) {
				t.Errorf("%s: %s is there: %v; it has the mode %v and the time %v", p, name, ok, e.mode, e.time)
			}
		}
		checkPlatform(t, p, files[p.Program()].text)
		if len(files) != len(want) {
			t.Errorf("%s: the archive has %d files, want %d", p, len(files), len(want))
		}
	}
}

// checkPlatform checks that a program is for a platform, in the format of its system: ELF, Mach-O or PE.
func checkPlatform(t *testing.T, p Platform, program []byte) {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Errorf("%s: %v", p, err)
		return
	}
	built := map[string]string{}
	for _, s := range info.Settings {
		built[s.Key] = s.Value
	}
	if built["GOOS"] != p.OS || built["GOARCH"] != p.Arch || built["CGO_ENABLED"] != "0" {
		t.Errorf("%s: the archive has a program with the settings %v", p, built)
	}
	magic := map[string]string{"linux": "\x7fELF", "darwin": "\xcf\xfa\xed\xfe", "windows": "MZ"}[p.OS]
	if !strings.HasPrefix(string(program), magic) {
		t.Errorf("%s: the program begins with %q", p, program[:4])
	}
}

func readTarball(t *testing.T, path string) map[string]entry {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]entry{}
	for r := tar.NewReader(plain); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "root" || h.Gname != "root" {
			t.Errorf("%s belongs to %s", h.Name, h.Uname)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = entry{h.FileInfo().Mode(), h.ModTime, text}
	}
}

func readZip(t *testing.T, path string) map[string]entry {
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	files := map[string]entry{}
	for _, f := range r.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = entry{f.Mode(), f.Modified, text}
	}
	return files
}
