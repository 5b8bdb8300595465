// Package artifacttest is the test suite of artifact backends.
package artifacttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// RunFlat tests the repositories of a store without folders, where a file and a folder can have the same name, and
// where an open file can only be read on if it is not replaced. Each call of open must return an empty repository.
func RunFlat(t *testing.T, open func(t *testing.T) artifact.Repo) {
	t.Helper()
	run(t, open, map[string]func(*testing.T, artifact.Repo){
		"file beside folder":   fileBesideFolder,
		"reader refuses a mix": readerRefusesMix,
		"no file at the root":  noFileAtRoot,
		"pages of a list":      pagesOfList,
		"body that breaks off": brokenBody,
		"sizes of parts":       partSizes,
	})
}

// Run tests the repositories that open returns. Each call must return an empty one.
func Run(t *testing.T, open func(t *testing.T) artifact.Repo) {
	t.Helper()
	run(t, open, map[string]func(*testing.T, artifact.Repo){
		"file in the way":   fileInTheWay,
		"reader keeps file": readerKeepsFile,
	})
}

func run(t *testing.T, open func(t *testing.T) artifact.Repo, own map[string]func(*testing.T, artifact.Repo)) {
	t.Helper()
	tests := map[string]func(*testing.T, artifact.Repo){
		"put and open":         putAndOpen,
		"replace":              replace,
		"failed put":           failedPut,
		"cancelled put":        cancelledPut,
		"list":                 list,
		"names":                names,
		"missing":              missing,
		"delete":               deleteTree,
		"stat":                 stat,
		"seek":                 seek,
		"concurrent puts":      concurrentPuts,
		"put beside delete":    putBesideDelete,
		"large":                large,
		"deep":                 deep,
		"listed can be opened": listedCanBeOpened,
		"ranges":               ranges,
		"conditions":           conditions,
	}
	maps.Copy(tests, own)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, r artifact.Repo, path, content string) {
	t.Helper()
	if err := r.Put(t.Context(), path, strings.NewReader(content)); err != nil {
		t.Fatalf("put %q: %v", path, err)
	}
}

func read(t *testing.T, r artifact.Repo, path string) string {
	t.Helper()
	f, err := r.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("open %q: %v", path, err)
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatalf("read %q: %v", path, err)
	}
	if int64(len(b)) != f.Size {
		t.Errorf("%q: Size %d, read %d bytes", path, f.Size, len(b))
	}
	if f.ModTime.IsZero() {
		t.Errorf("%q: no ModTime", path)
	}
	return string(b)
}

func wantList(t *testing.T, r artifact.Repo, path string, want ...string) {
	t.Helper()
	files, err := r.List(t.Context(), path)
	if err != nil {
		t.Fatalf("list %q: %v", path, err)
	}
	got := []string{}
	for _, f := range files {
		s := fmt.Sprintf("%s %d", f.Path, f.FileSize)
		if f.IsDir {
			s = f.Path + "/"
			if f.FileSize != 0 {
				t.Errorf("folder %q has size %d", f.Path, f.FileSize)
			}
		}
		got = append(got, s)
	}
	if !slices.Equal(got, want) {
		t.Errorf("list %q:\n got %q\nwant %q", path, got, want)
	}
}

func wantCode(t *testing.T, what string, err error, code mlflow.ErrorCode) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("%s: error %v, want %s", what, err, code)
	}
}

func putAndOpen(t *testing.T, r artifact.Repo) {
	for path, content := range map[string]string{
		"top.txt": "hello", "a/b/c.bin": "\x00\xff", "empty": "", "1/run/artifacts/model/MLmodel": "flavors: {}",
	} {
		put(t, r, path, content)
		if got := read(t, r, path); got != content {
			t.Errorf("%q: got %q, want %q", path, got, content)
		}
	}
}

func replace(t *testing.T, r artifact.Repo) {
	put(t, r, "d/f", "a long first content")
	put(t, r, "d/f", "short")
	if got := read(t, r, "d/f"); got != "short" {
		t.Errorf("got %q", got)
	}
	wantList(t, r, "d", "d/f 5")
}

func failedPut(t *testing.T, r artifact.Repo) {
	put(t, r, "kept", "old")
	broken := errors.New("connection lost")
	for _, path := range []string{"kept", "new", "folder/new"} {
		src := io.MultiReader(strings.NewReader("half of it"), iotest.ErrReader(broken))
		if err := r.Put(t.Context(), path, src); !errors.Is(err, broken) {
			t.Errorf("put %q: error %v, want the reader's", path, err)
		}
	}
	if got := read(t, r, "kept"); got != "old" {
		t.Errorf("replaced by a failed upload: %q", got)
	}
	wantList(t, r, "", "kept 3")
}

