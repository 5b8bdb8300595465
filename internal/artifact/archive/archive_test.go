package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/local"
	"github.com/millrace-ml/millrace/mlflow"
)

func store(t *testing.T, files map[string]string) (*local.Repo, string) {
	t.Helper()
	dir := t.TempDir()
	repo, err := local.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	for name, text := range files {
		if err := repo.Put(t.Context(), name, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return repo, dir
}

func write(t *testing.T, repo artifact.Repo, dir string) []byte {
	t.Helper()
	f, err := Open(t.Context(), repo, dir)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(t.Context(), &b, "name"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFolder(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("text ", 1000)
	repo, root := store(t, map[string]string{
		"a/b.txt": text, "a/ü/x.bin": text, "a/empty": "", "ab/other": "no", "outside": "no",
	})
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "a", "link")); err != nil {
		t.Fatal(err)
	}
	b := write(t, repo, "a")
	if again := write(t, repo, "a"); !bytes.Equal(b, again) {
		t.Error("two archives of the same files differ")
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		contents, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(f.Modified); age < -time.Minute || age > time.Hour {
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
		got = append(got, fmt.Sprintf("%s %d %v", f.Name, len(contents), f.CompressedSize64 < f.UncompressedSize64))
	}
	if list := strings.Join(got, "; "); list != "name/b.txt 5000 true; name/empty 0 false; name/ü/x.bin 5000 false" {
		t.Error(list)
	}
	for _, dir := range []string{"none", "a/b.txt"} {
		if _, err := Open(t.Context(), repo, dir); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// fakeStore has a number of files that cannot be read.
type fakeStore struct {
	artifact.Repo
	files int
}

func (s fakeStore) Walk(context.Context, string) iter.Seq2[artifact.Entry, error] {
	return func(yield func(artifact.Entry, error) bool) {
		for i := range s.files {
			if !yield(artifact.Entry{Path: fmt.Sprintf("d/%06d", i), Size: 1}, nil) {
				return
			}
		}
	}
}

func (fakeStore) Open(context.Context, string) (*artifact.File, error) { return nil, io.ErrClosedPipe }

func TestLimitAndFailure(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), fakeStore{files: MaxFiles + 1}, "d"); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("too many files: %v", err)
	}
	f, err := Open(t.Context(), fakeStore{files: MaxFiles}, "d")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(t.Context(), &b, "name"); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	if _, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len())); err == nil {
		t.Error("what was written before the failure is a complete archive")
	}
}

// changingStore has a file whose size is another one when it is read.
type changingStore struct {
	fakeStore
	size int64
}

func (s changingStore) Open(context.Context, string) (*artifact.File, error) {
	return &artifact.File{ReadSeekCloser: readCloser{strings.NewReader("text")}, Size: s.size}, nil
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// TestFilesThatChange writes a file that has grown as it was, and fails for one that has shrunk.
func TestFilesThatChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size int64
		want error
	}{{3, nil}, {4, nil}, {5, io.ErrUnexpectedEOF}} {
		f, err := Open(t.Context(), changingStore{fakeStore{files: 1}, c.size}, "d")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := f.Write(t.Context(), &b, "name"); !errors.Is(err, c.want) {
			t.Errorf("%d bytes of 4: %v", c.size, err)
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if complete := err == nil; complete != (c.want == nil) {
			t.Errorf("%d bytes of 4: %v", c.size, err)
		} else if complete && z.File[0].UncompressedSize64 != uint64(c.size) {
			t.Errorf("%d bytes of 4: the archive has %d", c.size, z.File[0].UncompressedSize64)
		}
	}
}
