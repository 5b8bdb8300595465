package local_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/artifacttest"
	"github.com/millrace-ml/millrace/internal/artifact/local"
	"github.com/millrace-ml/millrace/mlflow"
)

func open(t *testing.T, dir string) *local.Repo {
	t.Helper()
	r, err := local.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRepo(t *testing.T) {
	t.Parallel()
	artifacttest.Run(t, func(t *testing.T) artifact.Repo { return open(t, filepath.Join(t.TempDir(), "made", "here")) })
}

func TestLinksDoNotLeadOut(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	root, outside := filepath.Join(top, "root"), filepath.Join(top, "outside")
	write(t, filepath.Join(outside, "secret"), "secret")
	write(t, filepath.Join(root, "inside", "f"), "mine")
	for link, target := range map[string]string{
		"abs-dir": outside, "rel-dir": "../outside", "abs-file": filepath.Join(outside, "secret"),
		"rel-file": "../outside/secret", "up": "..", "slash": "/", "nowhere": "missing", "loop": "loop",
		"inside-dir": "inside", "inside-file": "inside/f", "inside/out": "../../outside", "around": "../root/inside/f",
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, root)
	ctx := t.Context()

	for _, path := range []string{
		"abs-dir/secret", "rel-dir/secret", "abs-file", "rel-file", "up/outside/secret", "slash/etc/passwd", "nowhere", "loop",
		"inside/out/secret", "inside-dir/out/secret", "around",
	} {
		if f, err := r.Open(ctx, path); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("open %q: %v, %v", path, f, err)
		}
		if _, err := r.Stat(ctx, path); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("stat %q: %v", path, err)
		}
	}
	for _, path := range []string{"abs-dir", "rel-dir", "up", "slash", "inside/out", "up/outside"} {
		if files, err := r.List(ctx, path); err != nil || len(files) != 0 {
			t.Errorf("list %q: %v, %v", path, files, err)
		}
		if err := r.Put(ctx, path+"/new", strings.NewReader("x")); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("put below %q: %v", path, err)
		}
		if err := r.Delete(ctx, path+"/secret"); err != nil {
			t.Errorf("delete below %q: %v", path, err)
		}
	}
	// Links inside of the root are followed; only they are listed.
	files, err := r.List(ctx, "")
	if err != nil || len(files) != 3 || files[0].Path != "inside" || files[1] != (mlflow.FileInfo{Path: "inside-dir", IsDir: true}) ||
		files[2] != (mlflow.FileInfo{Path: "inside-file", FileSize: 4}) {
		t.Errorf("list: %v, %v", files, err)
	}
	// Delete removes a link, not its target.
	for _, path := range []string{"abs-dir", "rel-file", "up", "slash", "inside-dir"} {
		if err := r.Delete(ctx, path); err != nil {
			t.Errorf("delete %q: %v", path, err)
		}
		if _, err := os.Lstat(filepath.Join(root, path)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("link %q is still there: %v", path, err)
		}
	}
	if err := r.Delete(ctx, "inside"); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(b) != "secret" {
		t.Errorf("outside: %q, %v", b, err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("outside: %v, %v", entries, err)
	}
}

func TestTemporaryFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".millrace-tmp", "STRAY"), "left by a killed server")
	write(t, filepath.Join(dir, ".millrace-tmp", "HALF", "sub", "f"), "deletion cut short")
	write(t, filepath.Join(dir, "kept"), "x")
	r := open(t, dir)
	temps := func() int {
		entries, err := os.ReadDir(filepath.Join(dir, ".millrace-tmp"))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if n := temps(); n != 0 {
		t.Errorf("%d stray files after start", n)
	}

	// An upload continues when a second server starts.
	src, feed := io.Pipe()
	done := make(chan error)
	go func() { done <- r.Put(t.Context(), "slow", src) }()
	if _, err := feed.Write([]byte("first ")); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if n := temps(); n != 1 {
		t.Errorf("%d unfinished uploads, want 1", n)
	}
	if _, err := feed.Write([]byte("second")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(feed.Close(), <-done); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "slow")); err != nil || string(b) != "first second" {
		t.Errorf("%q, %v", b, err)
	}

	// A failed upload leaves nothing.
	if err := r.Put(t.Context(), "broken", iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if n := temps(); n != 0 {
		t.Errorf("%d files after a failed upload", n)
	}

	// Requests cannot access it.
	write(t, filepath.Join(dir, ".millrace-tmp", "X"), "half")
	for _, path := range []string{".millrace-tmp", ".millrace-tmp/X", ".Millrace-TMP/X"} {
		if _, err := r.Open(t.Context(), path); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("open %q: %v", path, err)
		}
		if err := r.Put(t.Context(), path, strings.NewReader("")); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("put %q: %v", path, err)
		}
		if err := r.Delete(t.Context(), path); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("delete %q: %v", path, err)
		}
		if files, err := r.List(t.Context(), path); err != nil || len(files) != 0 {
			t.Errorf("list %q: %v, %v", path, files, err)
		}
	}
	if files, err := r.List(t.Context(), ""); err != nil || len(files) != 2 {
		t.Errorf("list: %v, %v", files, err)
	}
}

func TestOpenByURI(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spaced := filepath.Join(dir, "a b%")
	for uri, want := range map[string]string{
		dir:                           dir,
		"file://" + dir:               dir,
		"file:" + dir:                 dir,
		"FILE://localhost" + dir:      dir,
		"file://" + dir + "/a%20b%25": spaced,
		spaced:                        spaced,
	} {
		r, err := artifact.Open(uri)
		if err != nil {
			t.Errorf("%q: %v", uri, err)
			continue
		}
		if err := r.Put(t.Context(), "f", strings.NewReader(uri)); err != nil {
			t.Error(err)
		}
		if b, err := os.ReadFile(filepath.Join(want, "f")); err != nil || string(b) != uri {
			t.Errorf("%q: %q, %v", uri, b, err)
		}
		if err := r.(io.Closer).Close(); err != nil {
			t.Error(err)
		}
	}
	write(t, filepath.Join(dir, "file"), "")
	for uri, message := range map[string]string{
		"file://otherhost/x":       "cannot name another host",
		"":                         "Not a folder",
		"file:":                    "Not a folder",
		"file:///a%00b":            "Not a folder",
		"s3://bucket/x":            "the scheme 's3' is not supported. Use a path or one of the schemes: file",
		"http://u:secret@h/x":      "'http://u:xxxxx@h/x'",
		"mlflow-artifacts:/":       "the scheme 'mlflow-artifacts' is not supported",
		filepath.Join(dir, "file"): "not a directory",
	} {
		if r, err := artifact.Open(uri); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v, %v, want %q", uri, r, err, message)
		}
	}
}