func cancelledPut(t *testing.T, r artifact.Repo) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	src := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }),
		strings.NewReader("the rest"))
	if err := r.Put(ctx, "x", src); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	wantList(t, r, "")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) {
	if n, err := f(b); n > 0 || err != nil {
		return n, err
	}
	return 0, io.EOF
}

func list(t *testing.T, r artifact.Repo) {
	wantList(t, r, "")
	put(t, r, "b/2", "22")
	put(t, r, "b/10", "1")
	put(t, r, "b/sub/x", "x")
	put(t, r, "b.txt", "t")
	put(t, r, "a", "")
	put(t, r, "B", "B")
	wantList(t, r, "", "B 1", "a 0", "b/", "b.txt 1")
	wantList(t, r, "b", "b/10 1", "b/2 2", "b/sub/")
	wantList(t, r, "b/sub", "b/sub/x 1")
	wantList(t, r, "a")          // a file
	wantList(t, r, "none")       // nothing
	wantList(t, r, "a/below")    // below a file
	wantList(t, r, "none/below") // below nothing
}

func names(t *testing.T, r artifact.Repo) {
	for _, name := range []string{
		"a b", "实验 x.txt", "é", "e\u0301", "a?b", "a%b", "100%", "a+b&c=d", "a:b", "-rf", "~", "*", "'\"`$(x)", "...",
		"..a", "a..",
		".hidden", "a;b", "<script>", "🦊", "file", "a%20b", strings.Repeat("n", 255), strings.Repeat("名", 85),
	} {
		path := "names/" + name
		if clean, err := artifact.CleanPath(path); err != nil || clean != path {
			t.Errorf("CleanPath(%q) = %q, %v", path, clean, err)
			continue
		}
		put(t, r, path, name)
		if got := read(t, r, path); got != name {
			t.Errorf("%q: got %q", path, got)
		}
	}
}

func missing(t *testing.T, r artifact.Repo) {
	put(t, r, "folder/file", "x")
	for _, path := range []string{"", "none", "none/below", "folder", "folder/none", "folder/file/below"} {
		_, err := r.Open(t.Context(), path)
		wantCode(t, "open "+path, err, mlflow.ResourceDoesNotExist)
		if e := mlflow.AsError(err); e != nil && e.Message != "No such artifact: '"+path+"'" {
			t.Errorf("open %q: message %q", path, e.Message)
		}
	}
}

func fileInTheWay(t *testing.T, r artifact.Repo) {
	put(t, r, "folder/file", "x")
	for _, path := range []string{"folder", "folder/file/below", "folder/file/below/more", ""} {
		wantCode(t, "put "+path, r.Put(t.Context(), path, strings.NewReader("y")), mlflow.InvalidParameterValue)
	}
	if got := read(t, r, "folder/file"); got != "x" {
		t.Errorf("got %q", got)
	}
	wantList(t, r, "folder", "folder/file 1")
}

func deleteTree(t *testing.T, r artifact.Repo) {
	put(t, r, "a/b/c", "x")
	put(t, r, "a/b/d/e", "x")
	put(t, r, "a/f", "x")
	put(t, r, "ab", "x")
	for range 2 { // The second iteration deletes nothing.
		for _, path := range []string{"a/b", "none", "none/below", "ab/below"} {
			if err := r.Delete(t.Context(), path); err != nil {
				t.Errorf("delete %q: %v", path, err)
			}
		}
	}
	wantList(t, r, "a", "a/f 1")
	if err := r.Delete(t.Context(), "a/f"); err != nil {
		t.Error(err)
	}
	if _, err := r.Open(t.Context(), "a/f"); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("open a deleted file: %v", err)
	}
	wantCode(t, "delete the root", r.Delete(t.Context(), ""), mlflow.InvalidParameterValue)
	if got := read(t, r, "ab"); got != "x" {
		t.Errorf("got %q", got)
	}
}

