package local_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// mount mounts a file system of 1 MiB on dir. It skips the test without the permission.
func mount(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a tmpfs")
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=1m", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a tmpfs: %s", out)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// TestUnspellableNames checks that files of other programs with names that CleanPath
// rejects are not listed.
func TestUnspellableNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{`a\b`, "a#b", "a\nb", "a\xffb", "a%2eb", "good"} {
		write(t, filepath.Join(dir, name), "x")
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }() // The directory is temporary.
	r := open(t, dir)
	files, err := r.List(t.Context(), "")
	if err != nil || len(files) != 1 || files[0].Path != "good" {
		t.Errorf("list: %v, %v", files, err)
	}
	for _, special := range []string{"pipe", "socket"} {
		if _, err := r.Open(t.Context(), special); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("open %s: %v", special, err)
		}
	}
}

// TestDiskFull fills a small file system. The upload fails with the reason and leaves
// nothing, and a deletion makes room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mount(t, dir)
	r, err := local.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }() // before the unmount
	if err := r.Put(t.Context(), "a", strings.NewReader(strings.Repeat("a", 600<<10))); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		err := r.Put(t.Context(), "b", strings.NewReader(strings.Repeat("b", 600<<10)))
		if e := mlflow.AsError(err); e == nil || e.HTTPStatus() != http.StatusInsufficientStorage ||
			e.Code != mlflow.TemporarilyUnavailable || !strings.Contains(e.Message, "full") {
			t.Fatalf("put on a full disk: %v", err)
		}
	}
	if files, err := r.List(t.Context(), ""); err != nil || len(files) != 1 || files[0].FileSize != 600<<10 {
		t.Errorf("list: %v, %v", files, err)
	}
	if err := r.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := r.Put(t.Context(), "b", strings.NewReader(strings.Repeat("b", 600<<10))); err != nil {
		t.Errorf("put after making room: %v", err)
	}
}

// TestMountInside mounts a file system below the root. Its files can be read and
// deleted; uploads to it fail with the reason.
func TestMountInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inside := filepath.Join(dir, "mounted")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	mount(t, inside)
	write(t, filepath.Join(inside, "sub", "f"), "x")
	r := open(t, dir)
	if info, err := r.Stat(t.Context(), "mounted/sub/f"); err != nil || info.Size != 1 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := r.Put(t.Context(), "mounted/sub/g", strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "has to be on one file system") {
		t.Errorf("put: %v", err)
	}
	if err := r.Delete(t.Context(), "mounted/sub"); err != nil {
		t.Errorf("delete: %v", err)
	}
	if files, err := r.List(t.Context(), "mounted"); err != nil || len(files) != 0 {
		t.Errorf("left: %v, %v", files, err)
	}
}
