package copying_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/copying"
	"github.com/millrace-ml/millrace/internal/artifact/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func open(t *testing.T, uri string) artifact.Repo {
	t.Helper()
	return storetest.Open(t, uri)
}

// tree is a folder with files whose order and size are special.
func tree(t *testing.T) (dir string, files map[string]string) {
	t.Helper()
	files = map[string]string{
		"0/run/artifacts/a.txt": "a", "0/run/artifacts/a/b": "ab", "0/run/artifacts/a-b": "a-b", "0/empty": "",
		"1/with space & 100%.txt": "x", "1/ünïcode ✓": "y", "10/z": "z", "1.txt": "one",
		"big/part": strings.Repeat("p", 8<<20), "big/parts": strings.Repeat("q", 8<<20+1),
	}
	dir = t.TempDir()
	for path, content := range files {
		write(t, dir, path, content)
	}
	write(t, dir, ".millrace-tmp/upload", "unfinished")
	write(t, dir, ".millrace-parts/ABC/1-x", "unfinished")
	write(t, dir, "0/.millrace-tmp/upload", "unfinished")
	return dir, files
}

func write(t *testing.T, dir, path, content string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// contents returns the files of a store, which a walk must return in order.
func contents(t *testing.T, repo artifact.Repo) map[string]string {
	t.Helper()
	found := map[string]string{}
	last := ""
	for e, err := range repo.(artifact.Walker).Walk(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if e.Path <= last {
			t.Errorf("the walk returned %q after %q", e.Path, last)
		}
		f, err := repo.Open(t.Context(), e.Path)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if int64(len(content)) != e.Size || e.ModTime.IsZero() {
			t.Errorf("%q: the walk returned %d bytes of %s, the file has %d", e.Path, e.Size, e.ModTime, len(content))
		}
		last, found[e.Path] = e.Path, string(content)
	}
	return found
}

func wantContents(t *testing.T, repo artifact.Repo, want map[string]string) {
	t.Helper()
	got := contents(t, repo)
	if !maps.Equal(got, want) {
		t.Errorf("got the files %q, want %q, or their contents differ",
			slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func run(t *testing.T, from, to artifact.Repo, o copying.Options) *copying.Report {
	t.Helper()
	o.Parallel = 4
	r, err := copying.Copy(t.Context(), from, to, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantCounts(t *testing.T, r *copying.Report, copied, same, failed int64) {
	t.Helper()
	if r.Copied != copied || r.Same != same || r.Failed != failed || r.Files != copied+same+failed {
		t.Errorf("got %+v, want %d copied, %d same, %d failed", r, copied, same, failed)
	}
}

// TestThereAndBack copies a folder to each kind of store and back.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	storetest.OnAll(t, func(t *testing.T, uri string) {
		dir, files := tree(t)
		n := int64(len(files))
		from, to := open(t, dir), open(t, uri)
		wantCounts(t, run(t, from, to, copying.Options{DryRun: true}), n, 0, 0)
		wantContents(t, to, map[string]string{})
		wantCounts(t, run(t, from, to, copying.Options{Settle: true}), n, 0, 0)
		wantContents(t, to, files)
		wantCounts(t, run(t, from, to, copying.Options{}), 0, n, 0)

		// A file of the same size and one that is missing are copied again.
		write(t, dir, "10/z", "Z")
		files["10/z"] = "Z"
		if err := to.Delete(t.Context(), "1/ünïcode ✓"); err != nil {
			t.Fatal(err)
		}
		wantCounts(t, run(t, from, to, copying.Options{DryRun: true}), 1, n-1, 0)
		wantCounts(t, run(t, from, to, copying.Options{}), 2, n-2, 0)
		wantContents(t, to, files)

		back := open(t, t.TempDir())
		wantCounts(t, run(t, to, back, copying.Options{}), n, 0, 0)
		wantContents(t, back, files)
	})
}

func TestFolders(t *testing.T) {
	t.Parallel()
	dir, files := tree(t)
	to := open(t, t.TempDir())
	run(t, open(t, dir), to, copying.Options{Folders: []string{"1", "0/run", "0/run/artifacts", "none"}})
	maps.DeleteFunc(files, func(path, _ string) bool {
		return !strings.HasPrefix(path, "1/") && !strings.HasPrefix(path, "0/run/")
	})
	wantContents(t, to, files)
}

// store has all methods that a copy uses.
type store interface {
	artifact.Repo
	artifact.Walker
	artifact.Fingerprinter
}

// unread is a store whose files cannot be read.
type unread struct{ store }

func (unread) Open(context.Context, string) (*artifact.File, error) {
	return nil, errors.ErrUnsupported
}

// TestStoredFingerprint verifies copies in S3, of one part and of several parts, without reading them back.
func TestStoredFingerprint(t *testing.T) {
	t.Parallel()
	uri := storetest.NewS3(t, "millrace-fingerprint-"+strings.ToLower(t.Name()))
	dir, files := tree(t)
	to := unread{open(t, uri).(store)}
	wantCounts(t, run(t, open(t, dir), to, copying.Options{}), int64(len(files)), 0, 0)
	wantCounts(t, run(t, open(t, dir), to, copying.Options{}), 0, int64(len(files)), 0)
	wantCounts(t, run(t, to, to, copying.Options{}), 0, int64(len(files)), 0)
}

// plain is a local store whose methods tests replace.
type plain struct {
	artifact.Repo
	artifact.Walker
}

func local(t *testing.T, dir string) plain {
	t.Helper()
	repo := open(t, dir)
	return plain{repo, repo.(artifact.Walker)}
}

// damaging changes the content of one file when it is stored.
type damaging struct{ plain }

func (d damaging) Put(ctx context.Context, path string, r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if path == "10/z" {
		content[0]++
	}
	return d.Repo.Put(ctx, path, bytes.NewReader(content))
}

func TestDamage(t *testing.T) {
	t.Parallel()
	dir, files := tree(t)
	r := run(t, open(t, dir), damaging{local(t, t.TempDir())}, copying.Options{})
	wantCounts(t, r, int64(len(files)-1), 0, 1)
	if len(r.Failures) != 1 || r.Failures[0].Path != "10/z" || !strings.Contains(r.Failures[0].Reason, "differs") {
		t.Errorf("%+v", r.Failures)
	}
}

// writing changes a file of the source when it is stored in the target.
type writing struct {
	plain
	change func()
}

func (w writing) Put(ctx context.Context, path string, r io.Reader) error {
	err := w.Repo.Put(ctx, path, r)
	if path == "10/z" {
		w.change()
	}
	return err
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(t *testing.T, dir string)
		path   string
	}{
		"appended": {func(t *testing.T, dir string) { t.Helper(); write(t, dir, "10/z", "zz") }, "10/z"},
		"replaced": {func(t *testing.T, dir string) { t.Helper(); write(t, dir, "10/z", "y") }, "10/z"},
		"removed": {func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Remove(filepath.Join(dir, "10/z")); err != nil {
				t.Error(err)
			}
		}, "10/z"},
		"added behind the walk": {func(t *testing.T, dir string) { t.Helper(); write(t, dir, "0/new", "n") }, "0/new"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := tree(t)
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(filepath.Join(dir, "10/z"), old, old); err != nil {
				t.Fatal(err)
			}
			to := writing{local(t, t.TempDir()), func() { test.change(t, dir) }}
			r := run(t, open(t, dir), to, copying.Options{Settle: true})
			if r.Failed != 1 || len(r.Failures) != 1 || r.Failures[0].Path != test.path {
				t.Errorf("%+v, want a failure of %s", r, test.path)
			}
		})
	}
}