func stat(t *testing.T, r artifact.Repo) {
	put(t, r, "d/f", "four")
	if info, err := r.Stat(t.Context(), "d/f"); err != nil || info.IsDir || info.Size != 4 || info.ModTime.IsZero() {
		t.Errorf("file: %+v, %v", info, err)
	}
	for _, dir := range []string{"d", ""} {
		if info, err := r.Stat(t.Context(), dir); err != nil || !info.IsDir || info.Size != 0 {
			t.Errorf("folder %q: %+v, %v", dir, info, err)
		}
	}
	for _, path := range []string{"none", "none/below", "d/f/below"} {
		_, err := r.Stat(t.Context(), path)
		wantCode(t, "stat "+path, err, mlflow.ResourceDoesNotExist)
	}
}

func seek(t *testing.T, r artifact.Repo) {
	put(t, r, "f", "0123456789")
	f, err := r.Open(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	b := make([]byte, 3)
	for _, want := range []struct {
		offset int64
		bytes  string
	}{{7, "789"}, {2, "234"}} {
		if _, err := f.Seek(want.offset, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(f, b); err != nil || string(b) != want.bytes {
			t.Errorf("at %d: %q, %v", want.offset, b, err)
		}
	}
	if end, err := f.Seek(0, io.SeekEnd); err != nil || end != 10 {
		t.Errorf("end at %d, %v", end, err)
	}
}

func readerKeepsFile(t *testing.T, r artifact.Repo) {
	put(t, r, "f", strings.Repeat("old ", 1000))
	f, err := r.Open(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	put(t, r, "f", "new")
	b, err := io.ReadAll(f)
	if err != nil || string(b) != strings.Repeat("old ", 1000) {
		t.Errorf("%d bytes, %v: not the file that was opened", len(b), err)
	}
}

// concurrentPuts has several writers of one path. Readers must see the complete contents
// of one of them.
func concurrentPuts(t *testing.T, r artifact.Repo) {
	content := func(i int) string { return strings.Repeat(string(rune('a'+i)), 10_000*(i+1)) }
	put(t, r, "d/f", content(0))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 10 {
				if err := r.Put(t.Context(), "d/f", strings.NewReader(content(i))); err != nil {
					t.Errorf("put: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				got := read(t, r, "d/f")
				if i := int(got[0] - 'a'); got != content(i) {
					t.Errorf("torn file of %d bytes", len(got))
				}
			}
		})
	}
	wg.Wait()
	if files, err := r.List(t.Context(), "d"); err != nil || len(files) != 1 {
		t.Errorf("list: %v, %v", files, err)
	}
}

func putBesideDelete(t *testing.T, r artifact.Repo) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 20 {
				if err := r.Put(t.Context(), fmt.Sprintf("tree/%d/f%d", i, j), strings.NewReader("x")); err != nil {
					t.Errorf("put: %v", err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if err := r.Delete(t.Context(), "tree"); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
	})
	wg.Wait()
	if err := r.Delete(t.Context(), "tree"); err != nil {
		t.Error(err)
	}
	wantList(t, r, "")
}

func large(t *testing.T, r artifact.Repo) {
	block := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	src := make([]io.Reader, 24)
	for i := range src {
		src[i] = bytes.NewReader(block)
	}
	if err := r.Put(t.Context(), "big", io.MultiReader(src...)); err != nil {
		t.Fatal(err)
	}
	f, err := r.Open(t.Context(), "big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	got := make([]byte, len(block))
	for i := range src {
		if _, err := io.ReadFull(f, got); err != nil || !bytes.Equal(got, block) {
			t.Fatalf("block %d differs, %v", i, err)
		}
	}
	if n, err := f.Read(got); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes more, %v", n, err)
	}
}

func deep(t *testing.T, r artifact.Repo) {
	path := strings.Repeat("d/", 60) + "f"
	put(t, r, path, "deep")
	if got := read(t, r, path); got != "deep" {
		t.Errorf("got %q", got)
	}
	if err := r.Delete(t.Context(), "d"); err != nil {
		t.Error(err)
	}
	wantList(t, r, "")
}

func listedCanBeOpened(t *testing.T, r artifact.Repo) {
	want := []string{"a/b/c", "a/d", "e", "f/g/h/i"}
	for _, path := range want {
		put(t, r, path, path)
	}
	var got []string
	var walk func(dir string)
	walk = func(dir string) {
		files, err := r.List(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.IsDir {
				walk(f.Path)
				continue
			}
			got = append(got, f.Path)
			if content := read(t, r, f.Path); content != f.Path || f.FileSize != int64(len(content)) {
				t.Errorf("%+v: content %q", f, content)
			}
		}
	}
	walk("")
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
