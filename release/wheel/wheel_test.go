package wheel

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func testPackage(t *testing.T, platform, program string) Package {
	t.Helper()
	path := filepath.Join(t.TempDir(), program)
	if err := os.WriteFile(path, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Package{
		Version: "1.2.3rc1", Platform: platform, Program: path, Readme: []byte("# Title\n\nSee [the guide](docs/go.md).\n"),
		Licenses: map[string][]byte{"LICENSE": []byte("license")}, Time: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC),
	}
}

// writeWheel returns the files of a wheel by name.
func writeWheel(t *testing.T, p Package) (string, map[string]*zip.File) {
	t.Helper()
	path, err := Write(p, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	files := map[string]*zip.File{}
	for _, f := range r.File {
		files[f.Name] = f
	}
	return path, files
}

func content(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestRecord checks that RECORD has the size and the checksum of every file.
func TestRecord(t *testing.T) {
	_, files := writeWheel(t, testPackage(t, "linux_amd64", "millrace"))
	const record = "millrace-1.2.3rc1.dist-info/RECORD"
	rows, err := csv.NewReader(bytes.NewReader(content(t, files[record]))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(files) {
		t.Errorf("RECORD has %d files and the wheel %d", len(rows), len(files))
	}
	for _, row := range rows {
		f := files[row[0]]
		if f == nil {
			t.Errorf("RECORD has %s and the wheel has not", row[0])
			continue
		}
		text := content(t, f)
		sum := sha256.Sum256(text)
		want := []string{row[0], "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:]), fmt.Sprint(len(text))}
		if row[0] == record {
			want = []string{record, "", ""}
		}
		if !slices.Equal(row, want) {
			t.Errorf("RECORD has %v, want %v", row, want)
		}
	}
}

func TestFiles(t *testing.T) {
	for platform, program := range map[string]string{"linux_arm64": "millrace", "windows_amd64": "millrace.exe"} {
		_, files := writeWheel(t, testPackage(t, platform, program))
		for name, mode := range map[string]os.FileMode{
			"millrace/__init__.py":                         0o644,
			"millrace/__main__.py":                         0o644,
			"millrace-1.2.3rc1.data/scripts/" + program:    0o755,
			"millrace-1.2.3rc1.dist-info/METADATA":         0o644,
			"millrace-1.2.3rc1.dist-info/WHEEL":            0o644,
			"millrace-1.2.3rc1.dist-info/licenses/LICENSE": 0o644,
			"millrace-1.2.3rc1.dist-info/RECORD":           0o644,
		} {
			if files[name] == nil {
				t.Errorf("%s: the wheel has no %s", platform, name)
			} else if got := files[name].Mode(); got != mode {
				t.Errorf("%s: %s has the mode %v, want %v", platform, name, got, mode)
			}
		}
		if text := content(t, files["millrace/__init__.py"]); !bytes.Contains(text, []byte(`__version__ = "1.2.3rc1"`)) {
			t.Errorf("%s: the package has no version:\n%s", platform, text)
		}
	}
}

func TestMetadata(t *testing.T) {
	path, files := writeWheel(t, testPackage(t, "darwin_arm64", "millrace"))
	if name := filepath.Base(path); name != "millrace-1.2.3rc1-py3-none-macosx_12_0_arm64.whl" {
		t.Errorf("the wheel is named %s", name)
	}
	text := string(content(t, files["millrace-1.2.3rc1.dist-info/METADATA"]))
	head, body, _ := strings.Cut(text, "\n\n")
	for _, line := range []string{
		"Name: millrace", "Version: 1.2.3rc1", "Requires-Python: >=3.9", "License-Expression: Apache-2.0", "License-File: LICENSE",
	} {
		if !slices.Contains(strings.Split(head, "\n"), line) {
			t.Errorf("METADATA has no line %q:\n%s", line, head)
		}
	}
	if want := "# Title\n\nSee [the guide](" + home + "/blob/main/docs/go.md).\n"; body != want {
		t.Errorf("the description is %q, want %q", body, want)
	}
}

// TestTags compares the tags in the file WHEEL with those in the name: pip reads the one and other tools the other.
func TestTags(t *testing.T) {
	for platform := range tags {
		path, files := writeWheel(t, testPackage(t, platform, "millrace"))
		var lines []string
		for line := range strings.SplitSeq(string(content(t, files["millrace-1.2.3rc1.dist-info/WHEEL"])), "\n") {
			if tag, ok := strings.CutPrefix(line, "Tag: py3-none-"); ok {
				lines = append(lines, tag)
			}
		}
		name := strings.TrimSuffix(filepath.Base(path), ".whl")
		if got := name[strings.LastIndex(name, "-")+1:]; got != strings.Join(lines, ".") {
			t.Errorf("%s: the name has the tags %s and WHEEL has %v", platform, got, lines)
		}
	}
}

func TestSameBytes(t *testing.T) {
	p := testPackage(t, "linux_amd64", "millrace")
	p.Licenses["NOTICE"] = []byte("notice")
	var first []byte
	for range 5 {
		path, _ := writeWheel(t, p)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Fatal("the same package gives other bytes")
		}
	}
}

func TestUnknownPlatform(t *testing.T) {
	if _, err := Write(testPackage(t, "plan9_amd64", "millrace"), t.TempDir()); err == nil {
		t.Error("a wheel for an unknown platform is written")
	}
}