// counting counts the files that are stored and those that are stored at the same time, and cancels a copy.
type counting struct {
	plain
	cancel          context.CancelFunc
	after           int64
	puts, now, peak atomic.Int64
}

func (c *counting) Put(ctx context.Context, path string, r io.Reader) error {
	now := c.now.Add(1)
	defer c.now.Add(-1)
	for peak := c.peak.Load(); now > peak && !c.peak.CompareAndSwap(peak, now); peak = c.peak.Load() {
		runtime.Gosched()
	}
	if c.puts.Add(1) == c.after {
		c.cancel()
	}
	return c.Repo.Put(ctx, path, r)
}

// TestInterruption continues a copy that was interrupted.
func TestInterruption(t *testing.T) {
	t.Parallel()
	dir, files := tree(t)
	target := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	first := &counting{plain: local(t, target), cancel: cancel, after: 6}
	if _, err := copying.Copy(ctx, open(t, dir), first, copying.Options{Parallel: 2}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the end of the context", err)
	}
	second := &counting{plain: local(t, target)}
	had := int64(len(contents(t, second)))
	if had == 0 || had == int64(len(files)) {
		t.Fatalf("the interrupted copy has %d files", had)
	}
	wantCounts(t, run(t, open(t, dir), second, copying.Options{}), int64(len(files))-had, had, 0)
	if puts := second.puts.Load(); puts != int64(len(files))-had {
		t.Errorf("%d files were stored, although %d of %d were there", puts, had, len(files))
	}
	wantContents(t, second, files)
	if peak := first.peak.Load(); peak > 2 {
		t.Errorf("%d files were stored at the same time", peak)
	}
}

// TestLeftOut reports files that cannot be copied, and does not follow links in a circle.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("these names and links do not exist on Windows")
	}
	dir, files := tree(t)
	write(t, dir, `0/back\slash`, "b")
	for link, target := range map[string]string{"0/loop": "..", "0/broken": "nowhere", "0/out": os.TempDir(), "0/in": "../1"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	r := run(t, open(t, dir), open(t, t.TempDir()), copying.Options{})
	wantCounts(t, r, int64(len(files))+2, 0, 4) // 0/in has two files.
	for _, f := range r.Failures {
		t.Log(f)
	}
}

// refusing is a store that stores nothing.
type refusing struct{ plain }

func (refusing) Put(context.Context, string, io.Reader) error {
	return errors.New("the store is read-only")
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 300 {
		write(t, dir, strings.Repeat("x", i%100+1)+string(rune('a'+i/100)), "x")
	}
	r, err := copying.Copy(t.Context(), open(t, dir), refusing{local(t, t.TempDir())}, copying.Options{Parallel: 4})
	if err == nil || !strings.Contains(err.Error(), "the store is read-only") || r.Failed > 60 {
		t.Errorf("got %v after %d failures", err, r.Failed)
	}
}
